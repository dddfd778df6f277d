//! Identifiers that are GUIDs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Error;

macro_rules! guid {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a GUID.
            #[must_use]
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The GUID.
            #[must_use]
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                // `Uuid` also reads braces, URNs and bare digits; Azure writes none of them.
                match Uuid::try_parse(text) {
                    Ok(id) if text.len() == 36 => Ok(Self(id)),
                    _ => Err(Error::invalid(format!(
                        concat!("`{}` is not a ", $what, ": a GUID such as 00000000-0000-0000-0000-000000000001 is"),
                        text.escape_debug()
                    ))),
                }
            }
        }
    };
}

guid! {
    /// A Microsoft Entra tenant.
    TenantId, "tenant id"
}
guid! {
    /// An Azure subscription.
    SubscriptionId, "subscription id"
}
