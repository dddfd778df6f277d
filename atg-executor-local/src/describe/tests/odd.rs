//! Input that nobody should send, and somebody does.

use proptest::prelude::*;

use super::*;

#[test]
fn what_cannot_be_a_node_is_refused_by_the_name_of_its_member() {
    for (text, word) in [
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        ("{}", "`id`"),
        (r#"{"id":null,"type":"Microsoft.Web/sites"}"#, "`id`"),
        (r#"{"id":7,"type":"Microsoft.Web/sites"}"#, "`id`"),
        (r#"{"id":"","type":"Microsoft.Web/sites"}"#, "`id`"),
        (r#"{"id":"no-slash","type":"Microsoft.Web/sites"}"#, "`id`"),
        (
            r#"{"id":"/subscriptions//resourceGroups/x","type":"Microsoft.Web/sites"}"#,
            "`id`",
        ),
        (
            r#"{"id":"/subscriptions/a\nb","type":"Microsoft.Web/sites"}"#,
            "`id`",
        ),
        (
            r#"{"id":"/subscriptions/a/providers/Microsoft.Web/sites/x"}"#,
            "`type`",
        ),
        (
            r#"{"id":"/subscriptions/a/providers/Microsoft.Web/sites/x","type":7}"#,
            "`type`",
        ),
        (
            r#"{"id":"/subscriptions/a/providers/Microsoft.Web/sites/x","type":"sites"}"#,
            "`type`",
        ),
        (r##"{"@odata.type":"#microsoft.graph.user","id":"/a/b"}"##, "`id`"),
    ] {
        let error = try_describe(text).unwrap_err().to_string();
        assert!(error.contains(word), "{text}: {error}");
        assert!(error.len() < 400, "{error}");
    }
}

#[test]
fn a_very_long_id_is_described_or_refused_in_few_words() {
    for length in [2_000, 3_000, 100_000] {
        let text = format!(
            r#"{{"id":"{SUB}/resourceGroups/{}","type":"Microsoft.Resources/resourceGroups"}}"#,
            "x".repeat(length)
        );
        match try_describe(&text) {
            Ok(found) => assert_eq!(found.described.node.labels, ["ResourceGroup"]),
            Err(error) => assert!(error.to_string().len() < 400, "{error}"),
        }
    }
}

#[test]
fn odd_ids_are_described() {
    for id in [
        "/subscriptions/not a guid/resourceGroups/Gruppe Äö/providers/Microsoft.Web/sites/日本",
        "/providers/Microsoft.Web/sites/x",
        "/unknown/scope/providers/Microsoft.Web/sites/x",
        "/what/is/this",
        "/SUBSCRIPTIONS/S/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.WEB/SITES/X/",
    ] {
        let found = describe(&format!(r#"{{"id":"{id}","type":"Microsoft.Web/sites"}}"#));
        assert_eq!(found.described.node.id, id);
        assert!(
            found
                .described
                .references
                .iter()
                .any(|r| r.relationship == "CONTAINS"),
            "{id}"
        );
    }
}

#[test]
fn names_with_marks_survive() {
    let found = resource(
        "Microsoft.Web/sites/s",
        "Microsoft.Web/sites",
        r#""tags":{"a`b\"c.d\ne":"v\r"},"pro`p":1,"key":"k","properties":{"x`y":{"a.b":"c"}}"#,
    );
    let node = &found.described.node;
    assert_eq!(scalar(node, r"x`y.a\.b"), Some(&Value::from("c")));
    assert_eq!(member(node, "pro`p"), Some(&Value::Int(1)));
    assert_eq!(member(node, "azure_key"), Some(&Value::from("k")));
    assert!(
        edges(&found.described)
            .iter()
            .any(|e| e.contains("TAGGED_WITH") && e.ends_with("@ tags.a`b\"c\\.d\ne"))
    );
}

#[test]
fn deep_bodies_are_kept_whole() {
    let deep = format!("{}1{}", r#"{"a":"#.repeat(190), "}".repeat(190));
    let found = resource(
        "Microsoft.Web/sites/s",
        "Microsoft.Web/sites",
        &format!(r#""properties":{deep}"#),
    );
    assert_eq!(found.described.node.properties.as_deref(), Some(deep.as_str()));
}

fn json() -> impl Strategy<Value = Json> {
    let text = prop_oneof![
        "[ -~]{0,12}",
        any::<String>(),
        Just(format!(
            "{SUB}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
        )),
        Just("/".to_owned()),
        Just("#microsoft.graph.user".to_owned()),
        Just("Microsoft.Network/virtualNetworks".to_owned()),
        Just("11111111-1111-1111-1111-111111111111".to_owned()),
        Just("a=b;AccountKey=canary==".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(Json::from),
        text.prop_map(Json::String),
    ];
    let name = prop_oneof![
        Just("id"),
        Just("type"),
        Just("@odata.type"),
        Just("properties"),
        Just("tags"),
        Just("location"),
        Just("identity"),
        Just("members"),
        Just("subnets"),
        Just("password"),
        Just("$redacted"),
        Just("secrets"),
        Just("value"),
        Just("/x"),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            prop::collection::btree_map(name.clone(), inner, 0..6).prop_map(|members| Json::Object(
                members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_panics_and_redaction_is_final(body in json(), id in "(/subscriptions/[a-z/ é]{0,30}|[ -~]{0,20})") {
        let describer = describer();
        let mut object = body.clone();
        let _ = describer.describe(body);
        redact::apply(&mut object);
        let once = object.clone();
        redact::apply(&mut object);
        prop_assert_eq!(&once, &object);
        prop_assert!(!once.to_string().contains("AccountKey=canary"));
        let row = Json::Object(vec![
            ("id".to_owned(), Json::String(id)),
            ("type".to_owned(), Json::from("Microsoft.Network/virtualNetworks")),
            ("properties".to_owned(), once),
        ]);
        let _ = describer.describe(row);
    }
}
