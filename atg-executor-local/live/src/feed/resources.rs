//! The feed of Resource Graph: `resourcechanges`.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use atg_azure::transport::{ResourceGraphQuery, Transport};
use serde::Deserialize;

use super::{Changed, Target};
use crate::reader::{Shortfall, hash};

/// A query may name so many subscriptions.
const AT_ONCE: usize = 1_000;

#[derive(Deserialize)]
struct Change {
    id: String,
    target: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    at: String,
}

/// Which resources of these subscriptions (GUIDs) changed since that time (RFC 3339).
///
/// # Errors
/// When the feed is refused, or leaves anything out: nobody knows then what changed.
pub async fn changed(
    transport: &Transport,
    since: &str,
    subscriptions: &BTreeSet<String>,
) -> Result<Changed, Shortfall> {
    let mut changed = Changed {
        subscriptions: subscriptions.clone(),
        ..Changed::default()
    };
    let all: Vec<&String> = subscriptions.iter().collect();
    for some in all.chunks(AT_ONCE) {
        let text = format!(
            "resourcechanges | where todatetime(properties.changeAttributes.timestamp) >= datetime({since}) \
             | project id, target = tostring(properties.targetResourceId), kind = tostring(properties.changeType), \
             at = tostring(properties.changeAttributes.timestamp) | order by id asc"
        );
        let query = ResourceGraphQuery::new(text).in_subscriptions(some.iter().copied());
        read(transport, query, &mut changed).await?;
    }
    Ok(changed)
}

async fn read(
    transport: &Transport,
    query: ResourceGraphQuery,
    changed: &mut Changed,
) -> Result<(), Shortfall> {
    let mut pages = transport.query(query, "changes")?;
    let mut ids = HashSet::new();
    while let Some(page) = pages.next().await {
        let page = page?;
        changed.request_ids.extend(page.answer().ids().request);
        for text in page.items() {
            let change: Change = serde_json::from_str(text)
                .map_err(|error| Shortfall::contradiction(format!("a change is none: {error}")))?;
            ids.insert(hash(&change.id));
            note(&mut changed.targets, change);
        }
        let cut = page.cursor().is_none() && page.total().is_some_and(|total| (ids.len() as u64) < total);
        if cut || page.is_truncated() {
            return Err(Shortfall::contradiction("Resource Graph left changes out"));
        }
    }
    Ok(())
}

/// Of several changes of one resource the last one counts.
fn note(targets: &mut BTreeMap<String, Target>, change: Change) {
    let key = change.target.trim_end_matches('/').to_lowercase();
    let target = Target {
        id: change.target,
        at: change.at,
        deleted: change.kind.eq_ignore_ascii_case("Delete"),
    };
    match targets.get(&key) {
        Some(known) if known.at > target.at => {}
        // Deleted and made again at once: it is asked for anyway, and whether it is there decides.
        Some(known) if known.at == target.at && !known.deleted => {}
        _ => drop(targets.insert(key, target)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(target: &str, kind: &str, at: &str) -> Change {
        Change {
            id: String::new(),
            target: target.to_owned(),
            kind: kind.to_owned(),
            at: at.to_owned(),
        }
    }

    #[test]
    fn of_several_changes_the_last_one_counts_whatever_their_order() {
        let changes = [("Create", "3"), ("Delete", "2"), ("Update", "1")];
        for turn in 0..3 {
            let mut targets = BTreeMap::new();
            for at in 0..3 {
                let (kind, at) = changes[(turn + at) % 3];
                note(&mut targets, change("/Subscriptions/S/x", kind, at));
            }
            assert_eq!(targets.len(), 1);
            assert!(!targets["/subscriptions/s/x"].deleted);
        }
    }

    #[test]
    fn a_subscription_that_is_left_takes_its_changes_along() {
        let mut changed = Changed {
            subscriptions: ["a".to_owned(), "ab".to_owned()].into(),
            ..Changed::default()
        };
        for id in ["/subscriptions/A/x", "/subscriptions/ab/x"] {
            note(&mut changed.targets, change(id, "Update", "1"));
        }
        changed.leave("a");
        assert_eq!(changed.subscriptions.into_iter().collect::<Vec<_>>(), ["ab"]);
        assert_eq!(
            changed.targets.into_keys().collect::<Vec<_>>(),
            ["/subscriptions/ab/x"]
        );
    }
}
