//! Resources, from Resource Graph.

use crate::{
    collector::{CallDeclaration, Collector, Declaration, Part},
    ground::{Ground, Subscription},
    listing::Listing,
};

/// The query for all of them, or for those that a condition admits. All columns that say something of their own: tenant,
/// subscription and group stand in the ID. In the order in which Resource Manager mostly has them, since an edge keeps the
/// path where it was said first.
pub(super) fn query_of(condition: &str) -> String {
    format!(
        "resources {condition}| project id, name, type, kind, location, managedBy, sku, plan, zones, extendedLocation, \
         identity, tags, properties, systemData | order by id asc"
    )
}

/// The rows of a page.
const PAGE: u64 = 1_000;
/// Pages follow one another, so a list is read at the pace of answers. So many lists side by side use the quota of three
/// queries a second even where an answer takes two seconds.
const SIDE_BY_SIDE: usize = 8;
/// Each list ends with a page that is not full: lists shorter than this cost more pages than they win time.
const SHORTEST: u64 = 4 * PAGE;
/// A query may name so many subscriptions.
const AT_ONCE: usize = 1_000;

/// Reads the resources that Resource Graph has in its table `resources`.
#[derive(Debug)]
pub struct Resources(Declaration);

impl Resources {
    /// The name of this collector, by whose units others go.
    pub const NAME: &'static str = "resources";

    /// The one there is.
    #[must_use]
    pub fn new() -> Self {
        Self(Declaration {
            name: Self::NAME.into(),
            about: "resources with everything beside their properties".into(),
            part: Part::Inventory,
            calls: vec![CallDeclaration::new(
                "POST /providers/Microsoft.ResourceGraph/resources (resources)",
                "2024-04-01",
                "*/read",
            )],
            reads: vec!["*".into()],
            lists_all: vec!["*".into()],
            optional: false,
            follows: Vec::new(),
        })
    }
}

impl Default for Resources {
    fn default() -> Self {
        Self::new()
    }
}

impl Collector for Resources {
    fn declaration(&self) -> &Declaration {
        &self.0
    }

    fn begin(&self, ground: &Ground) -> Vec<Listing> {
        let shares = shares(&ground.subscriptions);
        let listing =
            |(index, ids): (usize, Vec<String>)| Listing::query(format!("share/{index}"), query_of(""), ids);
        shares.into_iter().enumerate().map(listing).collect()
    }
}

/// Deals the subscriptions out to lists of about one length: the largest first, each to the shortest list so far.
fn shares(subscriptions: &[Subscription]) -> Vec<Vec<String>> {
    let rows = |own: &Subscription| own.rows.unwrap_or(PAGE);
    let total: u64 = subscriptions.iter().map(rows).sum();
    let by_length = usize::try_from(total.div_ceil(SHORTEST)).unwrap_or(SIDE_BY_SIDE);
    let count = by_length
        .clamp(1, SIDE_BY_SIDE)
        .max(subscriptions.len().div_ceil(AT_ONCE))
        .min(subscriptions.len());
    let mut shares = vec![(0, Vec::new()); count];
    let mut sorted: Vec<_> = subscriptions.iter().collect();
    sorted.sort_by(|a, b| rows(b).cmp(&rows(a)).then_with(|| a.id.cmp(&b.id)));
    for own in sorted {
        let open = shares
            .iter_mut()
            .filter(|(_, ids): &&mut (u64, Vec<String>)| ids.len() < AT_ONCE);
        if let Some((length, ids)) = open.min_by_key(|(length, ids)| (*length, ids.len())) {
            *length += rows(own);
            ids.push(own.id.clone());
        }
    }
    shares.into_iter().map(|(_, ids)| ids).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscriptions(rows: &[u64]) -> Vec<Subscription> {
        let own = |(index, rows): (usize, &u64)| Subscription {
            id: format!("s{index:05}"),
            name: String::new(),
            state: String::new(),
            rows: Some(*rows),
        };
        rows.iter().enumerate().map(own).collect()
    }

    #[test]
    fn each_subscription_is_in_one_list_and_lists_are_alike() {
        let own = subscriptions(&[3_333; 30]);
        let shares = shares(&own);
        assert_eq!(shares.len(), 8);
        let mut all: Vec<_> = shares.concat();
        all.sort();
        assert_eq!(all, own.iter().map(|own| own.id.clone()).collect::<Vec<_>>());
        assert!(shares.iter().all(|ids| (3..=4).contains(&ids.len())));
    }

    #[test]
    fn many_small_subscriptions_share_a_list_and_none_has_too_many() {
        assert_eq!(shares(&subscriptions(&[10; 300])).len(), 1);
        assert!(shares(&[]).is_empty());
        assert_eq!(shares(&subscriptions(&[0])).len(), 1);
        let many = shares(&subscriptions(&[0; 2_500]));
        assert_eq!(many.len(), 3);
        assert!(many.iter().all(|ids| ids.len() <= AT_ONCE));
    }
}
