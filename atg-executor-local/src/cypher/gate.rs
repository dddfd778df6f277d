//! What no store lets through, whatever it understands: writes, files, settings, other databases, procedures.
//!
//! A read transaction alone protects nothing: on a Neo4j Community server it still answers `LOAD CSV FROM
//! 'file:///etc/passwd'` and `SHOW SETTINGS`. The gate does not parse. It sees tokens, so strings, comments and
//! back-ticks cannot hide anything, and takes every word that can begin a forbidden clause for that clause unless its
//! neighbours leave no doubt that it is a name. A name that it mistakes can always be put into back-ticks.

use super::{
    Refusal,
    lexer::{self, Token, TokenKind},
};

/// Words that begin something that is not a question to the graph, and what to call it.
const FORBIDDEN: &[(&str, &str)] = &[
    ("CREATE", WRITES),
    ("MERGE", WRITES),
    ("DELETE", WRITES),
    ("DETACH", WRITES),
    ("NODETACH", WRITES),
    ("SET", WRITES),
    ("REMOVE", WRITES),
    ("INSERT", WRITES),
    ("FOREACH", WRITES),
    ("DROP", ADMINISTRATION),
    ("ALTER", ADMINISTRATION),
    ("RENAME", ADMINISTRATION),
    ("GRANT", ADMINISTRATION),
    ("DENY", ADMINISTRATION),
    ("REVOKE", ADMINISTRATION),
    ("ENABLE", ADMINISTRATION),
    ("DEALLOCATE", ADMINISTRATION),
    ("REALLOCATE", ADMINISTRATION),
    ("DRYRUN", ADMINISTRATION),
    ("SHOW", ADMINISTRATION),
    ("TERMINATE", ADMINISTRATION),
    (
        "USE",
        "chooses another graph: a query is about the graph that it was sent to",
    ),
];

const WRITES: &str = "writes: queries only read, the graph is changed by scans and imports";
const ADMINISTRATION: &str = "is about the server: queries only read the graph";

/// Words that are forbidden before a certain other word only.
const FORBIDDEN_PAIRS: &[(&str, &str, &str)] = &[
    ("LOAD", "CSV", "reads files: queries only read the graph"),
    ("START", "DATABASE", ADMINISTRATION),
    ("STOP", "DATABASE", ADMINISTRATION),
    ("USING", "PERIODIC", WRITES),
    ("IN", "TRANSACTIONS", WRITES),
];

/// Refuses what is not a single read-only query, by name and position.
///
/// # Errors
/// A [`Refusal`] that says what was found, where, and what to write instead.
pub fn gate(query: &str) -> Result<(), Refusal> {
    let tokens = lexer::tokens(query)?;
    if let [token, ..] = tokens.as_slice()
        && token.kind == TokenKind::End
    {
        return Err(Refusal::invalid(
            token.span,
            "the query is empty: try MATCH (n) RETURN count(*)",
        ));
    }
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1).unwrap_or(token);
        match &token.kind {
            TokenKind::Symbol(";") if next.kind != TokenKind::End => {
                return Err(Refusal::forbidden(
                    next.span,
                    "a second statement begins here: send one query at a time",
                ));
            }
            TokenKind::Word(word) => {
                let previous = index.checked_sub(1).map(|at| &tokens[at]);
                if let Some(reason) = forbidden(word, previous, next) {
                    let name = shown(word, next);
                    let message = format!("{name} {reason}; if {word} is a name, put it into back-ticks");
                    return Err(Refusal::forbidden(token.span, message));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn forbidden(word: &str, previous: Option<&Token>, next: &Token) -> Option<&'static str> {
    let upper = word.to_ascii_uppercase();
    if previous.is_none() && upper == "CYPHER" {
        return Some("chooses how the server reads and runs the query: leave it out");
    }
    if is_name(previous, next) {
        return None;
    }
    if upper == "IN" && !previous.is_some_and(|token| token.is_symbol("}")) {
        return None;
    }
    if upper == "CALL" {
        // A subquery in braces is a question like any other; what stands in it passes here too.
        let subquery = next.is_symbol("{") || next.is_symbol("(");
        return (!subquery).then_some("calls a procedure: queries only read the graph");
    }
    let single = FORBIDDEN
        .iter()
        .find(|(name, _)| *name == upper)
        .map(|(_, reason)| *reason);
    single.or_else(|| {
        let pair = |(first, second, _): &&(&str, &str, &str)| *first == upper && next.is_word(second);
        FORBIDDEN_PAIRS.iter().find(pair).map(|(_, _, reason)| *reason)
    })
}

/// Whether a word between these two can only be a name.
///
/// `AS` before it proves nothing, since `as` may itself be a name (`WITH n AS as SET as.x = 1`), and neither does `|`,
/// which begins the clauses of `FOREACH`.
fn is_name(previous: Option<&Token>, next: &Token) -> bool {
    let Some(previous) = previous else { return false };
    let asked_for = previous.is_symbol(".") || previous.is_symbol(":");
    let key = (previous.is_symbol("{") || previous.is_symbol(",")) && next.is_symbol(":");
    // No clause consists of its keyword alone.
    let alone = matches!(
        next.kind,
        TokenKind::Symbol("," | ")" | "]" | "}" | ".") | TokenKind::End
    );
    asked_for || key || alone
}

fn shown(word: &str, next: &Token) -> String {
    match &next.kind {
        TokenKind::Word(second) if word.eq_ignore_ascii_case("load") || word.eq_ignore_ascii_case("show") => {
            format!("{} {}", word.to_ascii_uppercase(), second.to_ascii_uppercase())
        }
        _ => word.to_ascii_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::cypher::RefusalKind;

    #[rstest]
    #[case::create("CREATE (n)", 1, 1)]
    #[case::any_case("cReAtE (n)", 1, 1)]
    #[case::after_match("MATCH (n) SET n.x = 1", 1, 11)]
    #[case::second_line("MATCH (n)\n  DETACH DELETE n", 2, 3)]
    #[case::behind_a_comment("MATCH (n) /* SET */ DELETE n", 1, 21)]
    #[case::behind_a_line_comment("MATCH (n) // RETURN n\nREMOVE n.x", 2, 1)]
    #[case::inside_foreach("MATCH (n) WITH [1] AS l FOREACH (x IN l | CREATE ())", 1, 25)]
    #[case::merge_in_subquery("CALL { MERGE (n) RETURN n } RETURN n", 1, 8)]
    #[case::as_is_a_name("MATCH (n) WITH n AS as SET as.x = 1", 1, 24)]
    #[case::as_is_a_name_too("MATCH (as) WITH as SET as.x = 1", 1, 20)]
    #[case::glued_to_brackets("MATCH(n)CREATE(m)", 1, 9)]
    #[case::load_csv("LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l", 1, 1)]
    #[case::load_csv_apart("LOAD /* */ csv FROM 'x' AS l RETURN l", 1, 1)]
    #[case::usage("USE neo4j MATCH (n) RETURN n", 1, 1)]
    #[case::show("SHOW SETTINGS", 1, 1)]
    #[case::show_alone("SHOW DATABASES YIELD *", 1, 1)]
    #[case::terminate("TERMINATE TRANSACTIONS 'x'", 1, 1)]
    #[case::call("CALL dbms.listConfig()", 1, 1)]
    #[case::call_quoted("CALL `dbms`.listConfig()", 1, 1)]
    #[case::call_later("MATCH (n) CALL db.labels() YIELD label RETURN label", 1, 11)]
    #[case::index("DROP INDEX x", 1, 1)]
    #[case::database("STOP DATABASE neo4j", 1, 1)]
    #[case::periodic("USING PERIODIC COMMIT LOAD CSV FROM 'x' AS l CREATE ()", 1, 1)]
    #[case::transactions("MATCH (n) CALL { WITH n RETURN 1 AS x } IN TRANSACTIONS RETURN x", 1, 41)]
    #[case::two_statements("RETURN 1; RETURN 2", 1, 11)]
    #[case::explained("EXPLAIN CREATE (n)", 1, 9)]
    #[case::dialect("CYPHER 25 RETURN 1", 1, 1)]
    #[case::insert("INSERT (n)", 1, 1)]
    fn what_is_not_a_question_is_refused_by_position(
        #[case] query: &str,
        #[case] line: usize,
        #[case] column: usize,
    ) {
        let refusal = gate(query).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Forbidden);
        assert_eq!(refusal.position(query), (line, column), "{refusal}");
    }

    #[rstest]
    #[case("RETURN 'CREATE (n)' AS x, \"DELETE\" AS y")]
    #[case("MATCH (n) // SET n.x = 1\nRETURN n")]
    #[case("MATCH (n) /* DELETE n */ RETURN n")]
    #[case("MATCH (`create`:Set)-[:USE]->(b) RETURN b.delete, b.set, `create`")]
    #[case("RETURN {set: 1, use: 2} AS m")]
    #[case("MATCH (n) RETURN n.name AS set")]
    #[case("MATCH (n) WHERE n.`create` = 'SHOW' RETURN n;")]
    #[case("CALL { MATCH (n) RETURN count(*) AS c } RETURN c")]
    #[case("MATCH (n) WHERE n.load IN [1] RETURN n.start AS load")]
    fn names_texts_and_comments_pass(#[case] query: &str) {
        assert_eq!(gate(query), Ok(()));
    }

    #[test]
    fn a_refusal_names_the_clause_and_the_way_out() {
        let message = gate("load csv FROM 'x' AS l RETURN l").unwrap_err().message;
        assert_eq!(
            message,
            "LOAD CSV reads files: queries only read the graph; if load is a name, put it into back-ticks"
        );
    }

    #[rstest]
    #[case("")]
    #[case("  // nothing\n")]
    fn nothing_is_refused(#[case] query: &str) {
        assert_eq!(gate(query).unwrap_err().kind, RefusalKind::Invalid);
    }
}
