//! Microsoft Entra ID's login endpoints.

mod assertion;
mod audience;
mod bearer;
mod discovery;
mod jwt;
mod token;

use crate::{
    web::{Call, Reply},
    world::World,
};

pub(crate) use audience::Audience;
pub(crate) use bearer::{Caller, Problem, authenticate, challenge, refused};
pub(crate) use jwt::Signer;
pub(crate) use token::issue;

/// Answers a login endpoint.
pub(crate) fn answer(world: &World, call: &Call) -> Reply {
    let lower = call.lower();
    let segments: Vec<&str> = lower.iter().map(String::as_str).collect();
    match segments.as_slice() {
        [tenant, "v2.0", ".well-known", "openid-configuration"] => {
            discovery::openid(world, call, tenant, true)
        }
        [tenant, ".well-known", "openid-configuration"] => discovery::openid(world, call, tenant, false),
        [_, "discovery", "instance"] => discovery::instance(call),
        [_, "discovery", "keys"] | [_, "discovery", "v2.0", "keys"] => discovery::keys(),
        [tenant, "oauth2", "v2.0", "token"] => token::answer(world, call, tenant, true),
        [tenant, "oauth2", "token"] => token::answer(world, call, tenant, false),
        _ => Reply::empty(404),
    }
}

/// Whether these words name the tenant: its id, its domain, or none in particular.
fn is_tenant(world: &World, name: &str) -> bool {
    name.eq_ignore_ascii_case(&world.tenant.id) || name.eq_ignore_ascii_case(&world.tenant.domain)
}
