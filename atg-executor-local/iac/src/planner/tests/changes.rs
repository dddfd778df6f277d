//! Rules, and files for another tenant.

use rstest::rstest;

use super::*;
use crate::plan::{ExternalKind, Piece, Text, Value};

const OTHER: &str = "99999999-9999-4999-8999-999999999999";

fn storage_and_site() -> Vec<String> {
    let id = format!("{SUB}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stprod");
    vec![
        group(),
        row(
            "Microsoft.Storage/storageAccounts/stprod",
            r#""location":"westeurope","tags":{"env":"prod","owner":"x"},"sku":{"name":"Standard_GRS"},"properties":{"minimumTlsVersion":"TLS1_0"}"#,
        ),
        row(
            "Microsoft.Storage/storageAccounts/stprod/providers/Microsoft.Authorization/locks/keep",
            r#""properties":{"level":"CanNotDelete"}"#,
        ),
        row(
            "Microsoft.Web/sites/web",
            &format!(
                r#""location":"westeurope","properties":{{"siteConfig":{{"appSettings":[{{"name":"A","value":"https://STPROD.blob.core.windows.net/x?y=stprod"}},{{"name":"B","value":"{id}"}}]}}}}"#
            ),
        ),
        row(
            "Microsoft.Authorization/roleAssignments/44444444-4444-4444-8444-444444444444",
            r#""properties":{"principalId":"55555555-5555-4555-8555-555555555555"}"#,
        ),
        r##"{"id":"55555555-5555-4555-8555-555555555555","@odata.type":"#microsoft.graph.user","displayName":"Guest","userType":"Guest"}"##.to_owned(),
        r##"{"id":"66666666-6666-4666-8666-666666666666","@odata.type":"#microsoft.graph.user","displayName":"Member"}"##.to_owned(),
    ]
}

fn with_rules(text: &str) -> Result<Planned> {
    let options = Options {
        rules: Rules::parse(text)?,
        ..Options::default()
    };
    let source = Source::from_rows(TENANT.parse().unwrap(), &storage_and_site().join("\n"))?;
    plan(source, &options)
}

fn settings(plan: &Plan) -> Vec<Text> {
    let Some(Value::Array(items)) = find(plan, "web").at(&["properties", "siteConfig", "appSettings"]) else {
        panic!("the site has no settings");
    };
    items
        .iter()
        .map(|item| match item.get("value") {
            Some(Value::Text(text)) => text.clone(),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn rules_change_what_they_match_and_nothing_else() {
    let planned = with_rules(
        r#"
        [[rule]]
        match = "types=Microsoft.Storage/*"
        rename = { from = "prod", to = "dev" }
        region = "North Europe"
        tag = { env = "dev" }
        untag = ["Owner"]
        set = { "sku.name" = "Standard_LRS", "properties.minimumTlsVersion" = "TLS1_2" }

        [[rule]]
        match = "types=Microsoft.Nothing/*"
        drop = true
        "#,
    )
    .unwrap();
    let plan = &planned.plan;
    check(plan);
    let storage = find(plan, "stprod");
    assert_eq!(storage.name.as_literal(), Some("stdev"));
    assert_eq!(
        storage.location.as_ref().unwrap().as_literal(),
        Some("northeurope")
    );
    assert_eq!(
        storage.import_id, None,
        "another account than the one that is there"
    );
    let tags: Vec<_> = storage
        .tags
        .iter()
        .flatten()
        .map(|(name, value)| (name.as_literal(), value.as_literal()))
        .collect();
    assert_eq!(tags, [(Some("env"), Some("dev"))]);
    assert_eq!(
        storage.at(&["sku", "name"]).unwrap().as_literal(),
        Some("Standard_LRS")
    );
    assert_eq!(
        storage
            .at(&["properties", "minimumTlsVersion"])
            .unwrap()
            .as_literal(),
        Some("TLS1_2")
    );
    assert_eq!(find(plan, "keep").import_id, None, "nor is its lock there");
    let site = find(plan, "web");
    assert!(site.import_id.is_some());
    assert_eq!(site.location.as_ref().unwrap().as_literal(), Some("westeurope"));
    // The address of the account follows its name, also where it is no ID.
    let Text::Pieces(pieces) = &settings(plan)[0] else {
        panic!("the address is a literal");
    };
    assert_eq!(pieces[0], Piece::Literal("https://".to_owned()));
    assert!(matches!(&pieces[1], Piece::Reference(reference) if reference.attribute == Attribute::Name));
    assert_eq!(
        pieces[2],
        Piece::Literal(".blob.core.windows.net/x?y=stprod".to_owned())
    );
    assert_eq!(planned.survey.notes, ["rule 2 matches nothing"]);
}

#[test]
fn what_lies_in_something_dropped_goes_with_it() {
    let planned = with_rules("[[rule]]\nmatch = \"names=stprod\"\ndrop = true\n").unwrap();
    check(&planned.plan);
    let dropped: Vec<_> = planned
        .plan
        .skipped
        .iter()
        .filter(|skipped| skipped.reason == Reason::Dropped)
        .map(|skipped| skipped.id.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(dropped, ["stprod", "keep"]);
    assert!(
        planned
            .plan
            .skipped
            .iter()
            .all(|skipped| !skipped.reason.is_loss())
    );
    let Text::Pieces(pieces) = &settings(&planned.plan)[1] else {
        panic!("the ID is a literal");
    };
    assert!(
        matches!(&pieces[0], Piece::Reference(reference) if matches!(reference.target, Target::External(_))),
        "who refers to it means what is there"
    );
}

#[rstest]
#[case("rule = 1", "read the rules")]
#[case("[[rule]]\nmatch = \"types\"", "read rule 1")]
#[case("[[rule]]\n[[rule]]\nmatch = \"depth=1\"", "read rule 2: depth says nothing")]
#[case("[[rule]]\nset = { location = \"x\" }", "use region")]
#[case("[[rule]]\ncolour = 1", "unknown field `colour`")]
#[case("[[rule]]\nrename = \"one\"", "one name to")]
#[case("[[rule]]\nmatch = \"names=web\"\nrename = \"a/b\"", "is no name")]
#[case(
    "[[rule]]\nmatch = \"names=web\"\nset = { \"kind.x\" = 1, \"kind.x.y\" = 1 }",
    "apply rule 1 to"
)]
fn what_is_wrong_with_a_rule_is_said(#[case] text: &str, #[case] expected: &str) {
    let error = with_rules(text).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn files_for_another_tenant_ask_for_what_must_be_known_and_take_it_from_the_ledger() {
    let rows = storage_and_site().join("\n");
    let run = |ledger: Option<Ledger>| {
        let options = Options {
            target: Some(OtherTenant {
                tenant: OTHER.parse().unwrap(),
                ledger,
            }),
            ..Options::default()
        };
        let source = Source::from_rows(TENANT.parse().unwrap(), &rows).unwrap();
        plan(source, &options)
    };
    let first = run(None).unwrap().plan;
    check(&first);
    assert!(
        first
            .resources
            .iter()
            .all(|resource| resource.import_id.is_none())
    );
    let defaults: Vec<_> = first
        .parameters
        .iter()
        .map(|parameter| (parameter.symbol.as_str(), parameter.default.clone()))
        .collect();
    assert_eq!(
        defaults,
        [
            ("subscription_id", None),
            ("directory_object_55555555_object_id", None),
            ("tenant_id", Some(atg_json::Json::from(OTHER))),
        ]
    );
    let new_name = find(&first, "stprod").name.as_literal().unwrap().to_owned();
    assert!(new_name.starts_with("stprod") && new_name.len() > 6);
    let principal = find(&first, "44444444-4444-4444-8444-444444444444");
    principal.for_each_text(&mut |text| {
        for reference in text.references() {
            if let Target::External(key) = reference.target
                && first.external(key).kind == ExternalKind::Directory
            {
                assert!(first.external(key).parameter.is_some());
            }
        }
    });

    let mut ledger = Ledger::of(&first, OTHER.parse().unwrap(), None);
    assert_eq!(ledger.names.len(), 2, "the account and the site");
    ledger.subscriptions[0].target = Some("88888888-8888-4888-8888-888888888888".to_owned());
    ledger.principals[0].target = Some("77777777-7777-4777-8777-777777777777".to_owned());
    ledger.names[0].target = Some("stmine".to_owned());
    let read = Ledger::parse(&ledger.to_json()).unwrap();
    let second = run(Some(read)).unwrap().plan;
    check(&second);
    assert!(
        second
            .parameters
            .iter()
            .all(|parameter| parameter.default.is_some())
    );
    assert_eq!(find(&second, "stprod").name.as_literal(), Some("stmine"));
    assert_eq!(Ledger::of(&second, OTHER.parse().unwrap(), Some(&ledger)), ledger);

    ledger.target_tenant_id = TENANT.parse().unwrap();
    assert!(
        run(Some(ledger))
            .unwrap_err()
            .message()
            .contains("use the ledger")
    );
}
