use rstest::rstest;
use serde_json::{Value as JsonValue, json};

use super::*;
use crate::{describe, json::Json};

const A: &str = "00000000-0000-0000-0000-00000000000a";
const B: &str = "00000000-0000-0000-0000-00000000000b";

fn filters(parameters: JsonValue) -> Filters {
    Filters::new(&serde_json::from_value(parameters).unwrap()).unwrap()
}

fn admit(filters: &Filters, object: &JsonValue) -> std::result::Result<(), LeftOut> {
    let object = Json::parse(object.to_string().as_bytes()).unwrap();
    let facts = describe::facts(&object).unwrap();
    filters.admit(Kind::of(&facts), &facts)
}

fn machine() -> JsonValue {
    json!({
        "id": format!("/subscriptions/{A}/resourceGroups/Web-1/providers/Microsoft.Compute/virtualMachines/vm"),
        "type": "microsoft.compute/virtualmachines",
        "location": "West Europe",
        "tags": { "Env": "Prod", "owner": "ada" }
    })
}

fn group(name: &str) -> JsonValue {
    json!({ "id": format!("/subscriptions/{A}/resourceGroups/{name}"), "type": "Microsoft.Resources/resourceGroups" })
}

#[rstest]
#[case(json!({}), Ok(()))]
#[case(json!({ "subscription_ids": [B, A] }), Ok(()))]
#[case(json!({ "subscription_ids": [B] }), Err(LeftOut::SubscriptionIds))]
#[case(json!({ "resource_groups": ["other", "web-*"] }), Ok(()))]
#[case(json!({ "resource_groups": ["web"] }), Err(LeftOut::ResourceGroups))]
#[case(json!({ "resource_types": ["Microsoft.Compute/*"] }), Ok(()))]
#[case(json!({ "resource_types": ["Microsoft.Compute/disks"] }), Err(LeftOut::ResourceTypes))]
#[case(json!({ "filter_config": { "include": { "types": ["*/virtualMachines"], "regions": ["westeurope"] } } }), Ok(()))]
#[case(json!({ "filter_config": { "include": { "types": ["*/virtualMachines"], "regions": ["westus"] } } }), Err(LeftOut::Include))]
#[case(json!({ "filter_config": { "include": { "regions": ["WEST EUROPE", "westus"] } } }), Ok(()))]
#[case(json!({ "filter_config": { "include": { "tags": { "env": "Prod" } } } }), Ok(()))]
#[case(json!({ "filter_config": { "include": { "tags": { "env": "prod" } } } }), Err(LeftOut::Include))]
#[case(json!({ "filter_config": { "include": { "tags": { "env": "P*", "owner": "*" } } } }), Ok(()))]
#[case(json!({ "filter_config": { "include": { "tags": { "env": "*", "cost": "*" } } } }), Err(LeftOut::Include))]
#[case(json!({ "filter_config": { "exclude": { "types": ["Microsoft.Web/*"], "regions": ["westus"] } } }), Ok(()))]
#[case(json!({ "filter_config": { "exclude": { "types": ["Microsoft.Web/*"], "regions": ["westeurope"] } } }), Err(LeftOut::Exclude))]
#[case(json!({ "filter_config": { "exclude": { "tags": { "owner": "ada" } } } }), Err(LeftOut::Exclude))]
fn a_resource_passes_when_every_filter_lets_it(
    #[case] parameters: JsonValue,
    #[case] expected: std::result::Result<(), LeftOut>,
) {
    assert_eq!(admit(&filters(parameters), &machine()), expected);
}

#[test]
fn what_wanted_resources_lie_in_passes_filters_on_resources() {
    let narrow = filters(json!({
        "resource_groups": ["web-*"],
        "resource_types": ["Microsoft.Compute/*"],
        "filter_config": { "include": { "regions": ["westus"], "tags": { "a": "b" } } }
    }));
    let subscription = json!({ "id": format!("/subscriptions/{A}"), "subscriptionId": A });
    let management = json!({
        "id": "/providers/Microsoft.Management/managementGroups/root",
        "type": "Microsoft.Management/managementGroups"
    });
    for object in [&group("WEB-2"), &subscription, &management] {
        assert_eq!(admit(&narrow, object), Ok(()), "{object}");
    }
    assert_eq!(admit(&narrow, &group("data")), Err(LeftOut::ResourceGroups));
    let elsewhere = filters(json!({ "subscription_ids": [B] }));
    assert_eq!(admit(&elsewhere, &subscription), Err(LeftOut::SubscriptionIds));
    assert_eq!(admit(&elsewhere, &management), Ok(()));
}

#[test]
fn directory_objects_and_roles_have_their_own_switches() {
    let user = json!({ "@odata.type": "#microsoft.graph.user", "id": "1" });
    let assignment = json!({
        "id": format!("/subscriptions/{A}/providers/Microsoft.Authorization/roleAssignments/1"),
        "type": "Microsoft.Authorization/roleAssignments"
    });
    let off = filters(json!({ "include_entra": false, "include_rbac": false }));
    assert_eq!(admit(&off, &user), Err(LeftOut::IncludeEntra));
    assert_eq!(admit(&off, &assignment), Err(LeftOut::IncludeRbac));
    // A directory is the tenant's, whichever subscriptions are wanted.
    let narrow = filters(json!({ "subscription_ids": [B], "resource_types": ["Microsoft.Web/*"] }));
    assert_eq!(admit(&narrow, &user), Ok(()));
    assert_eq!(admit(&narrow, &assignment), Err(LeftOut::SubscriptionIds));
}

#[test]
fn a_value_that_matched_nothing_is_named_even_where_another_filter_hid_what_it_matches() {
    let all = filters(json!({
        "subscription_ids": [B],
        "resource_groups": ["web-1", "data"],
        "resource_types": ["microsoft.compute/virtualMachines", "Microsoft.Wbe/*"],
        "filter_config": {
            "include": { "regions": ["westeurope", "atlantis"], "tags": { "env": "Prod", "none": "*" } },
            "exclude": { "types": ["Microsoft.Sql/*"] }
        }
    }));
    assert!(admit(&all, &machine()).is_err());
    assert_eq!(
        all.unmatched(),
        [
            ("/subscription_ids/0".to_owned(), B.to_owned()),
            ("/resource_groups/1".to_owned(), "data".to_owned()),
            ("/resource_types/1".to_owned(), "Microsoft.Wbe/*".to_owned()),
            (
                "/filter_config/include/regions/1".to_owned(),
                "atlantis".to_owned()
            ),
            ("/filter_config/include/tags/none".to_owned(), "none=*".to_owned()),
            (
                "/filter_config/exclude/types/0".to_owned(),
                "Microsoft.Sql/*".to_owned()
            ),
        ]
    );
}
