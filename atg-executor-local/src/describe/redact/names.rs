//! Names of members that promise a secret, whatever the resource type.

use std::sync::LazyLock;

use crate::json::Json;

/// Compared in lower case without `_`, `-` and spaces: `client_secret`, `ClientSecret` and `client-secret` are one name.
const NAMES: &[&str] = &[
    "accesstoken",
    "authorization",
    "authorizationheader",
    "authtoken",
    "bearertoken",
    "blobsasuri",
    "commandtoexecute",
    "customdata",
    "developertoken",
    "idtoken",
    "instrumentationkey",
    "key1",
    "key2",
    "keytab",
    "kubeconfig",
    "licensekey",
    "ocpapimsubscriptionkey",
    "passphrase",
    "passwd",
    "password",
    "pat",
    "personalaccesstoken",
    "pfx",
    "pfxblob",
    "primarykey",
    "productkey",
    "protectedsettings",
    "pwd",
    "refreshtoken",
    "registrationtoken",
    "sas",
    "secondarykey",
    "secret",
    "secrettext",
    "securestring",
    "securevalue",
    "securitytoken",
    "servicekey",
    "token",
    "userdata",
    "validationkey",
    "verifytoken",
    "xfunctionskey",
];

/// A name that ends so promises a secret: `storageAccountAccessKey`, `radiusServerSecret`.
const ENDINGS: &[&str] = &[
    "accesskey",
    "accesskey1",
    "accesskey2",
    "accesstoken",
    "accountkey",
    "apikey",
    "appinsightskey",
    "authkey",
    "authorizationkey",
    "connectionstring",
    "hostkey",
    "ingestionkey",
    "instrumentationkey",
    "masterkey",
    "passphrase",
    "password",
    "personalaccesstoken",
    "policykey",
    "primarykey",
    "privatekey",
    "privatekeydata",
    "refreshtoken",
    "saskey",
    "sastoken",
    "sasuri",
    "sasurl",
    "secondarykey",
    "secret",
    "secretkey",
    "secrettext",
    "secretvalue",
    "sharedkey",
    "signingkey",
    "storagekey",
    "subscriptionkey",
    "tokenvalue",
    "workspacekey",
];

/// Members that hold names with values: the names are kept and the values are secrets.
const PAIRS: &[&str] = &[
    "appsettings",
    "connectionstrings",
    "env",
    "environmentsettings",
    "environmentvariables",
    "secrets",
    "secureenvironmentvariables",
    "secretenvironmentvariables",
    "secretparameters",
];

/// Members of such a pair that are its value.
const VALUES: &[&str] = &["connectionstring", "secretvalue", "securevalue", "value"];

/// Types by which templates and data factories mark a value as secret.
pub(super) fn is_secure_type(text: &str) -> bool {
    ["securestring", "secureobject"]
        .iter()
        .any(|secure| text.eq_ignore_ascii_case(secure))
}

/// A name as the tables have it: in lower case, without `_`, `-` and spaces. Built on the stack, since every member of
/// every body passes here; of a longer name only the end is kept, which is what the tables look at.
pub(super) struct Plain {
    bytes: [u8; LONGEST],
    length: usize,
}

const LONGEST: usize = 48;

impl Plain {
    pub(super) fn new(name: &str) -> Self {
        let mut out = Self {
            bytes: [0; LONGEST],
            length: 0,
        };
        // From the end to the front, filling the buffer from its end.
        for byte in name
            .bytes()
            .rev()
            .filter(|byte| !matches!(byte, b'_' | b'-' | b' '))
        {
            if out.length == LONGEST {
                break;
            }
            out.length += 1;
            out.bytes[LONGEST - out.length] = byte.to_ascii_lowercase();
        }
        out
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[LONGEST - self.length..]
    }

    fn is(&self, name: &str) -> bool {
        self.as_bytes() == name.as_bytes()
    }

    fn ends_with(&self, ending: &str) -> bool {
        self.as_bytes().ends_with(ending.as_bytes())
    }
}

pub(super) fn is_value(name: &Plain) -> bool {
    VALUES.iter().any(|value| name.is(value))
}

pub(super) fn holds_pairs(name: &Plain) -> bool {
    PAIRS.iter().any(|pairs| name.is(pairs))
}

/// Whether a member of that name holds a secret. Its value has a say: a `token` that is an address without a secret in it
/// is an endpoint, and a `key1` that is a point in time says when the key was made.
pub(super) fn is_secret(name: &Plain, value: &Json) -> bool {
    if name.ends_with("token") {
        let opaque =
            value.as_str().is_some_and(is_opaque) && !HARMLESS_TOKENS.iter().any(|token| name.is(token));
        if opaque || matches!(value, Json::Object(_)) {
            return true;
        }
    }
    let Some(last) = name.as_bytes().last() else {
        return false;
    };
    let (names, endings) = &by_last_byte()[usize::from(*last)];
    if !names.iter().any(|own| name.is(own)) && !endings.iter().any(|ending| name.ends_with(ending)) {
        return false;
    }
    !value
        .as_str()
        .is_some_and(|text| is_address(text) || is_time(text))
}

/// Both tables by the last byte of their rows: most names are settled by theirs.
fn by_last_byte() -> &'static [(Vec<&'static str>, Vec<&'static str>)] {
    static TABLE: LazyLock<Vec<(Vec<&'static str>, Vec<&'static str>)>> = LazyLock::new(|| {
        let mut table = vec![(Vec::new(), Vec::new()); 256];
        for name in NAMES {
            table[usize::from(*name.as_bytes().last().unwrap_or(&0))]
                .0
                .push(*name);
        }
        for ending in ENDINGS {
            table[usize::from(*ending.as_bytes().last().unwrap_or(&0))]
                .1
                .push(*ending);
        }
        table
    });
    &TABLE
}

/// Tokens that anyone may see.
const HARMLESS_TOKENS: &[&str] = &[
    "continuationtoken",
    "nexttoken",
    "skiptoken",
    "skutoken",
    "validationtoken",
    "meteridtoken",
    "publickeytoken",
];

/// Whether a text looks made at random: long, without spaces, of letters and digits.
fn is_opaque(text: &str) -> bool {
    text.len() >= 16
        && !text.contains(char::is_whitespace)
        && !is_address(text)
        && text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

fn is_address(text: &str) -> bool {
    text.starts_with("https://") && !text.contains(['?', '@', ';'])
}

fn is_time(text: &str) -> bool {
    text.len() >= 19
        && text
            .get(..19)
            .is_some_and(|t| t.parse::<jiff::civil::DateTime>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_any_spelling() {
        let value = Json::from("x");
        for name in [
            "adminPassword",
            "client_secret",
            "AccountKey",
            "storageAccountAccessKey",
            "connection-string",
            "sharedKey",
            "InstrumentationKey",
            "primaryConnectionString",
            "customData",
            "userData",
            "SASToken",
        ] {
            assert!(is_secret(&Plain::new(name), &value), "{name}");
        }
    }

    #[test]
    fn names_that_only_sound_like_secrets_are_left_alone() {
        let value = Json::from("x");
        for name in [
            "keyName",
            "keyVaultId",
            "primaryKeyType",
            "keyUri",
            "keyData",
            "publicKey",
            "tokenLifetime",
            "key",
            "keys",
            "passwordAuth",
            "secretName",
            "clientSecretSettingName",
            "secretUrl",
            "keySource",
            "customDomain",
            "disablePasswordAuthentication",
            "_skuToken",
            "validationToken",
            "partitionKey",
            "maxContextToken",
            "",
        ] {
            assert!(!is_secret(&Plain::new(name), &value), "{name}");
        }
        assert!(!is_secret(
            &Plain::new("Token"),
            &Json::from("https://x.openai.azure.com/")
        ));
        assert!(is_secret(
            &Plain::new("Token"),
            &Json::from("https://x.openai.azure.com/?sig=1")
        ));
        assert!(!is_secret(
            &Plain::new("key1"),
            &Json::from("2022-08-04T13:18:25.7822069Z")
        ));
        assert!(is_secret(&Plain::new("key1"), &Json::from("abc")));
    }
}
