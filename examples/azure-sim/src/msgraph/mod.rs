//! Microsoft Graph.

mod batch;
mod collections;
mod delta;
mod entity;
mod listing;
mod relations;
mod select;
mod write;

use http::Method;
use serde_json::json;

use crate::{
    error,
    login::Caller,
    tenant::Tenant,
    web::{Call, Reply},
    world::World,
};

pub(crate) use collections::KINDS;

/// One request with who asks.
#[derive(Debug, Clone, Copy)]
struct Ask<'a> {
    world: &'a World,
    call: &'a Call,
}

impl<'a> Ask<'a> {
    const fn tenant(&self) -> &'a Tenant {
        &self.world.tenant
    }

    /// `https://graph.microsoft.com/v1.0`
    fn root(&self) -> String {
        let version = self.call.segments.first().map_or("v1.0", String::as_str);
        format!("{}/{version}", self.call.origin)
    }

    fn bad_request(&self, message: impl Into<String>) -> Reply {
        error::graph(400, "Request_UnsupportedQuery", message, self.world.now())
    }

    fn unknown_segment(&self, segment: &str) -> Reply {
        error::graph(
            400,
            "BadRequest",
            format!("Resource not found for the segment '{segment}'."),
            self.world.now(),
        )
    }

    fn not_found(&self, id: &str) -> Reply {
        error::graph(
            404,
            "Request_ResourceNotFound",
            format!(
                "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
            ),
            self.world.now(),
        )
    }
}

/// Answers a request to Microsoft Graph.
pub(crate) fn answer(world: &World, call: &Call, caller: &Caller) -> Result<Reply, Reply> {
    let ask = Ask { world, call };
    let lower = call.lower();
    let path: Vec<&str> = lower.iter().skip(1).map(String::as_str).collect();
    if path == ["$batch"] {
        return batch::answer(&ask);
    }
    if !caller.principal.directory || (is_write(call, &path) && !caller.principal.writer) {
        return Err(error::graph(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
            world.now(),
        ));
    }
    let path = collections::spell_out(&path);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        [] | ["$metadata"] => Err(ask.unknown_segment("")),
        ["me", ..] => Err(error::graph(
            400,
            "BadRequest",
            "/me request is only valid with delegated authentication flow.",
            world.now(),
        )),
        ["organization"] => Ok(listing::plain(
            &ask,
            "organization",
            vec![world.tenant.organization()],
        )),
        ["organization", id] if *id == world.tenant.id => Ok(Reply::json(&world.tenant.organization())),
        ["domains"] if world.tenant.objects("domain", None).next().is_none() => {
            let domain = json!({"id": world.tenant.domain, "isDefault": true, "isInitial": true, "isVerified": true, "authenticationType": "Managed", "supportedServices": []});
            Ok(listing::plain(&ask, "domains", vec![domain]))
        }
        ["subscribedskus"] => Ok(listing::plain(&ask, "subscribedSkus", Vec::new())),
        ["directoryobjects", "getbyids"] => relations::by_ids(&ask),
        ["directoryobjects", id, rest @ ..] => entity::answer(&ask, None, id, rest),
        path => match collections::find(path) {
            Some((collection, [])) => match call.method {
                Method::GET => listing::list(&ask, collection),
                Method::POST => write::create(&ask, collection),
                _ => Err(ask.bad_request("Specified HTTP method is not allowed for the request target.")),
            },
            Some((collection, ["delta"])) => delta::answer(&ask, collection),
            Some((collection, ["$count"])) => Ok(listing::count(&ask, collection)),
            Some((collection, [id, rest @ ..])) => entity::answer(&ask, Some(collection), id, rest),
            None => Err(ask.unknown_segment(path[0])),
        },
    }
}

/// Whether a request changes something; some reads are posted.
fn is_write(call: &Call, path: &[&str]) -> bool {
    const READS: [&str; 6] = [
        "getbyids",
        "getmembergroups",
        "getmemberobjects",
        "checkmembergroups",
        "checkmemberobjects",
        "$batch",
    ];
    call.method != Method::GET && !path.last().is_some_and(|last| READS.contains(last))
}
