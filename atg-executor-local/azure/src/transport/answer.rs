//! A call's answer.

use atg_sdk::ErrorKind;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::error::{AzureError, RequestIds, Result};

/// An answer that is a success, or of a status that was expected.
#[derive(Debug, Clone)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    tries: u32,
}

impl Answer {
    pub(super) fn new(answer: Response<Bytes>, tries: u32) -> Self {
        let (head, body) = answer.into_parts();
        Self {
            status: head.status,
            headers: head.headers,
            body,
            tries,
        }
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Its body, as it came.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// How often the call was made.
    #[must_use]
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// The ids under which Azure logged it.
    #[must_use]
    pub fn ids(&self) -> RequestIds {
        RequestIds::of(&self.headers)
    }

    /// Its body, read.
    ///
    /// # Errors
    /// `Unavailable` for what is not such JSON: something between has cut it or put its own in its place.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            AzureError::new(
                ErrorKind::Unavailable,
                format!("read an answer: it is not the JSON that it should be ({error})"),
            )
        })
    }
}
