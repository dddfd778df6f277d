//! What a call is counted as: read off its address.

use atg_sdk::quota::{CallKind, QuotaBucket};
use http::Method;
use url::Url;

use crate::cloud::Audience;

/// A call that wants leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What it is counted with.
    pub bucket: QuotaBucket,
    /// The resource provider that answers in the end, in lower case. Some count by themselves.
    pub provider: Option<String>,
    /// Whom it is made for: lanes take turns.
    pub lane: String,
    /// What it costs: one, but for Microsoft Graph.
    pub cost: u32,
}

impl Call {
    /// A call of that principal.
    #[must_use]
    pub fn of(principal: &str, audience: &Audience, method: &Method, url: &Url) -> Self {
        let path = url.path().to_ascii_lowercase();
        let (kind, within) = match audience {
            Audience::MicrosoftGraph => (CallKind::MicrosoftGraph, None),
            Audience::KeyVault => (CallKind::KeyVault, url.host_str().map(str::to_owned)),
            Audience::ResourceManager => resource_manager(&path, method, url),
        };
        let provider = match kind {
            CallKind::SubscriptionRead | CallKind::SubscriptionWrite | CallKind::SubscriptionDelete => {
                provider(&path)
            }
            _ => None,
        };
        Self {
            lane: within.clone().unwrap_or_default(),
            cost: match kind {
                CallKind::MicrosoftGraph => microsoft_graph_cost(&path, url),
                _ => 1,
            },
            bucket: QuotaBucket {
                principal: principal.to_owned(),
                within,
                kind,
                provider: None,
            },
            provider,
        }
    }

    pub(super) fn provider_bucket(&self) -> Option<QuotaBucket> {
        let provider = self.provider.clone()?;
        Some(QuotaBucket {
            provider: Some(provider),
            ..self.bucket.clone()
        })
    }
}

/// The GUID of the subscription that a scope or a path (lower-case) lies in or is.
#[must_use]
pub fn subscription_of(scope: &str) -> Option<&str> {
    let rest = scope.strip_prefix("/subscriptions/")?;
    rest.split(['/', '?']).next().filter(|id| !id.is_empty())
}

fn resource_manager(path: &str, method: &Method, url: &Url) -> (CallKind, Option<String>) {
    if path.starts_with("/providers/microsoft.resourcegraph/") {
        return (CallKind::ResourceGraphQuery, None);
    }
    let Some(subscription) = subscription_of(path) else {
        return (CallKind::TenantRead, None);
    };
    let through_graph = url
        .query_pairs()
        .any(|(name, value)| name.eq_ignore_ascii_case("useResourceGraph") && value == "true");
    let kind = match *method {
        Method::GET | Method::HEAD if through_graph => CallKind::ResourceGraphList,
        Method::GET | Method::HEAD => CallKind::SubscriptionRead,
        Method::DELETE => CallKind::SubscriptionDelete,
        _ => CallKind::SubscriptionWrite,
    };
    (kind, Some(subscription.to_owned()))
}

/// The last one of the path: `…/virtualMachines/x/providers/Microsoft.Insights/diagnosticSettings` is answered by Insights.
fn provider(path: &str) -> Option<String> {
    let (_, after) = path.rsplit_once("/providers/")?;
    let name = after.split('/').next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// Resource units, as Microsoft documents them. A `$batch` costs what is in it, which its sender has to say.
fn microsoft_graph_cost(path: &str, url: &Url) -> u32 {
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let last = segments.last().copied().unwrap_or_default();
    let base: i32 = match last {
        "members" | "transitivemembers" | "transitivememberof" => 3,
        "users" | "memberof" | "owners" | "delta" => 2,
        _ if segments.get(1) == Some(&"users") => 1,
        _ => 2,
    };
    let mut cost = base;
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "$select" => cost -= 1,
            "$expand" => cost += 1,
            "$top" if value.parse::<u32>().is_ok_and(|top| top < 20) => cost -= 1,
            _ => {}
        }
    }
    cost.max(1).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn call(audience: &Audience, method: &Method, path: &str) -> Call {
        let url = Url::parse(&format!("https://management.azure.com{path}")).unwrap();
        Call::of("p", audience, method, &url)
    }

    #[rstest]
    #[case(
        "/subscriptions/S1/resourceGroups",
        CallKind::SubscriptionRead,
        Some("s1"),
        None
    )]
    #[case(
        "/subscriptions/s1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v/providers/Microsoft.Insights/diagnosticSettings",
        CallKind::SubscriptionRead,
        Some("s1"),
        Some("microsoft.insights")
    )]
    #[case(
        "/subscriptions/s1/resources?useResourceGraph=true",
        CallKind::ResourceGraphList,
        Some("s1"),
        None
    )]
    #[case("/subscriptions?api-version=x", CallKind::TenantRead, None, None)]
    #[case(
        "/providers/Microsoft.Management/managementGroups",
        CallKind::TenantRead,
        None,
        None
    )]
    fn reads_of_resource_manager_are_told_apart(
        #[case] path: &str,
        #[case] kind: CallKind,
        #[case] within: Option<&str>,
        #[case] provider: Option<&str>,
    ) {
        let call = call(&Audience::ResourceManager, &Method::GET, path);
        assert_eq!((call.bucket.kind, call.bucket.within.as_deref()), (kind, within));
        assert_eq!(call.provider.as_deref(), provider);
    }

    #[test]
    fn methods_have_buckets_of_their_own_and_a_query_is_a_query() {
        let arm = Audience::ResourceManager;
        let path = "/subscriptions/s1/resourceGroups/g";
        assert_eq!(
            call(&arm, &Method::PUT, path).bucket.kind,
            CallKind::SubscriptionWrite
        );
        assert_eq!(
            call(&arm, &Method::DELETE, path).bucket.kind,
            CallKind::SubscriptionDelete
        );
        let query = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
        assert_eq!(
            call(&arm, &Method::POST, query).bucket.kind,
            CallKind::ResourceGraphQuery
        );
    }

    #[rstest]
    #[case("/v1.0/users?$select=id&$top=999", 1)]
    #[case("/v1.0/users", 2)]
    #[case("/v1.0/groups/g/members?$top=999", 3)]
    #[case("/v1.0/groups/g/members?$select=id&$top=10", 1)]
    #[case("/v1.0/applications?$expand=owners", 3)]
    fn microsoft_graph_costs_by_what_is_asked(#[case] path: &str, #[case] cost: u32) {
        assert_eq!(call(&Audience::MicrosoftGraph, &Method::GET, path).cost, cost);
    }
}
