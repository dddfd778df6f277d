//! Whether Azure lets us in, and what it lets us see.

use atg_azure::{
    AzureError,
    cloud::Audience,
    credential::{Identity, TokenRequest},
    transport::{Request, Transport},
};
use atg_sdk::{Error, ErrorKind, HealthState, Result, azure::TenantId, model::operations::self_test::Check};
use serde::Deserialize;

use crate::context::Context;

/// Signing in and Resource Manager, then Microsoft Graph.
pub(super) const CHECKS: [&str; 2] = ["azure", "entra"];

const SUBSCRIPTIONS: &str = "/subscriptions?api-version=2022-12-01";
const USERS: &str = "/v1.0/users?$select=id&$top=1";

/// Whether somebody said how to sign in, so that they expect it to be tried.
pub(super) fn is_set_up(context: &Context) -> bool {
    context.state().azure.options().credentials.is_configured()
}

pub(super) async fn check(name: &str, tenant: Option<TenantId>, context: &Context) -> Check {
    if context.tenants(None).is_ok_and(|confined| confined.is_some()) {
        // As whom a service signs in, and what it sees there, is its operator's to know.
        return Found::meagre(
            "not looked at for a key that is bound to tenants".to_owned(),
            "ask with a key for every tenant",
        )
        .named(name);
    }
    let outcome = match context.state().azure.transport().await {
        Err(error) => Err(error),
        Ok(transport) if name == CHECKS[0] => resource_manager(transport, tenant).await,
        Ok(transport) => microsoft_graph(transport).await,
    };
    outcome.unwrap_or_else(|error| Found::broken(&error)).named(name)
}

/// What was found, before it has a name.
struct Found {
    state: HealthState,
    detail: String,
    advice: Option<String>,
    error_kind: Option<ErrorKind>,
}

impl Found {
    fn good(detail: String) -> Self {
        Self {
            state: HealthState::Healthy,
            detail,
            advice: None,
            error_kind: None,
        }
    }

    fn meagre(detail: String, advice: &str) -> Self {
        Self {
            state: HealthState::Degraded,
            detail,
            advice: Some(advice.to_owned()),
            error_kind: None,
        }
    }

    /// The list of what was tried is long and full of colons: it stays whole.
    fn broken(error: &Error) -> Self {
        let advice = match error.kind() {
            ErrorKind::Unavailable | ErrorKind::Timeout => {
                "look whether the network is there, and HTTPS_PROXY and SSL_CERT_FILE name what they should"
            }
            ErrorKind::InvalidArgument | ErrorKind::Unsupported => "correct the setting that is named",
            _ => {
                "run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET; --auth picks one way"
            }
        };
        Self {
            state: HealthState::Unhealthy,
            detail: format!("failed to {error}"),
            advice: Some(advice.to_owned()),
            error_kind: Some(error.kind()),
        }
    }

    fn named(self, name: &str) -> Check {
        Check {
            name: name.to_owned(),
            state: self.state,
            detail: self.detail,
            advice: self.advice,
            error_kind: self.error_kind.map(|kind| kind.name().to_owned()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    tenant_id: Option<String>,
}

async fn resource_manager(transport: &Transport, wanted: Option<TenantId>) -> Result<Found> {
    let scope = transport.cloud().scope(&Audience::ResourceManager);
    let (token, tried) = transport
        .tokens()
        .try_all(&TokenRequest::new(scope))
        .await
        .map_err(|(error, _)| error)?;
    let identity = Identity::of(&token);
    let tenant = identity.tenant_id.clone().unwrap_or_default();
    let way = tried.last().map_or("", |tried| tried.method.name());
    let who = format!("signed in by {way} as {identity} in tenant {tenant}");
    if let Some(wanted) = wanted.filter(|wanted| !wanted.to_string().eq_ignore_ascii_case(&tenant)) {
        return Ok(Found {
            error_kind: Some(ErrorKind::PermissionDenied),
            state: HealthState::Unhealthy,
            detail: format!("{who}, and tenant {wanted} is asked for"),
            advice: Some(format!(
                "sign in to it: `az login --tenant {wanted}`, or set AZURE_TENANT_ID"
            )),
        });
    }
    let mut pages = transport.pages(Request::get(transport.cloud(), SUBSCRIPTIONS)?);
    let (mut own, mut foreign) = (0_u64, 0_u64);
    while let Some(page) = pages.next().await {
        for item in page?.items() {
            let of = serde_json::from_str::<Subscription>(item)
                .ok()
                .and_then(|subscription| subscription.tenant_id);
            if of.is_none_or(|of| of.eq_ignore_ascii_case(&tenant)) {
                own += 1;
            } else {
                foreign += 1;
            }
        }
    }
    let others = match foreign {
        0 => String::new(),
        count => format!(", and {count} of other tenants, which are left alone"),
    };
    let detail = format!("{who}; {own} subscriptions{others}");
    if own == 0 {
        return Ok(Found::meagre(
            detail,
            "give this identity the role Reader on the subscriptions, or on the root management group",
        ));
    }
    Ok(Found::good(detail))
}

async fn microsoft_graph(transport: &Transport) -> Result<Found> {
    let request = Request::get_graph(transport.cloud(), USERS)?;
    match transport.send(&request).await {
        Ok(_) => Ok(Found::good("the directory can be read".to_owned())),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(Found::meagre(
            format!("the directory cannot be read: {}", plain(&error)),
            "grant the application permission Directory.Read.All and an administrator's consent; without it scans leave Entra ID out",
        )),
        Err(error) => Err(error.into()),
    }
}

fn plain(error: &AzureError) -> &str {
    error.code().unwrap_or(error.message())
}
