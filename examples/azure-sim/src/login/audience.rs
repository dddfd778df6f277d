//! For which part of Azure a token is.

use crate::{
    cloud::{CLOUDS, Part, vault_of},
    world::World,
};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// One part of Azure.
    One(Part),
    /// The simulator's own address, at which all parts answer.
    Any,
}

/// Microsoft Graph's application id, which is as good as its address.
const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";
/// Resource Manager's.
const ARM_ID: &str = "797f4846-ba00-4fd7-ba43-dac1f8f63013";
/// Key Vault's.
const VAULT_ID: &str = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093";

impl Audience {
    /// Reads a resource or the `aud` of a token; `None` for one that is unknown here.
    pub(crate) fn of(world: &World, resource: &str) -> Option<Self> {
        let name = resource.trim_end_matches('/').to_ascii_lowercase();
        match &*name {
            GRAPH_ID => return Some(Self::One(Part::Graph)),
            ARM_ID => return Some(Self::One(Part::Arm)),
            VAULT_ID => return Some(Self::One(Part::Vault)),
            _ => {}
        }
        for cloud in &CLOUDS {
            let host = name.strip_prefix("https://").unwrap_or_default();
            if cloud
                .audiences
                .iter()
                .any(|known| known.trim_end_matches('/') == name)
            {
                return Some(Self::One(Part::Arm));
            }
            if host == cloud.graph {
                return Some(Self::One(Part::Graph));
            }
            if host == cloud.vault {
                return Some(Self::One(Part::Vault));
            }
        }
        let origin = name
            .strip_prefix("https://")
            .or_else(|| name.strip_prefix("http://"))?;
        let host = origin.rsplit_once(':').map_or(origin, |(host, _)| host);
        if host == "vault.localhost" || vault_of(host).is_some() {
            return Some(Self::One(Part::Vault));
        }
        (world.is_own(&name) && !origin.contains('/')).then_some(Self::Any)
    }

    /// Whether that part accepts it.
    pub(crate) fn fits(self, part: Part) -> bool {
        match self {
            Self::Any => true,
            Self::One(own) => own == part,
        }
    }
}
