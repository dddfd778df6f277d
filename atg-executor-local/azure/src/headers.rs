//! What answers say beside their bodies: how long to wait, what is left of a quota, why a token was refused.

mod challenge;
mod quota;
mod wait;

pub(crate) use self::{
    challenge::claims,
    quota::{provider_of, remaining, resets_after},
    wait::retry_after,
};
