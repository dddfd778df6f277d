//! What strangers send is read or refused, and nothing panics or runs away. A bounded run with every test; the paths of
//! raw connections are in `limits`.

use atg_executor_local::{cypher, operations::validate};
use atg_sdk::{ErrorKind, Operation};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Words of Cypher in any order, with whatever stands between them.
fn queries() -> impl Strategy<Value = String> {
    let words = [
        "MATCH",
        "(n)",
        "(",
        ")",
        "-[",
        "]->",
        "[*1..3]",
        "RETURN",
        "n",
        "n.name",
        "WHERE",
        "=",
        "'x",
        "'",
        "\"",
        "`",
        "DELETE",
        "CREATE",
        "SET",
        "CALL",
        "{",
        "}",
        "$p",
        "//",
        "/*",
        "*/",
        ";",
        "UNION",
        "WITH",
        "UNWIND",
        "LOAD CSV",
        "AND",
        "NOT",
        "1e999",
        "-9223372036854775808",
        "\u{0}",
        "é",
        ",",
        "..",
        "|",
        ":Tenant",
    ];
    let word = prop_oneof![
        8 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => ".{0,8}",
    ];
    prop::collection::vec(word, 0..40).prop_map(|words| words.join(" "))
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,10}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_text_gets_a_writing_word_through_the_gate(query in queries()) {
        let writes = ["DELETE", "CREATE"].iter().any(|word| query.contains(word));
        // In quotes, comments and maps, and as types, the words are only names.
        let names = ["'", "\"", "`", "//", "/*", "{", "|", ":"];
        let named = names.iter().any(|mark| query.contains(mark));
        let operation = Operation::from_parts("query", json!({ "query": query })).unwrap();
        if validate(&operation).is_ok() {
            prop_assert!(!writes || named, "{query}");
        }
    }

    #[test]
    fn deep_queries_are_refused_and_not_followed(depth in 1_usize..20_000) {
        let query = format!("RETURN {}1{}", "(".repeat(depth), ")".repeat(depth));
        let _ = cypher::gate(&query);
    }

    #[test]
    fn any_parameters_are_read_or_refused_as_the_callers_fault(
        name in proptest::sample::select(Operation::NAMES.to_vec()),
        member in proptest::sample::select(vec!["tenant_id", "query", "input", "steps", "filter_config", "format", "x"]),
        value in values(),
    ) {
        let read = Operation::from_parts(name, json!({ member: value })).and_then(|operation| validate(&operation));
        if let Err(error) = read {
            prop_assert!(
                matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::Unsupported | ErrorKind::TooLarge),
                "{error}"
            );
        }
    }
}
