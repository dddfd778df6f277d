//! Children that come within their parent's body: the subnets of a network, the rules of a security group.
//!
//! Azure lists many of them nowhere else, and other resources name them, so each is a node of its own, told from the
//! body it has there. It is marked `inline`, and a row of its own replaces it.

use super::{Describer, arm, arm::Body, types};
use crate::{
    graph::{Described, Standing},
    relationships::Child,
};

pub(super) fn describe(describer: &Describer, child: Child<'_>, out: &mut Vec<Described>) {
    let Some(told) = child.id.resource_type() else {
        return;
    };
    let body = Body {
        resource_type: types::canonical(told.as_str()).to_owned(),
        id: child.id,
        standing: Standing::Inline,
        members: child.members,
    };
    let described = arm::finish(describer, &body, child.found, out);
    out.push(described);
}
