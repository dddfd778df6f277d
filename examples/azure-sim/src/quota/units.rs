//! What a request to Microsoft Graph costs, in resource units:
//! <https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits>.

use http::Method;

use crate::web::Call;

use super::Count;

/// Costs of paths, `*` for an id; the first that fits decides.
const COSTS: [(&str, u64); 21] = [
    ("applications", 2),
    ("applications/*/extensionproperties", 2),
    ("contracts", 3),
    ("directoryobjects/getbyids", 3),
    ("domains/*/domainnamereferences", 4),
    ("groups", 2),
    ("groups/*/members", 3),
    ("groups/*/transitivemembers", 5),
    ("groups/*/memberof", 2),
    ("groups/delta", 2),
    ("oauth2permissiongrants", 2),
    ("serviceprincipals", 2),
    ("serviceprincipals/*/approleassignments", 2),
    ("serviceprincipals/*/approleassignedto", 2),
    ("subscribedskus", 3),
    ("users", 2),
    ("users/*/checkmembergroups", 4),
    ("users/*/getmembergroups", 2),
    ("users/*/memberof", 2),
    ("users/*/transitivememberof", 2),
    ("users/delta", 2),
];

/// What a tenant of that many users may use in ten seconds.
pub(crate) const fn allowed(users: usize) -> Count {
    let count = match users {
        0..50 => 3500,
        50..=500 => 5000,
        _ => 8000,
    };
    Count { count, seconds: 10 }
}

/// The units of a request; a batch costs nothing by itself.
pub(crate) fn units(call: &Call) -> u64 {
    let path: Vec<String> = call.lower().into_iter().skip(1).collect();
    if path.first().is_some_and(|first| first == "$batch") {
        return 0;
    }
    let listed = COSTS.iter().find(|(pattern, _)| {
        let pattern: Vec<&str> = pattern.split('/').collect();
        pattern.len() == path.len()
            && pattern
                .iter()
                .zip(&path)
                .all(|(pattern, segment)| *pattern == "*" || pattern == segment)
    });
    let base = listed.map_or(1, |(_, cost)| *cost);
    if call.method != Method::GET {
        return base;
    }
    let saved = u64::from(call.parameter("$select").is_some())
        + u64::from(
            call.parameter("$top")
                .and_then(|top| top.parse::<u64>().ok())
                .is_some_and(|top| top < 20),
        );
    let more = u64::from(call.parameter("$expand").is_some());
    (base + more).saturating_sub(saved).max(1)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/v1.0/users", 2)]
    #[case("/v1.0/users?$select=id", 1)]
    #[case("/v1.0/users?$select=id&$top=5", 1)]
    #[case("/v1.0/users/1", 1)]
    #[case("/v1.0/groups/1/members", 3)]
    #[case("/v1.0/groups/1/members?$select=id&$top=5", 1)]
    #[case("/v1.0/groups?$expand=members", 3)]
    #[case("/v1.0/groups/1/transitiveMembers", 5)]
    #[case("/v1.0/$batch", 0)]
    fn costs_are_those_of_the_table(#[case] target: &str, #[case] cost: u64) {
        let call = Call::new(
            Method::GET,
            "https://localhost".to_owned(),
            target,
            http::HeaderMap::new(),
            bytes::Bytes::new(),
        );
        assert_eq!(units(&call), cost, "{target}");
    }
}
