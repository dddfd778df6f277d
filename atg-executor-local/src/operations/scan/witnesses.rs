//! Whether Azure's word that something is gone can be believed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use atg_live::{
    collector::scope_of,
    confirm::{Candidate, Verdict},
};

/// So many of each provider and of each type in each subscription. One may be a ghost that a list still shows; three hardly are.
const ENOUGH: usize = 3;

/// Resources that were seen, a few of each provider and of each type in each subscription. Who denies by name what was just
/// listed denies everything of its kind for the moment: what it says of others is no proof.
#[derive(Debug, Default)]
pub(super) struct Witnesses {
    // The least IDs, so that a scan and its replay ask the same.
    seen: HashMap<String, BTreeMap<String, Candidate>>,
}

impl Witnesses {
    /// Takes note of what was seen. Only resources that lie in a group themselves can be asked for by name everywhere.
    pub(super) fn note(&mut self, id: &str, resource_type: &str) {
        let lower = id.to_lowercase();
        let Some(root) = Root::of(&lower).filter(|root| root.id == lower) else {
            return;
        };
        for key in [root.provider, root.kind] {
            let few = self.seen.entry(key).or_default();
            if few.len() >= ENOUGH && few.last_key_value().is_some_and(|(last, _)| *last <= lower) {
                continue;
            }
            few.entry(lower.clone()).or_insert_with(|| Candidate::Resource {
                id: id.to_owned(),
                resource_type: resource_type.to_owned(),
            });
            if few.len() > ENOUGH {
                few.pop_last();
            }
        }
    }

    /// Those to ask before it is believed that these are gone: also what they lie in, unless it was not seen either
    /// (`unseen`, lower-cased IDs).
    pub(super) fn to_ask<'a>(
        &self,
        gone: impl Iterator<Item = &'a str>,
        unseen: &HashSet<String>,
    ) -> Hearing {
        // Each once, whatever it speaks of.
        let mut asked: BTreeMap<String, (Candidate, BTreeSet<String>)> = BTreeMap::new();
        let mut ask = |id: &str, witness: Candidate, of: &str| {
            let (_, speaks_of) = asked
                .entry(id.to_owned())
                .or_insert_with(|| (witness, BTreeSet::new()));
            speaks_of.insert(of.to_owned());
        };
        for id in gone {
            let lower = id.to_lowercase();
            let Some(root) = Root::of(&lower) else { continue };
            for key in [&root.provider, &root.kind] {
                for (id, witness) in self.seen.get(key).into_iter().flatten() {
                    ask(id, witness.clone(), key);
                }
            }
            if root.id != lower && !unseen.contains(&root.id) {
                let witness = Candidate::Resource {
                    id: root.id.clone(),
                    resource_type: root.resource_type,
                };
                ask(&root.id, witness, &root.id);
            }
        }
        let (candidates, speaks_of) = asked.into_values().unzip();
        Hearing {
            candidates,
            speaks_of,
        }
    }
}

/// Witnesses, and of what each speaks.
#[derive(Debug)]
pub(super) struct Hearing {
    /// To be asked for.
    pub(super) candidates: Vec<Candidate>,
    speaks_of: Vec<BTreeSet<String>>,
}

impl Hearing {
    /// Who denies all that it listed, by one of these.
    pub(super) fn doubts(self, verdicts: &[Verdict]) -> Doubts {
        let (mut doubts, mut there) = (HashMap::new(), HashSet::new());
        for ((speaks_of, witness), verdict) in self.speaks_of.iter().zip(&self.candidates).zip(verdicts) {
            for key in speaks_of {
                // Of what a thing lies in, nothing but that it is there will do: a refusal leaves open whether it would be
                // denied.
                let is_root = witness.id().eq_ignore_ascii_case(key);
                match verdict {
                    Verdict::There => _ = there.insert(key),
                    Verdict::Unknown(_) if !is_root => {}
                    Verdict::Gone | Verdict::Unknown(_) => {
                        doubts.insert(key.clone(), witness.id().to_owned());
                    }
                }
            }
        }
        doubts.retain(|key, _| !there.contains(key));
        Doubts(doubts)
    }
}

/// Whose word does not count.
#[derive(Debug)]
pub(super) struct Doubts(HashMap<String, String>);

impl Doubts {
    /// Why it is not known whether that is gone.
    pub(super) fn about(&self, id: &str) -> Option<String> {
        let root = Root::of(&id.to_lowercase())?;
        let denied = |key: &String| self.0.get(key);
        let witness = [&root.id, &root.kind, &root.provider]
            .into_iter()
            .find_map(denied)?;
        Some(format!(
            "Azure does not confirm by name what it has just listed, {witness} for one: what it denies of that kind is not taken \
             for gone"
        ))
    }
}

/// What an ID lies in, or is: a resource that lies in nothing but a group or a subscription.
struct Root {
    /// Lower-cased, as all of it.
    id: String,
    resource_type: String,
    /// Which subscription and provider.
    provider: String,
    /// Which subscription and type.
    kind: String,
}

impl Root {
    /// Of an ID in lower case; `None` outside of providers.
    fn of(id: &str) -> Option<Self> {
        let (before, behind) = id.split_once("/providers/")?;
        let mut segments = behind.split('/');
        let (provider, kind, name) = (segments.next()?, segments.next()?, segments.next()?);
        let (scope, resource_type) = (scope_of(id), format!("{provider}/{kind}"));
        Some(Self {
            id: format!("{before}/providers/{resource_type}/{name}"),
            provider: format!("{scope} {provider}"),
            kind: format!("{scope} {resource_type}"),
            resource_type,
        })
    }
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
        let unseen = HashSet::from([format!("{GROUP}/Microsoft.Network/dnsZones/a").to_lowercase()]);
        let hearing = witnesses.to_ask([gone.as_str()].into_iter(), &unseen);
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
    fn a_type_that_is_denied_whole_and_a_parent_that_is_listed_prove_nothing_either() {
        let mut witnesses = Witnesses::default();
        let zone = format!("{GROUP}/Microsoft.Network/dnsZones/z");
        let network = format!("{GROUP}/Microsoft.Network/virtualNetworks/a");
        witnesses.note(&zone, "Microsoft.Network/dnsZones");
        witnesses.note(&network, "Microsoft.Network/virtualNetworks");
        let record = format!("{zone}/A/www");
        let subnet = format!("{network}/subnets/s");
        let gone = [record.as_str(), subnet.as_str()];
        let hearing = witnesses.to_ask(gone.into_iter(), &HashSet::new());
        let verdicts: Vec<_> = hearing
            .candidates
            .iter()
            .map(|own| match own.id().to_lowercase() == zone.to_lowercase() {
                true => Verdict::Gone,
                false => Verdict::There,
            })
            .collect();
        let doubts = hearing.doubts(&verdicts);
        assert!(doubts.about(&record).is_some());
        assert!(
            doubts
                .about(&format!("{GROUP}/Microsoft.Network/dnsZones/other"))
                .is_some()
        );
        assert_eq!(doubts.about(&subnet), None);
        // What lies in something that was not seen either goes with it.
        let unseen = HashSet::from([zone.to_lowercase()]);
        let hearing = Witnesses::default().to_ask([record.as_str()].into_iter(), &unseen);
        assert_eq!(hearing.candidates, []);
    }

    #[test]
    fn one_witness_that_is_there_is_enough() {
        let interface = format!("{GROUP}/Microsoft.Network/networkInterfaces/n");
        let unknown = || Verdict::Unknown("refused".to_owned());
        let there = [Verdict::Gone, Verdict::There, Verdict::Gone];
        assert_eq!(heard(&there).about(&interface), None);
        assert_eq!(heard(&[unknown(), unknown(), unknown()]).about(&interface), None);
        assert!(
            heard(&[unknown(), unknown(), Verdict::Gone])
                .about(&interface)
                .is_some()
        );
    }
}
