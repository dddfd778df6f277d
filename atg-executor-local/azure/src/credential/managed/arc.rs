//! Azure Arc: the agent names a file that only the machine's administrators and its own group may read. Who can read it
//! may have a token.

use std::path::{Path, PathBuf};

use atg_sdk::ErrorKind;
use bytes::Bytes;
use http::{Request, header::WWW_AUTHENTICATE};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{AccessToken, CredentialError, exchange_for_token};
use crate::{
    clock::Clock,
    error::AzureError,
    retry::RetryPolicy,
    wire::{Limits, Wire},
};

/// The agent's files are smaller; anything larger is not one.
const LONGEST_KEY: u64 = 4096;

pub(super) async fn token(
    wire: &dyn Wire,
    clock: &dyn Clock,
    retry: &RetryPolicy,
    limits: Limits,
    url: &Url,
    keys: &Path,
) -> Result<AccessToken, CredentialError> {
    let request = Request::get(url.as_str())
        .header("metadata", "true")
        .body(Bytes::new())
        .map_err(|_| {
            CredentialError::failed(
                ErrorKind::InvalidArgument,
                "ask Azure Arc's agent: IDENTITY_ENDPOINT is no address",
            )
        })?;
    let answer = wire.exchange(request, limits).await.map_err(|failure| {
        CredentialError::NotHere(format!("Azure Arc's agent does not answer ({})", failure.words))
    })?;
    if answer.status() != 401 {
        return Err(AzureError::of_answer(&answer).with_call("Azure Arc").into());
    }
    let named = answer
        .headers()
        .get(WWW_AUTHENTICATE)
        .and_then(|value| value.to_str().ok())
        .and_then(|challenge| challenge.split_once("realm="))
        .map(|(_, path)| PathBuf::from(path.trim().trim_matches('"')))
        .ok_or_else(|| refuse("it asks for a proof and names no file"))?;
    let key = read(&named, keys).await?;
    let proof = SecretString::from(format!("Basic {}", key.expose_secret()));
    let make = || {
        Request::get(url.as_str())
            .header("metadata", "true")
            .header("authorization", proof.expose_secret())
            .body(Bytes::new())
    };
    let token = exchange_for_token(wire, clock, retry, url, limits, |_| false, make).await;
    token.map_err(|error| error.with_call("Azure Arc").into())
}

fn refuse(why: &str) -> CredentialError {
    CredentialError::failed(
        ErrorKind::Unauthenticated,
        format!("ask Azure Arc's agent for a token: {why}"),
    )
}

/// Only a key in the agent's own directory: whatever else answers on that port must not get us to send it any file.
async fn read(named: &Path, keys: &Path) -> Result<SecretString, CredentialError> {
    let at_its_place =
        named.parent() == Some(keys) && named.extension().is_some_and(|ending| ending == "key");
    if !at_its_place {
        return Err(refuse("it names a file that is not one of its own"));
    }
    let metadata = tokio::fs::metadata(named).await.map_err(|error| {
        refuse(&format!(
            "its proof cannot be read ({error}): run as a member of the group himds"
        ))
    })?;
    if metadata.len() > LONGEST_KEY {
        return Err(refuse("its proof is longer than one can be"));
    }
    let text = tokio::fs::read_to_string(named).await.map_err(|error| {
        refuse(&format!(
            "its proof cannot be read ({error}): run as a member of the group himds"
        ))
    })?;
    Ok(SecretString::from(text.trim()))
}
