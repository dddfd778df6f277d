use atg_json::Json;

use super::mapping;
use crate::{
    plan::{Entra, Kind, Member, Plan, Resource, Symbol, Value, example},
    terraform::tests::{check_entra_mapping, check_format, check_schemas, written},
    writer::Layout,
};

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(digits) => Value::Number(digits.clone()),
        Json::String(text) => Value::literal(text),
        Json::Array(items) => Value::Array(items.iter().map(value).collect()),
        Json::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, inner)| Member::new(name, value(inner)))
                .collect(),
        ),
    }
}

/// The block of an object with those properties, its import, and what is said of it.
fn block(kind: Entra, properties: &str) -> (String, String, Vec<String>) {
    let mut plan: Plan = example::plan();
    let Value::Object(body) = value(&properties.parse().unwrap()) else {
        panic!("no object")
    };
    let id = "99999999-9999-4999-8999-999999999999".to_owned();
    let template = plan.resources[9].clone();
    plan.resources.push(Resource {
        symbol: Symbol::new("thing"),
        kind: Kind::Entra(kind),
        import_id: Some(id.clone()),
        id,
        name: example::literal("Thing"),
        body,
        ..template
    });
    let (files, written) = written(&plan, Layout::Single);
    check_format(&files);
    check_schemas(&files);
    let main = &files.0["main.tf"];
    let at = main.find("\" \"thing\" {").expect("the block");
    let start = main[..at].rfind("\nresource ").unwrap() + 1;
    let import = files.0["imports.tf"].rsplit("import ").next().unwrap().to_owned();
    let remarks = written.remarks.into_iter().map(|(_, remark)| remark).collect();
    (main[start..].to_owned(), import, remarks)
}

#[test]
fn a_user_keeps_what_the_source_does_not_say() {
    let (text, import, _) = block(
        Entra::User,
        r#"{"userPrincipalName":"a@b.c","accountEnabled":false,"businessPhones":["1"],"city":null,"jobTitle":"x${y}"}"#,
    );
    assert_eq!(
        text,
        r#"resource "azuread_user" "thing" {
  display_name        = "Thing"
  user_principal_name = "a@b.c"
  account_enabled     = false
  business_phones     = ["1"]
  job_title           = "x$${y}"

  lifecycle {
    ignore_changes = [
      cost_center,
      disable_password_expiration,
      disable_strong_password,
      division,
      employee_hire_date,
      force_password_change,
      manager_id,
      show_in_address_list,
    ]
  }
}
"#
    );
    assert_eq!(
        import,
        "{\n  to = azuread_user.thing\n  id = \"/users/99999999-9999-4999-8999-999999999999\"\n}\n"
    );
}

#[test]
fn the_members_of_a_dynamic_group_are_its_rules_business() {
    let (text, _, _) = block(
        Entra::Group,
        r#"{"securityEnabled":true,"mailEnabled":false,"groupTypes":["DynamicMembership"],"members":["a"],
        "membershipRule":"user.city -eq \"x\"","membershipRuleProcessingState":"On"}"#,
    );
    assert!(text.contains(
        "  dynamic_membership {\n    enabled = true\n    rule    = \"user.city -eq \\\"x\\\"\"\n  }\n"
    ));
    assert!(!text.contains("members "), "{text}");
}

#[test]
fn an_application_says_what_it_can_and_what_it_cannot() {
    let (text, import, notes) = block(
        Entra::Application,
        r#"{"signInAudience":"AzureADMyOrg","identifierUris":["api://x"],"tags":[],
        "api":{"requestedAccessTokenVersion":2,"acceptMappedClaims":null,"knownClientApplications":[],
        "preAuthorizedApplications":[],"oauth2PermissionScopes":[{"id":"1","value":"v","type":"User","isEnabled":true,
        "adminConsentDescription":"d","adminConsentDisplayName":"n","userConsentDescription":null,"userConsentDisplayName":null}]},
        "appRoles":[{"id":"2","value":"r","displayName":"R","description":"d","allowedMemberTypes":["User"],"isEnabled":true}],
        "web":{"homePageUrl":null,"redirectUris":["https://x/"],"implicitGrantSettings":{"enableIdTokenIssuance":true,
        "enableAccessTokenIssuance":false}},"spa":{"redirectUris":[]},"newThing":{"a":1},
        "requiredResourceAccess":[{"resourceAppId":"3","resourceAccess":[{"id":"4","type":"Scope"}]}]}"#,
    );
    assert!(import.contains("id = \"/applications/99999999-9999-4999-8999-999999999999\""));
    assert!(
        text.contains("  web {\n    redirect_uris = [\"https://x/\"]\n\n    implicit_grant {\n"),
        "{text}"
    );
    assert!(
        text.contains("    requested_access_token_version = 2\n\n    oauth2_permission_scope {\n"),
        "{text}"
    );
    assert!(!text.contains("single_page_application"), "{text}");
    assert_eq!(notes.last().unwrap(), "`newThing` has no place");
}

#[test]
fn the_mappings_name_what_the_provider_has() {
    for kind in [
        Entra::User,
        Entra::Group,
        Entra::Application,
        Entra::ServicePrincipal,
    ] {
        check_entra_mapping(mapping(kind));
    }
}
