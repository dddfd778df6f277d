//! Checks a request's body against the schema of its operation: every mistake is named, all at once.

use std::{collections::HashMap, fmt};

use atg_sdk::{FieldError, model::operations};
use jsonschema::{Validator, error::ValidationErrorKind};
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The compiled schemas of all operations' parameters.
pub(crate) struct Schemas {
    by_operation: HashMap<&'static str, Validator>,
}

/// More than that many mistakes are not worth sending.
const MAX_ERRORS: usize = 100;

impl Schemas {
    pub(crate) fn new() -> Self {
        let mut generator = SchemaSettings::draft2020_12().into_generator();
        let operations = operations::schemas(&mut generator);
        let definitions = Value::Object(generator.take_definitions(true));
        let compile = |schema: operations::OperationSchema| {
            let mut whole = schema.parameters.to_value();
            whole["$defs"] = definitions.clone();
            let validator = jsonschema::options().should_validate_formats(true).build(&whole);
            // The schemas come from types of this build: one that does not compile fails every test of this file.
            debug_assert!(
                validator.is_ok(),
                "{}: {:?}",
                schema.name,
                validator.as_ref().err()
            );
            Some((schema.name, validator.ok()?))
        };
        Self {
            by_operation: operations.into_iter().filter_map(compile).collect(),
        }
    }

    /// What is wrong with a body. Values are not repeated: they may be secret.
    pub(super) fn check(&self, operation: &str, body: &Value) -> Vec<FieldError> {
        let Some(validator) = self.by_operation.get(operation) else {
            return Vec::new();
        };
        let mut found: Vec<FieldError> = Vec::new();
        for error in validator.iter_errors(body).take(MAX_ERRORS) {
            let at = error.instance_path().to_string();
            match error.kind() {
                ValidationErrorKind::AdditionalProperties { unexpected } => {
                    let names = unexpected.iter().map(|name| FieldError {
                        pointer: format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")),
                        detail: "is not a member of this operation's parameters".to_owned(),
                    });
                    found.extend(names);
                }
                // What may be left out is this or null: what is wrong with it is what it says of this.
                ValidationErrorKind::AnyOf { context } => {
                    let meant = context
                        .iter()
                        .flatten()
                        .find(|error| !matches!(error.kind(), ValidationErrorKind::Type { .. }));
                    found.push(FieldError {
                        pointer: meant.map_or(at, |meant| meant.instance_path().to_string()),
                        detail: meant.unwrap_or(&error).masked().to_string(),
                    });
                }
                _ => found.push(FieldError {
                    pointer: at,
                    detail: error.masked().to_string(),
                }),
            }
        }
        found.truncate(MAX_ERRORS);
        found
    }
}

impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Schemas")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_mistake_is_named_at_once() {
        let body = json!({
            "tenant_id": "no guid", "resource_limit": -1, "surprise": 1,
            "filter_config": { "include": { "types": "Microsoft.Web/*", "typo": [] } }
        });
        let found = Schemas::new().check("scan", &body);
        let pointers: Vec<_> = found.iter().map(|error| error.pointer.as_str()).collect();
        for pointer in [
            "/tenant_id",
            "/resource_limit",
            "/surprise",
            "/filter_config/include/types",
            "/filter_config/include/typo",
        ] {
            assert!(pointers.contains(&pointer), "{pointer} in {found:?}");
        }
    }

    #[test]
    fn what_may_be_left_out_is_told_what_it_should_be() {
        let found = Schemas::new().check("scan", &json!({ "tenant_id": "no guid" }));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].pointer, "/tenant_id");
        assert!(found[0].detail.contains("uuid"), "{found:?}");
        assert_eq!(Schemas::new().check("scan", &json!({ "tenant_id": 7 })).len(), 1);
    }

    #[test]
    fn values_are_not_repeated() {
        let found = Schemas::new().check("scan", &json!({ "tenant_id": "hunter2", "no_wait": "hunter2" }));
        assert_eq!(found.len(), 2);
        assert!(!format!("{found:?}").contains("hunter2"));
    }

    #[test]
    fn defaults_are_valid_for_every_operation() {
        let schemas = Schemas::new();
        for name in atg_sdk::Operation::NAMES {
            let operation = atg_sdk::Operation::from_parts(name, json!({})).unwrap();
            assert_eq!(schemas.check(name, &operation.parameters()), Vec::new(), "{name}");
            assert_eq!(schemas.check(name, &json!({})), Vec::new(), "{name}");
        }
    }
}
