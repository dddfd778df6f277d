//! Whether Azure's word that something is gone can be believed.

use std::collections::{BTreeMap, HashMap};

use atg_live::{
    collector::scope_of,
    confirm::{Candidate, Verdict},
};

/// So many of each provider in each subscription. One may be a ghost that a list still shows; three hardly are.
const ENOUGH: usize = 3;

/// Resources that were seen, a few of each provider in each subscription. A provider that denies by name what was just
/// listed denies everything for the moment: what it says of others is no proof.
#[derive(Debug, Default)]
pub(super) struct Witnesses {
    // The least IDs, so that a scan and its replay ask the same.
    seen: HashMap<(String, String), BTreeMap<String, Candidate>>,
}

impl Witnesses {
    /// Takes note of what was seen. Only resources that lie in a group themselves can be asked for by name everywhere.
    pub(super) fn note(&mut self, id: &str, resource_type: &str) {
        if resource_type.matches('/').count() != 1 || provider_segments(id) != 1 {
            return;
        }
        let Some(key) = key(id) else { return };
        let few = self.seen.entry(key).or_default();
        let lower = id.to_lowercase();
        if few.len() >= ENOUGH && few.last_key_value().is_some_and(|(last, _)| *last <= lower) {
            return;
        }
        few.entry(lower).or_insert_with(|| Candidate::Resource {
            id: id.to_owned(),
            resource_type: resource_type.to_owned(),
        });
        if few.len() > ENOUGH {
            few.pop_last();
        }
    }

    /// Those to ask before it is believed that these are gone.
    pub(super) fn to_ask<'a>(&self, gone: impl Iterator<Item = &'a str>) -> Hearing {
        let mut keys: Vec<_> = gone.filter_map(key).collect();
        keys.sort();
        keys.dedup();
        let asked = keys.into_iter().flat_map(|key| {
            let few = self
                .seen
                .get(&key)
                .into_iter()
                .flat_map(BTreeMap::values)
                .cloned();
            few.map(move |witness| (key.clone(), witness)).collect::<Vec<_>>()
        });
        let (keys, candidates) = asked.unzip();
        Hearing { keys, candidates }
    }
}

/// Witnesses, and whom each speaks of.
#[derive(Debug)]
pub(super) struct Hearing {
    keys: Vec<(String, String)>,
    /// To be asked for.
    pub(super) candidates: Vec<Candidate>,
}

impl Hearing {
    /// Who denies all that it listed, by one of these.
    pub(super) fn doubts(self, verdicts: &[Verdict]) -> Doubts {
        let mut doubts = HashMap::new();
        for ((key, witness), verdict) in self.keys.iter().zip(&self.candidates).zip(verdicts) {
            let denied = doubts
                .entry(key.clone())
                .or_insert_with(|| Some(witness.id().to_owned()));
            if *verdict != Verdict::Gone {
                *denied = None;
            }
        }
        Doubts(doubts)
    }
}

/// Whose word does not count.
#[derive(Debug)]
pub(super) struct Doubts(HashMap<(String, String), Option<String>>);

impl Doubts {
    /// Why it is not known whether that is gone.
    pub(super) fn about(&self, id: &str) -> Option<String> {
        let witness = self.0.get(&key(id)?)?.as_ref()?;
        Some(format!(
            "its provider denies by name what was just listed, {witness} for one: nothing that it denies is taken for gone"
        ))
    }
}

/// The subscription and the provider of an ID, of what it lies in where it is an extension. `None` outside of providers.
fn key(id: &str) -> Option<(String, String)> {
    let lower = id.to_lowercase();
    let (_, behind) = lower.split_once("/providers/")?;
    let provider = behind.split('/').next()?.to_owned();
    Some((scope_of(id), provider))
}

fn provider_segments(id: &str) -> usize {
    id.to_lowercase().matches("/providers/").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/subscriptions/S/resourceGroups/g/providers";

    fn heard(verdicts: &[Verdict]) -> Doubts {
        let mut witnesses = Witnesses::default();
        for name in ["d", "b", "a", "c"] {
            witnesses.note(
                &format!("{GROUP}/Microsoft.Network/dnsZones/{name}"),
                "Microsoft.Network/dnsZones",
            );
        }
        let child = format!("{GROUP}/Microsoft.Network/dnsZones/a/A/www");
        witnesses.note(&child, "Microsoft.Network/dnsZones/A");
        let gone = format!("{GROUP}/MICROSOFT.NETWORK/networkInterfaces/n");
        let hearing = witnesses.to_ask([gone.as_str(), child.as_str()].into_iter());
        let names: Vec<_> = hearing.candidates.iter().map(Candidate::id).collect();
        let wanted = ["a", "b", "c"].map(|name| format!("{GROUP}/Microsoft.Network/dnsZones/{name}"));
        assert_eq!(names, wanted, "the least, each once, and no child");
        hearing.doubts(verdicts)
    }

    #[test]
    fn a_provider_that_denies_what_it_listed_proves_nothing() {
        let doubts = heard(&[Verdict::Gone, Verdict::Gone, Verdict::Gone]);
        let about = |rest: &str| doubts.about(&format!("/subscriptions/s/resourcegroups/G/providers/{rest}"));
        assert!(about("Microsoft.Network/networkInterfaces/n").is_some());
        assert!(
            about("Microsoft.Network/dnsZones/a/providers/Microsoft.Insights/diagnosticSettings/x").is_some()
        );
        assert_eq!(about("Microsoft.Compute/disks/d"), None);
        let elsewhere = "/subscriptions/t/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n";
        assert_eq!(doubts.about(elsewhere), None);
        assert_eq!(doubts.about("/subscriptions/s/resourceGroups/g"), None);
    }

    #[test]
    fn one_witness_that_is_there_or_cannot_be_asked_is_enough() {
        let unknown = Verdict::Unknown("refused".to_owned());
        for one in [Verdict::There, unknown] {
            let doubts = heard(&[Verdict::Gone, one, Verdict::Gone]);
            assert_eq!(
                doubts.about(&format!("{GROUP}/Microsoft.Network/networkInterfaces/n")),
                None
            );
        }
    }
}
