//! How an event is written and read.
//!
//! By hand: serde's internally tagged enums and `flatten` lose numbers as soon as any crate of a build switches on
//! `serde_json/arbitrary_precision`, and neither can keep an unknown event as it came.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error as _},
    ser::SerializeMap,
};
use serde_json::{Map, Value, json};

use crate::{EventKind, JobEvent, Output};

impl Serialize for JobEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = self.kind.members();
        let mut out = serializer.serialize_map(Some(3 + members.len()))?;
        out.serialize_entry("sequence", &self.sequence)?;
        out.serialize_entry("time", &self.time)?;
        out.serialize_entry("kind", self.kind.name())?;
        for (name, value) in &members {
            out.serialize_entry(name, value)?;
        }
        out.end()
    }
}

impl<'de> Deserialize<'de> for JobEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Members(Map::deserialize(deserializer)?);
        let read = |members: &mut Members| {
            Ok(Self {
                sequence: members.required("sequence")?,
                time: members.required("time")?,
                kind: {
                    let name: String = members.required("kind")?;
                    EventKind::from_members(name, members)?
                },
            })
        };
        read(&mut members).map_err(|error: serde_json::Error| D::Error::custom(error))
    }
}

impl EventKind {
    /// The members that follow `kind`.
    fn members(&self) -> Map<String, Value> {
        let value = match self {
            Self::Submitted {
                owner,
                operation,
                parameters,
                tenant_id,
                graph_id,
                confined_to,
                trace,
            } => {
                let mut members = json!({
                    "owner": owner,
                    "operation": operation,
                    "parameters": parameters,
                    "tenant_id": tenant_id,
                    "graph_id": graph_id,
                    "confined_to": confined_to,
                });
                if let Some(trace) = trace {
                    members["trace"] = json!(trace);
                }
                members
            }
            Self::Started { attempt } => json!({ "attempt": attempt }),
            Self::Progress {
                progress,
                step,
                counters,
            } => json!({ "progress": progress, "step": step, "counters": counters }),
            Self::Warning { message, suppressed } => json!({ "message": message, "suppressed": suppressed }),
            Self::AttemptFailed { attempt, error } => json!({ "attempt": attempt, "error": error }),
            // The operation's name makes the event readable to somebody who has not seen the first one.
            Self::Completed {
                output,
                completeness,
                artifacts,
            } => json!({
                "operation": output.operation(),
                "output": output.to_value(),
                "completeness": completeness,
                "artifacts": artifacts,
            }),
            Self::Failed { error } => json!({ "error": error }),
            Self::CancelRequested | Self::Cancelled => json!({}),
            Self::Unknown { data, .. } => return data.clone(),
        };
        match value {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }

    fn from_members(name: String, members: &mut Members) -> serde_json::Result<Self> {
        Ok(match name.as_str() {
            "submitted" => Self::Submitted {
                owner: members.required("owner")?,
                operation: members.required("operation")?,
                parameters: members.optional("parameters")?,
                tenant_id: members.optional("tenant_id")?,
                graph_id: members.optional("graph_id")?,
                confined_to: members.optional("confined_to")?,
                // Nothing of a job hangs on it: what this version cannot read is left out.
                trace: members.optional("trace").unwrap_or_default(),
            },
            "started" => Self::Started {
                attempt: members.required("attempt")?,
            },
            "progress" => Self::Progress {
                progress: members.required("progress")?,
                step: members.optional("step")?,
                counters: members.optional("counters")?,
            },
            "warning" => Self::Warning {
                message: members.required("message")?,
                suppressed: members.optional("suppressed")?,
            },
            "attempt_failed" => Self::AttemptFailed {
                attempt: members.required("attempt")?,
                error: members.required("error")?,
            },
            "cancel_requested" => Self::CancelRequested,
            "completed" => {
                let operation: String = members.required("operation")?;
                Self::Completed {
                    output: Box::new(Output::from_parts(&operation, members.optional("output")?)),
                    completeness: members.required("completeness")?,
                    artifacts: members.optional("artifacts")?,
                }
            }
            "failed" => Self::Failed {
                error: members.required("error")?,
            },
            "cancelled" => Self::Cancelled,
            _ => Self::Unknown {
                name,
                data: std::mem::take(&mut members.0),
            },
        })
    }
}

struct Members(Map<String, Value>);

impl Members {
    /// `shift_remove`, because the members that stay keep their order.
    fn take<T: DeserializeOwned>(&mut self, name: &str) -> serde_json::Result<Option<T>> {
        match self.0.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|error| serde_json::Error::custom(format!("`{name}`: {error}"))),
        }
    }

    fn required<T: DeserializeOwned>(&mut self, name: &str) -> serde_json::Result<T> {
        self.take(name)?
            .ok_or_else(|| serde_json::Error::custom(format!("an event without `{name}`")))
    }

    fn optional<T: DeserializeOwned + Default>(&mut self, name: &str) -> serde_json::Result<T> {
        self.take(name).map(Option::unwrap_or_default)
    }
}
