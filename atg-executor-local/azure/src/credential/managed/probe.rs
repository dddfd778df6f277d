//! Whether a metadata service is there at all. On any other machine its address leads nowhere, and asking it for a token
//! would wait for a connection that never comes.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use url::Url;

use super::CredentialError;
use crate::wire::{Limits, Wire};

/// Where there is one it is on the same host.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(1),
    bytes: 64 * 1024,
};

/// Asks without the header that it insists on: a metadata service refuses that at once.
pub(super) async fn is_there(wire: &dyn Wire, url: &Url) -> Result<(), CredentialError> {
    let mut bare = url.clone();
    bare.set_query(Some("api-version=2018-02-01"));
    let absent = |why: &str| {
        CredentialError::NotHere(format!(
            "this machine has no metadata service, which Azure's machines have ({why})"
        ))
    };
    let request = Request::get(bare.as_str())
        .body(Bytes::new())
        .map_err(|_| absent("its address cannot be asked"))?;
    match wire.exchange(request, LIMITS).await {
        // Docker Desktop answers for addresses that lead nowhere.
        Ok(answer)
            if answer.status() == 403 && String::from_utf8_lossy(answer.body()).contains("unreachable") =>
        {
            Err(absent("something else answers in its stead"))
        }
        Ok(_) => Ok(()),
        Err(failure) => Err(absent(&failure.words)),
    }
}
