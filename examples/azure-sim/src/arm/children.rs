//! Lists of one type: below a resource, in a group, in a subscription.

use http::Method;
use serde_json::Value;

use crate::{error, tenant::Want, web::Reply};

use super::{
    Ask, actions, defaults, embedded,
    resource::{Path, exists},
};

/// `PARENT/TYPE`, or `SCOPE/providers/NAMESPACE/TYPE`.
pub(crate) fn list(ask: &Ask<'_>, path: &Path<'_>) -> Result<Reply, Reply> {
    if ask.call.method == Method::POST && path.segments.len() > 1 {
        return actions::answer(ask, path);
    }
    if ask.call.method != Method::GET {
        return Err(error::method_not_allowed(ask.call.method.as_str()));
    }
    let parent = path.parent().to_lowercase();
    exists(ask, &parent, path)?;
    let kind = path.kind();
    let sight = ask.sight(&parent, &format!("{kind}/read"))?;
    if let Some(types) = several(&kind) {
        let want = Want::types(types);
        return ask.rows(
            &parent,
            &want,
            |row| ask.sees(sight, row),
            |row| row.body().clone(),
        );
    }
    let want = Want::types(&[&kind]);
    let direct = is_direct(path);
    let collection = format!("{parent}/{}", path.segments.last().copied().unwrap_or_default()).to_lowercase();
    let extensions = format!("{}/providers/{kind}", path.scope).to_lowercase();
    let inline = if path.segments.len() > 1 {
        let mut found = embedded::collection(ask.tenant(), &parent, path.segments[path.segments.len() - 1]);
        found.extend(defaults::listed(ask.tenant(), path));
        found
    } else {
        Vec::new()
    };
    if inline.is_empty() {
        // In a subscription or group whatever lies below it; below a resource only what hangs on it directly.
        let within = if direct {
            extensions
        } else if path.segments.len() > 1 {
            collection
        } else {
            parent
        };
        return ask.rows(
            &within,
            &want,
            |row| ask.sees(sight, row),
            |row| row.body().clone(),
        );
    }
    let rows: Vec<Value> = ask
        .listed(&collection, None, &want)
        .filter(|row| ask.sees(sight, row))
        .map(|row| row.body().clone())
        .collect();
    Ok(ask.page(united(inline, rows), None))
}

/// The types, lower-cased, of which a list is that has a name of its own: records of a zone, and what lies in regions,
/// asked for in all of them.
fn several(kind: &str) -> Option<&'static [&'static str]> {
    const PUBLIC: [&str; 10] = [
        "microsoft.network/dnszones/a",
        "microsoft.network/dnszones/aaaa",
        "microsoft.network/dnszones/caa",
        "microsoft.network/dnszones/cname",
        "microsoft.network/dnszones/mx",
        "microsoft.network/dnszones/ns",
        "microsoft.network/dnszones/ptr",
        "microsoft.network/dnszones/soa",
        "microsoft.network/dnszones/srv",
        "microsoft.network/dnszones/txt",
    ];
    const PRIVATE: [&str; 8] = [
        "microsoft.network/privatednszones/a",
        "microsoft.network/privatednszones/aaaa",
        "microsoft.network/privatednszones/cname",
        "microsoft.network/privatednszones/mx",
        "microsoft.network/privatednszones/ptr",
        "microsoft.network/privatednszones/soa",
        "microsoft.network/privatednszones/srv",
        "microsoft.network/privatednszones/txt",
    ];
    match &*kind.to_lowercase() {
        "microsoft.network/dnszones/recordsets" | "microsoft.network/dnszones/all" => Some(&PUBLIC),
        "microsoft.network/privatednszones/all" => Some(&PRIVATE),
        "microsoft.security/jitnetworkaccesspolicies" => {
            Some(&["microsoft.security/locations/jitnetworkaccesspolicies"])
        }
        _ => None,
    }
}

/// Whether the list is of extensions that are attached to exactly this resource.
fn is_direct(path: &Path<'_>) -> bool {
    if path
        .kind()
        .eq_ignore_ascii_case("Microsoft.Insights/diagnosticSettings")
    {
        return true;
    }
    let depth = path.scope.split('/').count();
    path.segments.len() == 1 && (!(3..=5).contains(&depth) || path.scope.starts_with("/providers/"))
}

/// Children of the body, and those that have rows; a row takes the place of the same child in the body.
fn united(mut inline: Vec<Value>, rows: Vec<Value>) -> Vec<Value> {
    for row in rows {
        let id = row["id"].as_str().unwrap_or_default();
        let same = |item: &Value| {
            item["id"]
                .as_str()
                .is_some_and(|other| other.eq_ignore_ascii_case(id))
        };
        match inline.iter_mut().find(|item| same(item)) {
            Some(item) => *item = row,
            None => inline.push(row),
        }
    }
    inline
}
