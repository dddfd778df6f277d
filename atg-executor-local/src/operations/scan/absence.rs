//! What a scan of Azure may remove.
//!
//! A node that was not seen is a candidate if every collector that lists all of its type has read all of its scope. It
//! goes only when Azure, asked for it by name, says that there is no such thing.

use std::collections::{BTreeSet, HashMap};

use atg_live::{
    collector::{Declaration, scope_of},
    collectors,
    confirm::{Candidate, Verdict, confirm},
};
use atg_sdk::Result;
use serde_json::json;

use super::{Scan, live::counters};
use crate::{
    azure::transport::Transport,
    discovery::unit::{Unit, UnitState},
    graph::{NodeClass, Removal, Unseen},
};

/// The IDs of what was not seen and is confirmed to be gone. What was not seen and stays is said in the report.
pub(super) async fn confirmed(
    scan: &mut Scan<'_>,
    units: &[Unit],
    transport: &Transport,
) -> Result<Vec<String>> {
    let narrowed = scan.parameters.resource_limit.is_some() || scan.filters.narrows();
    if narrowed {
        return Ok(Vec::new());
    }
    let everything = Removal {
        scope: "/".to_owned(),
        classes: vec![NodeClass::Hierarchy, NodeClass::Resource, NodeClass::Entra],
    };
    let unseen = scan.writer().await?.unseen(&[everything]).await?;
    let claims = Claims::new(units);
    let (mut candidates, mut lost) = (Vec::new(), BTreeSet::new());
    for node in unseen {
        if is_subscription(&node) {
            lost.insert(node.id);
        } else if let Some(candidate) = claims.candidate(&node) {
            candidates.push(candidate);
        }
    }
    if scan.parameters.subscription_ids.is_empty() {
        for id in lost {
            let warning = format!(
                "{id} is no longer listed: it is gone, or the credential may not see it; nothing of it was removed"
            );
            scan.gathered.report.warn(scan.context, warning);
        }
    }
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let step = format!("asking for {} nodes that were not seen", candidates.len());
    scan.context.progress(0.87, &step, counters(scan, transport));
    let verdicts = confirm(transport, &candidates).await;
    let (mut gone, mut unconfirmed) = (Vec::new(), 0_u64);
    for (candidate, verdict) in candidates.iter().zip(verdicts) {
        let reason = match verdict {
            Verdict::Gone => {
                gone.push(candidate.id().to_owned());
                continue;
            }
            Verdict::There => "it is there: the list that left it out lags behind".to_owned(),
            Verdict::Unknown(reason) => reason,
        };
        unconfirmed += 1;
        let item = json!({ "id": candidate.id(), "reason": reason });
        scan.gathered.report.unconfirmed.push(&item)?;
    }
    if unconfirmed > 0 {
        let warning = format!(
            "{unconfirmed} nodes were not seen and stay, because nothing confirms that they are gone (see report.json)"
        );
        scan.gathered.report.warn(scan.context, warning);
    }
    Ok(gone)
}

fn is_subscription(node: &Unseen) -> bool {
    node.class == NodeClass::Hierarchy && node.labels.iter().any(|label| label == "Subscription")
}

/// Who has to have read all before something may be gone.
struct Claims<'a> {
    declarations: Vec<Declaration>,
    states: HashMap<(&'a str, &'a str), UnitState>,
}

impl<'a> Claims<'a> {
    fn new(units: &'a [Unit]) -> Self {
        let all = collectors::all();
        Self {
            // Those that took no part too: what only they list is not gone because nobody looked.
            declarations: all.iter().map(|own| own.declaration().clone()).collect(),
            states: units
                .iter()
                .map(|unit| ((unit.scope.as_str(), unit.collector.as_str()), unit.state))
                .collect(),
        }
    }

    fn candidate(&self, node: &Unseen) -> Option<Candidate> {
        let (name, scope) = match node.class {
            NodeClass::Entra => (entra_type(node)?, "/".to_owned()),
            _ => (node.resource_type.clone()?.to_lowercase(), scope_of(&node.id)),
        };
        let mut claimants: Vec<&Declaration> = self.listing(&name).collect();
        if claimants.is_empty() && node.class == NodeClass::Resource {
            claimants = self.listing("*").collect();
        }
        let complete = |own: &&Declaration| self.is_complete(own, &scope);
        if claimants.is_empty() || !claimants.iter().all(complete) {
            return None;
        }
        Some(match node.class {
            NodeClass::Entra => Candidate::Object(node.id.clone()),
            _ => Candidate::Resource {
                id: node.id.clone(),
                resource_type: node.resource_type.clone()?,
            },
        })
    }

    fn listing<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Declaration> + 'b {
        self.declarations
            .iter()
            .filter(move |own| own.lists_all.iter().any(|listed| *listed == name))
    }

    /// One that goes by resources has nothing to read where there are none, and then no unit.
    fn is_complete(&self, own: &Declaration, scope: &str) -> bool {
        let state = |name: &str| self.states.get(&(scope, name)).copied();
        match state(&own.name) {
            Some(state) => state == UnitState::Complete,
            None => !own.follows.is_empty() && state("resources") == Some(UnitState::Complete),
        }
    }
}

/// `#microsoft.graph.user`, by the label.
fn entra_type(node: &Unseen) -> Option<String> {
    let label = node.labels.first()?;
    let mut letters = label.chars();
    let first = letters.next()?.to_lowercase();
    Some(format!("#microsoft.graph.{first}{}", letters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::unit::Tally;

    fn unit(scope: &str, collector: &str, state: UnitState) -> Unit {
        Unit {
            scope: scope.to_owned(),
            collector: collector.to_owned(),
            state,
            reason: None,
            tally: Tally::default(),
            pages: None,
            input: None,
        }
    }

    fn node(id: &str, resource_type: &str, class: NodeClass, label: &str) -> Unseen {
        Unseen {
            id: id.to_owned(),
            resource_type: Some(resource_type.to_owned()),
            class,
            labels: vec![label.to_owned()],
        }
    }

    #[test]
    fn only_what_complete_units_could_have_shown_is_a_candidate() {
        let units = [
            unit("/subscriptions/a", "resources", UnitState::Complete),
            unit("/subscriptions/a", "hierarchy", UnitState::Partial),
            unit("/subscriptions/b", "resources", UnitState::Partial),
            unit("/subscriptions/b", "hierarchy", UnitState::Complete),
        ];
        let claims = Claims::new(&units);
        let resource = |id: &str| {
            node(
                id,
                "Microsoft.Compute/virtualMachines",
                NodeClass::Resource,
                "Resource",
            )
        };
        let group = |id: &str| {
            node(
                id,
                "Microsoft.Resources/resourceGroups",
                NodeClass::Hierarchy,
                "ResourceGroup",
            )
        };
        let vm = "resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v";
        assert!(
            claims
                .candidate(&resource(&format!("/subscriptions/A/{vm}")))
                .is_some()
        );
        assert!(
            claims
                .candidate(&resource(&format!("/subscriptions/b/{vm}")))
                .is_none()
        );
        // Nobody listed that subscription.
        assert!(
            claims
                .candidate(&resource(&format!("/subscriptions/c/{vm}")))
                .is_none()
        );
        assert!(
            claims
                .candidate(&group("/subscriptions/a/resourceGroups/g"))
                .is_none()
        );
        assert!(
            claims
                .candidate(&group("/subscriptions/b/resourceGroups/g"))
                .is_some()
        );
        let subscription = node(
            "/subscriptions/b",
            "Microsoft.Resources/subscriptions",
            NodeClass::Hierarchy,
            "Subscription",
        );
        assert!(claims.candidate(&subscription).is_none() && is_subscription(&subscription));
    }

    #[test]
    fn an_object_of_the_directory_has_its_type_from_its_label() {
        let user = node("x", "", NodeClass::Entra, "ServicePrincipal");
        assert_eq!(
            entra_type(&user).as_deref(),
            Some("#microsoft.graph.servicePrincipal")
        );
    }
}
