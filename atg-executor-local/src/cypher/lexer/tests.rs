use rstest::rstest;

use super::*;

fn kinds(text: &str) -> Vec<TokenKind> {
    let mut kinds: Vec<_> = tokens(text)
        .unwrap()
        .into_iter()
        .map(|token| token.kind)
        .collect();
    assert_eq!(kinds.pop(), Some(TokenKind::End));
    kinds
}

#[rstest]
#[case(r"'a\tb\qc'", "a\tb\\qc")]
#[case(r"'\\u0041'", r"\u0041")]
#[case(r"'\u0041\uD83D\uDE00'", "A😀")]
#[case(r#""it's \"it\"""#, "it's \"it\"")]
#[case("'// no comment /* '", "// no comment /* ")]
fn texts_are_unescaped_as_neo4j_does(#[case] written: &str, #[case] meant: &str) {
    assert_eq!(kinds(written), [TokenKind::Text(meant.to_owned())]);
}

#[rstest]
#[case("'open", 0)]
#[case("RETURN `open", 7)]
#[case("/* open", 0)]
#[case(r"RETURN 'a\u0027 + 1'", 9)]
#[case(r"RETURN 'a\uD800'", 9)]
#[case(r"CR\u0045ATE (n)", 2)]
#[case(r"// \u000aCREATE (n)", 3)]
#[case(r"RETURN 1 AS `a\u0060`", 14)]
#[case("RETURN 1_", 7)]
#[case("RETURN 017", 7)]
#[case("RETURN 9223372036854775809", 7)]
#[case("RETURN 1e999", 7)]
#[case("RETURN 1a", 7)]
#[case("RETURN #", 7)]
fn what_is_no_token_is_refused_with_its_place(#[case] text: &str, #[case] start: usize) {
    assert_eq!(tokens(text).unwrap_err().span.start, start);
}

#[test]
fn numbers_ranges_and_properties_are_told_apart() {
    use TokenKind::{Float, Integer, Symbol, Word};
    assert_eq!(
        kinds("0x1F 0o17 1_000"),
        [Integer(31), Integer(15), Integer(1000)]
    );
    assert_eq!(kinds("1e3 .5 1.5E-1f"), [Float(1000.0), Float(0.5), Float(0.15)]);
    assert_eq!(kinds("1..3"), [Integer(1), Symbol(".."), Integer(3)]);
    assert_eq!(kinds("*..2"), [Symbol("*"), Symbol(".."), Integer(2)]);
    assert_eq!(kinds("a.b"), [Word("a".into()), Symbol("."), Word("b".into())]);
    assert_eq!(kinds("`a``b`"), [TokenKind::Quoted("a`b".into())]);
}
