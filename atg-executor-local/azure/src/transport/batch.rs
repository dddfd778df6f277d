//! Several reads of Microsoft Graph in one call: `$batch`.

use std::collections::BTreeMap;

use atg_sdk::ErrorKind;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::{Request, Transport};
use crate::{
    cloud::Audience,
    error::{AzureError, Result},
};

/// The most that one call takes: <https://learn.microsoft.com/graph/json-batching>.
const LARGEST: usize = 20;

/// A read within a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRead {
    /// The path without the version: `/groups/GUID/members?$select=id`.
    pub path: String,
    /// Resource units that it costs.
    pub cost: u32,
}

#[derive(Serialize)]
struct Envelope<'a> {
    requests: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    id: String,
    method: &'static str,
    url: &'a str,
}

#[derive(Deserialize)]
struct Answers {
    responses: Vec<StepAnswer>,
}

#[derive(Deserialize)]
struct StepAnswer {
    id: String,
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    body: Option<Box<RawValue>>,
}

impl Transport {
    /// Reads several paths of Microsoft Graph's first version, twenty a call, and gives what each answers, in their order.
    /// Those that are refused for quota or fail for what may pass are asked again, as calls of their own would be.
    ///
    /// # Errors
    /// When a call as a whole fails. What a single path answers is its own.
    pub async fn batch(&self, reads: &[BatchRead]) -> Result<Vec<Result<Bytes>>> {
        let mut answers: Vec<Option<Result<Bytes>>> = reads.iter().map(|_| None).collect();
        let mut open: Vec<usize> = (0..reads.len()).collect();
        let mut made = 0;
        while !open.is_empty() {
            made += 1;
            let (mut again, mut wait) = (Vec::new(), None);
            for some in open.chunks(LARGEST) {
                let mut told = self.call_batch(reads, some).await?;
                for index in some {
                    let answer = told.remove(index).unwrap_or_else(|| {
                        Err(AzureError::new(
                            ErrorKind::Unavailable,
                            "read a batch: an answer is missing",
                        ))
                    });
                    match answer {
                        Err(error) if error.kind().is_retryable() => {
                            match self.retry().wait(made, error.retry_after()) {
                                Some(own) => {
                                    wait = wait.max(Some(own));
                                    again.push(*index);
                                }
                                None => answers[*index] = Some(Err(error)),
                            }
                        }
                        answer => answers[*index] = Some(answer),
                    }
                }
            }
            open = again;
            if let Some(wait) = wait {
                self.pause(wait).await;
            }
        }
        Ok(answers.into_iter().flatten().collect())
    }

    /// One call; answers by index.
    async fn call_batch(
        &self,
        reads: &[BatchRead],
        some: &[usize],
    ) -> Result<BTreeMap<usize, Result<Bytes>>> {
        let step = |index: &usize| Step {
            id: index.to_string(),
            method: "GET",
            url: &reads[*index].path,
        };
        let body = Envelope {
            requests: some.iter().map(step).collect(),
        };
        let cost = some.iter().map(|index| reads[*index].cost).sum();
        let request =
            Request::read(self.cloud(), Audience::MicrosoftGraph, "/v1.0/$batch", &body)?.with_cost(cost);
        let answers: Answers = self.send(&request).await?.json()?;
        let mut told = BTreeMap::new();
        for answer in answers.responses {
            let Ok(index) = answer.id.parse::<usize>() else {
                continue;
            };
            let Some(read) = reads.get(index) else {
                continue;
            };
            told.insert(
                index,
                answer.judge().map_err(|error| error.with_call(shown(&read.path))),
            );
        }
        Ok(told)
    }
}

/// For people: without the query.
fn shown(path: &str) -> String {
    format!("GET {} in a batch", path.split('?').next().unwrap_or_default())
}

impl StepAnswer {
    /// The body of a success.
    fn judge(self) -> Result<Bytes> {
        let body = self
            .body
            .map_or_else(Bytes::new, |body| Bytes::from(body.get().to_owned()));
        let mut answer = Response::new(body);
        *answer.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_GATEWAY);
        for (name, value) in &self.headers {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&text)) {
                answer.headers_mut().insert(name, value);
            }
        }
        if answer.status().is_success() {
            Ok(answer.into_body())
        } else {
            Err(AzureError::of_answer(&answer))
        }
    }
}
