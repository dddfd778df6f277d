//! Texts that are secrets by their look, whatever their name.

/// Whether a text holds a secret: a shared access signature, a key or password in a connection string, credentials in an
/// address, a private key, a bearer token.
pub(super) fn is_secret(text: &str) -> bool {
    if text.len() < 8 {
        return false;
    }
    // One scan for a byte settles most texts.
    let bytes = text.as_bytes();
    (memchr::memchr(b'=', bytes).is_some() && has_secret_pair(text))
        || (memchr::memchr(b':', bytes).is_some() && text.contains("://") && has_user_info(text))
        || (bytes.len() > 32
            && memchr::memmem::find(bytes, b"-----BEGIN").is_some()
            && text.contains("PRIVATE KEY"))
        || is_bearer(text)
}

/// Whether a text is no secret wherever it stands: nothing at all, a resource ID, or a reference to a key vault's secret.
pub(super) fn is_harmless(text: &str) -> bool {
    let trimmed = text.trim();
    trimmed.is_empty()
        || (trimmed.starts_with("@Microsoft.KeyVault(") && trimmed.ends_with(')') && !is_secret(trimmed))
        || crate::relationships::is_resource_id(trimmed)
}

/// Names of secrets in connection strings (`AccountKey=…;`) and in the queries of addresses (`&sig=…`).
const PAIRS: &[&str] = &[
    "accesskey",
    "accountkey",
    "apikey",
    "clientsecret",
    "code",
    "instrumentationkey",
    "key",
    "password",
    "primarykey",
    "pwd",
    "secondarykey",
    "secret",
    "sharedaccesskey",
    "sharedaccesssignature",
    "sharedsecret",
    "sig",
    "subscription-key",
    "token",
    "accesstoken",
    "access_token",
];

/// Of these only a query (`?code=`) or a connection string makes a secret; prose may hold them too.
fn has_secret_pair(text: &str) -> bool {
    let is_address = text.contains("://");
    let mut at = 0;
    while let Some(equals) = text[at..].find('=').map(|offset| at + offset) {
        at = equals + 1;
        let after = text.as_bytes().get(equals + 1);
        if after.is_none_or(|b| matches!(b, b';' | b'&' | b'=' | b'"' | b'\'') || b.is_ascii_whitespace()) {
            continue;
        }
        let start = text[..equals]
            .rfind([';', '?', '&', ',', '"', '\'', '\n', '#'])
            .map_or(0, |b| b + 1);
        let name = text[start..equals].trim();
        let delimiter = start.checked_sub(1).map(|at| text.as_bytes()[at]);
        let in_query = matches!(delimiter, Some(b'?' | b'&' | b'#'));
        // `key=` and `code=` alone say little; in an address they are how a function is called.
        let known = PAIRS
            .iter()
            .any(|pair| name.replace(' ', "").eq_ignore_ascii_case(pair));
        if known
            && (in_query
                || !matches!(
                    name.to_ascii_lowercase().as_str(),
                    "key" | "code" | "token" | "secret"
                ))
        {
            return true;
        }
        if in_query && is_address && name.eq_ignore_ascii_case("sv") {
            // A signature's other members; the signature itself comes later or was cut off.
            continue;
        }
        // A command line: `--password=…`, `/p:Password=…`.
        if let Some((before, last)) = name.rsplit_once([' ', '-', ':', '/']) {
            let last = last.to_ascii_lowercase();
            let is_option = before
                .rsplit(' ')
                .next()
                .is_some_and(|word| word.starts_with('-'));
            if matches!(
                last.as_str(),
                "password" | "pwd" | "accountkey" | "sharedaccesskey" | "sig"
            ) || (is_option && matches!(last.as_str(), "apikey" | "passwd" | "secret" | "token"))
            {
                return true;
            }
        }
    }
    false
}

/// `https://user:password@host`
fn has_user_info(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let authority = text[at + 3..]
            .split(['/', '?', '#', ' ', '"', '\''])
            .next()
            .unwrap_or_default();
        authority
            .rsplit_once('@')
            .and_then(|(user, _)| user.split_once(':'))
            .is_some_and(|(_, password)| !password.is_empty())
    })
}

/// `Bearer …`, or a JSON web token.
fn is_bearer(text: &str) -> bool {
    if let Some(token) = text
        .strip_prefix("Bearer ")
        .or_else(|| text.strip_prefix("bearer "))
    {
        return token.len() > 16 && !token.contains(' ');
    }
    text.starts_with("eyJ") && text.len() > 60 && text.matches('.').count() == 2 && !text.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_look() {
        for text in [
            "https://a.blob.core.windows.net/c/b?sv=2020-08-04&sp=r&sig=abc%3D",
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abc==;EndpointSuffix=core.windows.net",
            "Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=abc=",
            "Server=tcp:a.database.windows.net;User ID=u;Password=p4ss;",
            "Server=a;Uid=u;Pwd=p4ss",
            "HostName=h.azure-devices.net;DeviceId=d;SharedAccessKey=abc",
            "InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=https://x/",
            "https://f.azurewebsites.net/api/x?code=abc",
            "postgres://user:p4ss@host/db",
            "-----BEGIN RSA PRIVATE KEY-----\nMII",
            "Bearer abcdefghijklmnopqrstuvwxyz",
            "setup.exe --password=p4ss /quiet",
        ] {
            assert!(is_secret(text), "{text}");
        }
    }

    #[test]
    fn what_looks_similar_is_left_alone() {
        for text in [
            "https://a.blob.core.windows.net/c/b?sv=2020-08-04",
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDIa+Nm== user@host",
            "https://a.vault.azure.net/keys/k/0123",
            "Enables logging; password= is not shown",
            "a=b",
            "key=value",
            "W/\"9b30e653-8cfc-4e18-abff-2a7448d0ce32\"",
            "Authentication=Active Directory Managed Identity;Database=d",
            "-----BEGIN CERTIFICATE-----",
            "Password resets: 5",
            "mailto:me@example.com://x",
        ] {
            assert!(!is_secret(text), "{text}");
        }
        assert!(is_harmless(
            "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/a"
        ));
        assert!(is_harmless(
            "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)"
        ));
    }
}
