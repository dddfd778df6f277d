//! Identifiers that are GUIDs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Error;

macro_rules! guid {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
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

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self, Error> {
                text.parse()
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                // `Uuid` also reads braces, URNs and bare digits; Azure writes none of them.
                match Uuid::try_parse(text) {
                    Ok(id) if text.len() == 36 => Ok(Self(id)),
                    _ => Err(Error::invalid(format!(
                        concat!("read `{}` as a ", $what, ": give a GUID such as 00000000-0000-0000-0000-000000000001"),
                        text.chars().take(60).collect::<String>().escape_debug()
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

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "0198c1e2-7a00-7000-8000-00000000abcd";

    #[test]
    fn a_guid_is_read_in_any_case_and_printed_in_small_letters() {
        let id: TenantId = TEXT.to_uppercase().parse().unwrap();
        assert_eq!(id.to_string(), TEXT);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{TEXT}\""));
        assert_eq!(
            serde_json::from_str::<TenantId>(&format!("\"{TEXT}\"")).unwrap(),
            id
        );
    }

    #[test]
    fn other_spellings_are_refused_by_text_and_by_json_alike() {
        let bare = TEXT.replace('-', "");
        for text in [
            "",
            "contoso.onmicrosoft.com",
            &bare,
            &format!("{{{TEXT}}}"),
            &format!("urn:uuid:{TEXT}"),
        ] {
            let error = text.parse::<SubscriptionId>().unwrap_err();
            assert!(error.message().contains("as a subscription id"), "{error}");
            let json = serde_json::to_string(text).unwrap();
            let error = serde_json::from_str::<SubscriptionId>(&json).unwrap_err();
            assert!(error.to_string().contains("as a subscription id"), "{error}");
        }
    }
}
