//! What a scan may remove from the graph.
//!
//! A file says what is there and never what is not, unless somebody says that it is all there is of a scope. Even then
//! nothing is removed that the scan may merely not have seen: because a filter hid it, or because it could not be read.

use atg_sdk::{
    Result,
    azure::{ResourceId, Scope},
    model::operations::scan::Parameters,
};

use crate::{
    discovery::{filter::Filters, unit::Units},
    graph::{NodeClass, Removal},
};

/// The licences that the parameters ask for and that what was read justifies; `warn` is told of the others.
pub(super) fn licences(
    parameters: &Parameters,
    filters: &Filters,
    units: &Units,
    mut warn: impl FnMut(String),
) -> Result<Vec<Removal>> {
    let mut out = Vec::new();
    for text in &parameters.authoritative {
        let id: ResourceId = text.parse()?;
        let subscription = id.subscription();
        let obstacle = if parameters.resource_limit.is_some() {
            Some("`resource_limit` is set")
        } else if filters.may_hide(subscription) {
            Some("filters may have hidden what is there")
        } else if !units.is_complete(subscription) {
            Some("not everything could be read")
        } else {
            None
        };
        if let Some(obstacle) = obstacle {
            warn(format!("nothing was removed in {text}: {obstacle}"));
            continue;
        }
        let is_tenant = id.scope() == Scope::Tenant;
        let mut classes = vec![NodeClass::Hierarchy, NodeClass::Resource];
        if is_tenant && filters.takes_entra() {
            classes.push(NodeClass::Entra);
        }
        let scope = if is_tenant {
            "/".to_owned()
        } else {
            id.to_key().trim_end_matches('/').to_owned()
        };
        out.push(Removal { scope, classes });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::discovery::{
        Problem,
        unit::{Collector, Tally, UnitKey},
    };

    const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-00000000000a";

    fn ask(parameters: serde_json::Value, units: &Units) -> (Vec<String>, Vec<String>) {
        let parameters: Parameters = serde_json::from_value(parameters).unwrap();
        let filters = Filters::new(&Parameters {
            authoritative: Vec::new(),
            ..parameters.clone()
        })
        .unwrap();
        let mut warnings = Vec::new();
        let licences = licences(&parameters, &filters, units, |warning| warnings.push(warning)).unwrap();
        (
            licences.into_iter().map(|licence| licence.scope).collect(),
            warnings,
        )
    }

    fn units(bad: u64) -> Units {
        let mut units = Units::default();
        let tally = Tally {
            rows: 3,
            bad,
            ..Tally::default()
        };
        let key = UnitKey {
            scope: SUBSCRIPTION.to_owned(),
            collector: Collector::Resources,
        };
        units.add(key, &tally);
        units
    }

    #[test]
    fn without_a_word_nothing_may_be_removed() {
        assert_eq!(ask(json!({}), &units(0)), (vec![], vec![]));
    }

    #[test]
    fn a_complete_unit_may_remove_in_its_scope() {
        let upper = SUBSCRIPTION.to_uppercase();
        let group = format!("{SUBSCRIPTION}/resourceGroups/Web/");
        let (licences, warnings) = ask(json!({ "authoritative": [upper, group, "/"] }), &units(0));
        assert_eq!(
            licences,
            [
                SUBSCRIPTION.to_owned(),
                format!("{SUBSCRIPTION}/resourcegroups/web"),
                "/".to_owned()
            ]
        );
        assert_eq!(warnings, [""; 0]);
    }

    #[test]
    fn what_could_not_be_read_may_be_there() {
        let (licences, warnings) = ask(json!({ "authoritative": [SUBSCRIPTION, "/"] }), &units(1));
        assert_eq!((licences.len(), warnings.len()), (0, 2));
        let elsewhere = "/subscriptions/00000000-0000-0000-0000-00000000000b";
        assert_eq!(
            ask(json!({ "authoritative": [elsewhere] }), &units(1)).0,
            [elsewhere]
        );
        let mut cut = units(0);
        cut.miss(&Problem::of_source("cut off"));
        assert_eq!(ask(json!({ "authoritative": [elsewhere] }), &cut).0.len(), 0);
    }

    #[rstest]
    #[case(json!({ "resource_limit": 5 }))]
    #[case(json!({ "resource_groups": ["web"] }))]
    #[case(json!({ "resource_types": ["Microsoft.Web/*"] }))]
    #[case(json!({ "filter_config": { "include": { "regions": ["westeurope"] } } }))]
    #[case(json!({ "filter_config": { "exclude": { "tags": { "a": "b" } } } }))]
    #[case(json!({ "include_rbac": false }))]
    #[case(json!({ "subscription_ids": ["00000000-0000-0000-0000-00000000000b"] }))]
    fn what_a_filter_hides_is_not_removed(#[case] mut parameters: serde_json::Value) {
        parameters["authoritative"] = json!([SUBSCRIPTION]);
        let (licences, warnings) = ask(parameters, &units(0));
        assert_eq!((licences.len(), warnings.len()), (0, 1));
    }

    #[test]
    fn a_filter_on_the_subscription_itself_hides_nothing_of_it() {
        let id = "00000000-0000-0000-0000-00000000000A";
        let (licences, _) = ask(
            json!({ "subscription_ids": [id], "authoritative": [SUBSCRIPTION, "/"] }),
            &units(0),
        );
        assert_eq!(licences, [SUBSCRIPTION]);
    }
}
