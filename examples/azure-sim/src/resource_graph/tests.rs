//! Queries are read as Kusto reads them, and refused where Kusto refuses them.

use rstest::rstest;
use serde_json::{Value, json};

use super::{
    ast::Expr,
    check,
    eval::Context,
    parser::{Failure, parse},
    record::Record,
    run::{counting, is_streamed},
};

#[rstest]
#[case("1 + 2 * 3 == 7", true)]
#[case("'a' =~ 'A' and 'a' != 'A'", true)]
#[case("properties.sku.name == 'S1'", true)]
#[case("properties['sku']['name'] in~ ('s0', 's1')", true)]
#[case("tags.env !in ('prod')", false)]
#[case("isnotempty(tags['env']) and isnull(tags.none)", true)]
#[case("name contains 'ISK' and name startswith 'd' and name !endswith 'x'", true)]
#[case("'/a/microsoft.web/b' has 'web' and not('xweb' has 'web')", true)]
#[case("split(id, '/')[-1] == name", true)]
#[case("array_length(properties.list) between (2 .. 3)", true)]
#[case("tostring(properties.count) == '4' and toint('5') > properties.count", true)]
#[case(
    "todatetime(properties.made) > datetime(2024-01-31) and todatetime(properties.made) < now()",
    true
)]
#[case("todatetime(properties.made) > ago(30d)", false)]
#[case("ago(1h) < now() - 30m", true)]
#[case(
    "iff(kind == 'x', 1, 2) == 2 and case(false, 'a', true, 'b', 'c') == 'b'",
    true
)]
#[case("strcat('a', 1, 'b') == \"a1b\" and tolower('AB') == @'ab'", true)]
#[case("coalesce('', properties.nothing, 'z') == 'z'", true)]
#[case("type in (dynamic(['n.x/disks', 'other']))", true)]
fn expressions_have_the_values_of_kusto(#[case] text: &str, #[case] expected: bool) {
    let query =
        parse(&format!("resources | where {text}")).unwrap_or_else(|failure| panic!("{text}: {failure:?}"));
    let [super::ast::Step::Where(condition)] = query.steps.as_slice() else {
        panic!("{query:?}");
    };
    let row = json!({
        "id": "/subscriptions/s/disk", "name": "disk", "type": "n.x/disks", "kind": "y", "tags": {"env": "prod"},
        "properties": {"sku": {"name": "S1"}, "list": [1, 2], "count": 4, "made": "2024-02-01T10:00:00.1234567Z"},
    });
    let Value::Object(row) = row else { unreachable!() };
    let context = Context {
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
    };
    assert_eq!(context.holds(condition, &Record::made(row)), expected, "{text}");
}

#[rstest]
#[case("resources | wher x", 1, "wher")]
#[case("resources\n| where name ==", 2, "<EOF>")]
#[case("resources | project id,", 1, "<EOF>")]
#[case("resources | where name == 'open", 1, "'")]
#[case("resources | take many", 1, "many")]
#[case("| where true", 1, "|")]
fn what_cannot_be_read_is_named(#[case] text: &str, #[case] line: usize, #[case] token: &str) {
    let failure = parse(text).unwrap_err();
    assert_eq!(
        (failure.line, failure.token.as_str()),
        (line, token),
        "{text}: {failure:?}"
    );
}

#[test]
fn nesting_has_an_end() {
    let text = format!(
        "resources | where {}true{}",
        "(".repeat(10_000),
        ")".repeat(10_000)
    );
    assert!(matches!(parse(&text), Err(Failure { .. })));
}

#[rstest]
#[case("nothing", "Table nothing")]
#[case("resources | where missing == 1", "'missing'")]
#[case("resources | project id | where name == 'x'", "'name'")]
#[case("resources | extend a = what(id)", "'what'")]
#[case("resources | summarize count() by sku.name | where id == ''", "'id'")]
fn names_that_are_not_there_are_refused(#[case] text: &str, #[case] message: &str) {
    let error = check::columns(&parse(text).unwrap()).unwrap_err();
    assert!(error.contains(message), "{error}");
}

#[test]
fn columns_follow_from_the_steps() {
    let columns = |text: &str| check::columns(&parse(text).unwrap()).unwrap().join(" ");
    assert_eq!(
        columns("resources | project id, n = name, properties.sku.tier"),
        "id n properties_sku_tier"
    );
    assert_eq!(
        columns("Resources | summarize count(), dcount(type) by location"),
        "location count_ dcount_type"
    );
    assert_eq!(
        columns("resources | project id, tags, type | project-away t*"),
        "id"
    );
    assert_eq!(
        columns(
            "resources | project id, name | join kind=leftouter (resourcecontainers | project name, id) on id"
        ),
        "id name name1 id1"
    );
    assert_eq!(columns("resources | count"), "Count");
}

#[test]
fn only_queries_about_single_rows_in_the_order_of_ids_are_streamed() {
    for (text, expected) in [
        ("resources", true),
        (
            "resources | where type =~ 'a' | project id, name | order by id asc",
            true,
        ),
        ("resources | order by id", false),
        ("resources | order by name asc", false),
        ("resources | extend id = name | order by id asc", false),
        ("resources | take 5", false),
        ("resources | mv-expand tags", false),
    ] {
        assert_eq!(is_streamed(&parse(text).unwrap()), expected, "{text}");
    }
    assert!(matches!(
        parse("resources | where (a)").unwrap().steps[0],
        super::ast::Step::Where(Expr::Column(_))
    ));
}

#[test]
fn only_what_decides_how_many_rows_there_are_is_counted() {
    for (text, expected) in [
        ("resources | project id | order by id asc", 0),
        ("resources | extend a = name | where a == 'x' | project id, a", 2),
        ("resources | take 5 | project id", 1),
    ] {
        assert_eq!(counting(&parse(text).unwrap()).steps.len(), expected, "{text}");
    }
}
