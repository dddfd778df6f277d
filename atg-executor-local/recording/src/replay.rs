//! A wire that answers from a recording.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use atg_azure::wire::{Cause, Limits, Wire, WireFailure};
use bytes::Bytes;
use http::{Request, Response};

use crate::{clean::Cleaner, line, recording::Answers};

/// Answers each request as it was answered.
pub(crate) struct Replay {
    answers: Arc<Answers>,
    cleaner: Cleaner,
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replay")
    }
}

impl Replay {
    pub(crate) fn new(answers: Arc<Answers>) -> Self {
        Self {
            answers,
            // Of requests only the address is cleaned, which asks no rules.
            cleaner: Cleaner::new(Arc::new(|_| {})),
        }
    }
}

#[async_trait]
impl Wire for Replay {
    async fn exchange(&self, request: Request<Bytes>, _: Limits) -> Result<Response<Bytes>, WireFailure> {
        let address = self.cleaner.address(&request.uri().to_string());
        let key = line::key(request.method().as_str(), &address, request.body());
        self.answers.next(&key).unwrap_or_else(|| {
            let words = "it holds no (further) answer to this call";
            Err(WireFailure::new(Cause::NotRecorded, words))
        })
    }
}
