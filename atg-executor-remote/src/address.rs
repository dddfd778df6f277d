//! The address of a service: the only place that its key may be sent to.

use std::{fmt, net::IpAddr};

use atg_sdk::{Error, Result};
use reqwest::Url;

/// A checked base address, without a slash at its end.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    base: String,
    url: Url,
}

impl Address {
    /// # Errors
    /// `InvalidArgument` for what is no address, or not one that a key may be sent to.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            Err(Error::invalid(format!(
                "the service's address {why}: write one such as https://atg.example.com"
            )))
        };
        let Ok(url) = Url::parse(text.trim()) else {
            return refuse("is not a URL");
        };
        // Checked before anything is shown of it: a password in an address is a secret.
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("holds a user name or a password, which the service does not take");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("holds a `?` or a `#`");
        }
        let Some(host) = url.host_str() else {
            return refuse("names no host");
        };
        match url.scheme() {
            "https" => {}
            "http" if is_this_machine(host) => {}
            "http" => {
                return Err(Error::invalid(format!(
                    "send the key to {host} over plain http: anybody on the way could read it; write https://"
                )));
            }
            _ => return refuse("begins with neither https:// nor http://"),
        }
        let base = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { base, url })
    }

    /// A path of the service, which begins with a slash and is escaped already.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Whether it is on this machine, so that no proxy stands between.
    pub(crate) fn is_local(&self) -> bool {
        self.url.host_str().is_some_and(is_this_machine)
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether a URL has the same scheme, host and port.
    pub(crate) fn is_origin_of(&self, other: &Url) -> bool {
        self.url.origin() == other.origin()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://atg.example.com", "https://atg.example.com")]
    #[case("https://atg.example.com:8443/base/", "https://atg.example.com:8443/base")]
    #[case(" http://127.0.0.1:8000/ ", "http://127.0.0.1:8000")]
    #[case("http://[::1]:8000", "http://[::1]:8000")]
    #[case("http://LOCALHOST", "http://localhost")]
    fn an_address_is_taken_without_its_last_slash(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(Address::parse(text).unwrap().to_string(), shown);
    }

    #[rstest]
    #[case("", "not a URL")]
    #[case("atg.example.com", "not a URL")]
    #[case("ftp://atg.example.com", "neither")]
    #[case("http://atg.example.com", "plain http")]
    #[case("http://127.0.0.1.example.com", "plain http")]
    #[case("http://localhost.example.com", "plain http")]
    #[case("https://me:hunter2@atg.example.com", "password")]
    #[case("https://atg.example.com/?a=b", "`?`")]
    fn everything_else_is_refused_in_words(#[case] text: &str, #[case] why: &str) {
        let error = Address::parse(text).unwrap_err().to_string();
        assert!(error.contains(why) && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn another_scheme_host_or_port_is_another_origin() {
        let address = Address::parse("https://atg.example.com/base").unwrap();
        let is = |url: &str| address.is_origin_of(&Url::parse(url).unwrap());
        assert!(is("https://atg.example.com:443/elsewhere"));
        for other in [
            "http://atg.example.com/",
            "https://atg.example.com:444/",
            "https://example.com/",
        ] {
            assert!(!is(other), "{other}");
        }
    }
}
