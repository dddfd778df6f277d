//! Policy: assignments, exemptions, definitions, initiatives.

use http::Method;

use crate::{error, web::Reply};

use super::{
    Ask, Filter,
    authorization::{Reach, attached, scope_exists},
};

/// The kinds that are listed here, lower-cased.
pub(crate) const KINDS: [&str; 4] = [
    "policyassignments",
    "policyexemptions",
    "policydefinitions",
    "policysetdefinitions",
];

/// A list at a scope.
pub(crate) fn list(ask: &Ask<'_>, scope: &str, kind: &str) -> Result<Reply, Reply> {
    if ask.call.method != Method::GET {
        return Err(error::method_not_allowed(ask.call.method.as_str()));
    }
    scope_exists(ask, scope)?;
    let sight = ask.sight(scope, &format!("Microsoft.Authorization/{kind}/read"))?;
    let filter = Filter::of(ask.call)?;
    let calls = |name: &str| filter.as_ref().is_some_and(|filter| filter.calls(name));
    let reach = match kind {
        "policyassignments" | "policyexemptions" => Reach {
            above: !calls("atexactscope"),
            below: !calls("atexactscope") && !calls("atscope"),
        },
        // Definitions have no scopes below: they lie at a subscription, a management group or the tenant.
        _ => Reach {
            above: true,
            below: false,
        },
    };
    let mut rows = attached(ask, scope, &[&format!("Microsoft.Authorization/{kind}")], reach);
    rows.retain(|row| {
        (ask.sees(sight, row) || row.key.len() <= scope.len())
            && filter.as_ref().is_none_or(|filter| filter.admits(row.body()))
    });
    ask.collected(rows, |row| row.body().clone())
}
