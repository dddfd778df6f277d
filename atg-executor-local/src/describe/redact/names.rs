//! Names of members that promise a secret, whatever the resource type.

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

pub(super) fn is_value(name: &str) -> bool {
    VALUES.contains(&plain(name).as_str())
}

pub(super) fn holds_pairs(name: &str) -> bool {
    PAIRS.contains(&plain(name).as_str())
}

/// Whether a member of that name holds a secret. Its value has a say: a `token` that is an address without a secret in it
/// is an endpoint, and a `key1` that is a point in time says when the key was made.
pub(super) fn is_secret(name: &str, value: &Json) -> bool {
    // Most names are settled by their last letter, without a copy.
    if !name
        .bytes()
        .next_back()
        .is_some_and(|b| b.is_ascii_alphanumeric())
    {
        return false;
    }
    let plain = plain(name);
    if plain.ends_with("token")
        && value.as_str().is_some_and(is_opaque)
        && !HARMLESS_TOKENS.contains(&plain.as_str())
    {
        return true;
    }
    if plain.ends_with("token") && matches!(value, Json::Object(_)) {
        return true;
    }
    if !NAMES.contains(&plain.as_str()) && !ENDINGS.iter().any(|ending| plain.ends_with(ending)) {
        return false;
    }
    !value
        .as_str()
        .is_some_and(|text| is_address(text) || is_time(text))
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

fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .map(|c| c.to_ascii_lowercase())
        .collect()
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
            assert!(is_secret(name, &value), "{name}");
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
            assert!(!is_secret(name, &value), "{name}");
        }
        assert!(!is_secret("Token", &Json::from("https://x.openai.azure.com/")));
        assert!(is_secret(
            "Token",
            &Json::from("https://x.openai.azure.com/?sig=1")
        ));
        assert!(!is_secret("key1", &Json::from("2022-08-04T13:18:25.7822069Z")));
        assert!(is_secret("key1", &Json::from("abc")));
    }
}
