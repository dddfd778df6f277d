//! What a scan of Azure may remove.
//!
//! A node that was not seen is a candidate if every collector that lists all of its type has read all of its scope. It
//! goes only when Azure, asked for it by name, says that there is no such thing, and does not say the same of what it has
//! just listed.
//!
//! Of what is read by a change feed, what the feed tells nothing of was not looked for: only what changed is a candidate,
//! and what lies in it.

use std::collections::{BTreeSet, HashMap, HashSet};

use atg_azure::budget::subscription_of;
use atg_live::{
    collector::{Declaration, lies_in, scope_of},
    collectors,
    confirm::{Candidate, Verdict, confirm},
    feed::{Basis, changed_name},
};
use atg_sdk::Result;
use serde_json::json;

use super::{Scan, live::counters};
use crate::{
    azure::transport::Transport,
    discovery::unit::{Unit, UnitState},
    graph::{NodeClass, Removal, Standing, Unseen},
};

/// What was not seen.
#[derive(Debug, Default)]
pub(super) struct Absent {
    /// The IDs of what is confirmed to be gone.
    pub(super) gone: Vec<String>,
    /// The IDs of what nobody could tell of: the next scan asks again.
    pub(super) doubtful: Vec<String>,
}

/// What was not seen, and what a second source says of it. What stays is said in the report.
pub(super) async fn confirmed(
    scan: &mut Scan<'_>,
    units: &[Unit],
    basis: &Basis,
    transport: &Transport,
) -> Result<Absent> {
    let narrowed = scan.parameters.resource_limit.is_some() || scan.filters.narrows();
    if narrowed {
        return Ok(Absent::default());
    }
    let everything = Removal {
        scope: "/".to_owned(),
        classes: vec![NodeClass::Hierarchy, NodeClass::Resource, NodeClass::Entra],
    };
    let unseen = scan.writer().await?.unseen(&[everything]).await?;
    let mut claims = Claims::new(units, basis);
    let (mut candidates, mut lost) = (Vec::new(), BTreeSet::new());
    let unseen_ids: HashSet<String> = unseen.iter().map(|node| node.id.to_lowercase()).collect();
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
        return Ok(Absent::default());
    }
    let step = format!("asking for {} nodes that were not seen", candidates.len());
    scan.context.progress(0.87, &step, counters(scan, transport));
    let verdicts = confirm(transport, &candidates).await;
    let denied = candidates.iter().zip(&verdicts);
    let denied = denied.filter(|(_, verdict)| **verdict == Verdict::Gone);
    let hearing = scan
        .gathered
        .witnesses
        .to_ask(denied.map(|(candidate, _)| candidate.id()), &unseen_ids);
    let heard = confirm(transport, &hearing.candidates).await;
    let doubts = hearing.doubts(&heard);
    let (mut absent, mut unconfirmed) = (Absent::default(), 0_u64);
    for (candidate, verdict) in candidates.iter().zip(verdicts) {
        let reason = match verdict {
            Verdict::Gone => match doubts.about(candidate.id()) {
                Some(reason) => {
                    absent.doubtful.push(candidate.id().to_owned());
                    reason
                }
                None => {
                    absent.gone.push(candidate.id().to_owned());
                    continue;
                }
            },
            Verdict::There => "it is there: the list that left it out lags behind".to_owned(),
            Verdict::Unknown(reason) => {
                absent.doubtful.push(candidate.id().to_owned());
                reason
            }
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
    Ok(absent)
}

fn is_subscription(node: &Unseen) -> bool {
    node.class == NodeClass::Hierarchy && node.labels.iter().any(|label| label == "Subscription")
}

/// Who has to have read all before something may be gone.
struct Claims<'a> {
    declarations: Vec<Declaration>,
    states: HashMap<(&'a str, &'a str), UnitState>,
    basis: &'a Basis,
    /// What changed, by lower-cased IDs.
    touched: HashSet<String>,
    /// The candidates so far.
    chosen: HashSet<String>,
}

impl<'a> Claims<'a> {
    fn new(units: &'a [Unit], basis: &'a Basis) -> Self {
        let all = collectors::all();
        let targets = basis.resources.iter().flat_map(|changed| changed.targets.keys());
        let objects = basis.objects.values().flatten();
        Self {
            // Those that took no part too: what only they list is not gone because nobody looked.
            declarations: all.iter().map(|own| own.declaration().clone()).collect(),
            states: units
                .iter()
                .map(|unit| ((unit.scope.as_str(), unit.collector.as_str()), unit.state))
                .collect(),
            basis,
            touched: targets
                .chain(objects)
                .chain(&basis.doubtful)
                .map(|id| id.to_lowercase())
                .collect(),
            chosen: HashSet::new(),
        }
    }

    /// Told of nodes in the order of their keys, so that what contains others comes first.
    fn candidate(&mut self, node: &Unseen) -> Option<Candidate> {
        let (name, scope) = match node.class {
            NodeClass::Entra => (entra_type(node)?, "/".to_owned()),
            _ => (node.resource_type.clone()?.to_lowercase(), scope_of(&node.id)),
        };
        let mut claimants: Vec<&Declaration> = self.listing(&name).collect();
        if claimants.is_empty() && node.class == NodeClass::Resource {
            claimants = self.listing("*").collect();
        }
        let key = node.id.trim_end_matches('/').to_lowercase();
        let looked_for = |own: &&Declaration| self.looked_for(own, &scope, node, &key);
        let claimed = !claimants.is_empty() && claimants.iter().all(looked_for);
        // What lies in something that is gone is gone, whoever lists it.
        let goes_along =
            self.basis.resources.is_some() && lies_in(&key, &self.chosen) && self.all_resources(&scope);
        if !claimed && !goes_along {
            return None;
        }
        let candidate = match node.class {
            NodeClass::Entra => Candidate::Object(node.id.clone()),
            _ => Candidate::Resource {
                id: node.id.clone(),
                resource_type: node.resource_type.clone()?,
            },
        };
        self.chosen.insert(key);
        Some(candidate)
    }

    fn listing<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Declaration> + 'b {
        self.declarations
            .iter()
            .filter(move |own| own.lists_all.iter().any(|listed| *listed == name))
    }

    fn state(&self, scope: &str, collector: &str) -> Option<UnitState> {
        self.states.get(&(scope, collector)).copied()
    }

    /// Whether all resources of a scope are known, read again or not.
    fn all_resources(&self, scope: &str) -> bool {
        let name = collectors::Resources::NAME;
        [name, &changed_name(name)]
            .iter()
            .any(|name| self.state(scope, name) == Some(UnitState::Complete))
    }

    /// Whether a collector would have shown the node if it were there.
    fn looked_for(&self, own: &Declaration, scope: &str, node: &Unseen, key: &str) -> bool {
        let whole = self.state(scope, &own.name);
        if self.basis.carried.contains_key(&*own.name) && self.is_by_feed(scope) {
            // Only at what changed was it asked.
            return whole.is_none_or(|state| state == UnitState::Complete)
                && self.all_resources(scope)
                && lies_in(key, &self.touched);
        }
        match whole.or_else(|| self.state(scope, &changed_name(&own.name))) {
            Some(state) if whole.is_some() => state == UnitState::Complete,
            Some(state) => {
                state == UnitState::Complete
                    && (self.touched.contains(key)
                        || (node.standing == Standing::Inline && lies_in(key, &self.touched)))
            }
            // One that goes by resources has nothing to read where there are none, and then no unit.
            None => !own.follows.is_empty() && self.all_resources(scope),
        }
    }

    fn is_by_feed(&self, scope: &str) -> bool {
        let id = subscription_of(scope);
        self.basis
            .resources
            .as_ref()
            .is_some_and(|changed| id.is_none_or(|id| changed.subscriptions.contains(id)))
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
            standing: Standing::Own,
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
        let whole = Basis::default();
        let mut claims = Claims::new(&units, &whole);
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
