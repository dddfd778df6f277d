//! Key Vault: secrets, their versions, and vaults that are the tenant's own.

mod secrets;

use http::Method;
use serde_json::{Value, json};

use crate::{
    cloud::vault_of,
    error,
    login::Caller,
    web::{Call, Reply, Token},
    world::World,
};

pub(crate) use secrets::Secrets;
use secrets::Version;

/// Answers a request to a vault.
pub(crate) fn answer(world: &World, call: &Call, caller: &Caller) -> Result<Reply, Reply> {
    let Some(vault) = vault(world, call) else {
        return Err(error::vault(
            404,
            "VaultNotFound",
            "There is no vault of that name in the tenant.",
        ));
    };
    if call.parameter("api-version").is_none() {
        return Err(error::vault(
            400,
            "BadParameter",
            "AKV10000: The api-version query parameter (?api-version=) is required for all requests.",
        ));
    }
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let verb = match (&call.method, segments.len()) {
        (&Method::GET, 1) => "list",
        (&Method::GET, 3) if segments[2].eq_ignore_ascii_case("versions") => "list",
        (&Method::GET, _) => "get",
        (&Method::DELETE, _) => "delete",
        _ => "set",
    };
    if !caller.principal.vaults || (verb != "list" && verb != "get" && !caller.principal.writer) {
        return Err(denied(world, &vault, caller, verb));
    }
    match (&call.method, segments.as_slice()) {
        (&Method::GET, ["secrets"]) => list(world, call, &vault),
        (&Method::GET, ["secrets", name, "versions"]) => versions(world, call, &vault, name),
        (&Method::GET, ["secrets", name]) => get(world, call, &vault, name, None),
        (&Method::GET, ["secrets", name, version]) => get(world, call, &vault, name, Some(version)),
        (&Method::PUT, ["secrets", name]) => {
            let body = call.json()?;
            let value = body["value"].as_str().unwrap_or_default();
            world.secrets.put(&vault, name, value, world.now());
            get(world, call, &vault, name, None)
        }
        (&Method::DELETE, ["secrets", name]) => {
            let found = world
                .secrets
                .delete(&vault, name)
                .ok_or_else(|| not_found(name))?;
            let mut shown = attributes(call, name, &found);
            shown["recoveryId"] = json!(format!("{}/deletedsecrets/{name}", call.origin));
            Ok(Reply::json(&shown))
        }
        _ => Err(error::vault(
            405,
            "MethodNotAllowed",
            "The method is not allowed here.",
        )),
    }
}

/// The vault that the host names; at the simulator's own address the first one there is.
fn vault(world: &World, call: &Call) -> Option<String> {
    match vault_of(&call.host) {
        Some(name) => world.secrets.has_vault(name).then(|| name.to_owned()),
        None => world.secrets.first_vault(),
    }
}

fn list(world: &World, call: &Call, vault: &str) -> Result<Reply, Reply> {
    let names = world.secrets.newest(vault);
    page(world, call, vault, &names, |(name, version)| {
        let mut shown = attributes(call, name, version);
        shown["id"] = json!(format!("{}/secrets/{name}", call.origin));
        shown
    })
}

fn versions(world: &World, call: &Call, vault: &str, name: &str) -> Result<Reply, Reply> {
    let versions = world.secrets.versions(vault, name);
    if versions.is_empty() {
        return Err(not_found(name));
    }
    let named: Vec<_> = versions
        .into_iter()
        .map(|version| (version.id.clone(), version))
        .collect();
    page(world, call, vault, &named, |(_, version)| {
        attributes(call, name, version)
    })
}

fn page(
    world: &World,
    call: &Call,
    vault: &str,
    items: &[(String, Version)],
    show: impl Fn(&(String, Version)) -> Value,
) -> Result<Reply, Reply> {
    let listing = [vault, &call.path];
    let largest = world.config.pages.vault;
    let size = call
        .parameter("maxresults")
        .and_then(|text| text.parse::<usize>().ok())
        .filter(|size| (1..=25).contains(size))
        .unwrap_or(largest);
    let first = match call.parameter("$skiptoken") {
        None => 0,
        Some(text) => Token::decode(text, &listing)
            .and_then(|token| usize::try_from(token.seen).ok())
            .ok_or_else(|| error::vault(400, "BadParameter", "The skip token is not valid."))?,
    };
    let end = (first + size).min(items.len());
    let next = (end < items.len()).then(|| {
        let token = Token::new("", end as u64, &listing).encode();
        call.link(&[("$skiptoken", &token)])
    });
    let shown: Vec<Value> = items
        .get(first..end)
        .unwrap_or_default()
        .iter()
        .map(show)
        .collect();
    Ok(Reply::json(&json!({"value": shown, "nextLink": next})))
}

fn get(world: &World, call: &Call, vault: &str, name: &str, version: Option<&str>) -> Result<Reply, Reply> {
    let versions = world.secrets.versions(vault, name);
    let found = match version {
        None => versions.last(),
        Some(id) => versions
            .iter()
            .find(|version| version.id.eq_ignore_ascii_case(id)),
    };
    let version = found.ok_or_else(|| not_found(name))?;
    let mut shown = attributes(call, name, version);
    shown["value"] = json!(version.value);
    Ok(Reply::json(&shown))
}

fn attributes(call: &Call, name: &str, version: &Version) -> Value {
    let created = version.created.as_second();
    json!({
        "id": format!("{}/secrets/{name}/{}", call.origin, version.id),
        "attributes": {
            "enabled": true, "created": created, "updated": created,
            "recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90,
        },
        "tags": {},
    })
}

fn not_found(name: &str) -> Reply {
    error::vault(
        404,
        "SecretNotFound",
        format!(
            "A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
        ),
    )
}

fn denied(world: &World, vault: &str, caller: &Caller, verb: &str) -> Reply {
    let principal = &caller.principal;
    error::vault(
        403,
        "Forbidden",
        format!(
            "The user, group or application 'appid={};oid={};iss=https://sts.windows.net/{}/' does not have secrets {verb} permission on key vault '{vault};location=westeurope'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287",
            principal.client_id, principal.object_id, world.tenant.id
        ),
    )
}
