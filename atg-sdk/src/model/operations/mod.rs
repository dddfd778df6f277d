//! The operations: for each, its parameters and its output, side by side in one file.

pub mod diff;
pub mod export;
pub mod generate_iac;
pub mod import;
pub mod query;
#[cfg(feature = "rehearsal")]
pub mod rehearsal;
pub mod scan;
pub mod self_test;

use serde_json::Value;

use crate::{Error, azure::TenantId, model::InputDigest};

macro_rules! operations {
    ($($(#[$meta:meta])* $variant:ident, $name:literal, $module:ident;)*) => {
        /// What can be asked of an executor.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Operation {
            $($(#[$meta])* #[doc = concat!("`", $name, "`")] $variant($module::Parameters),)*
        }

        /// What a completed operation answers.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Output {
            $($(#[$meta])* #[doc = concat!("Of `", $name, "`")] $variant($module::Output),)*
            /// Of an operation, or of a shape, that this version does not know: kept as it came.
            Unknown {
                /// The operation's name.
                operation: String,
                /// The output.
                value: Value,
            },
        }

        impl Operation {
            /// The names of all operations of this build.
            pub const NAMES: &'static [&'static str] = &[$($(#[$meta])* $name,)*];

            /// The name in routes, on the wire and on the command line.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $($(#[$meta])* Self::$variant(_) => $name,)*
                }
            }

            /// The parameters as they travel, defaults filled in.
            #[must_use]
            pub fn parameters(&self) -> Value {
                let value = match self {
                    $($(#[$meta])* Self::$variant(parameters) => serde_json::to_value(parameters),)*
                };
                // Parameters are plain data with string keys, which cannot fail to serialise.
                value.unwrap_or_default()
            }

            /// Reads parameters strictly: an unknown or invalid member is refused by name.
            ///
            /// # Errors
            /// `NotFound` for an unknown operation, `InvalidArgument` for its parameters.
            pub fn from_parts(name: &str, parameters: Value) -> Result<Self, Error> {
                match name {
                    $($(#[$meta])* $name => serde_json::from_value(parameters)
                        .map(Self::$variant)
                        .map_err(|error| Error::invalid(format!("read the parameters of {name}: {error}"))),)*
                    _ => Err(Error::not_found(format!("`{}` is not an operation of this version", name.escape_debug()))),
                }
            }

            /// The tenant the operation is about, where it is about one.
            #[must_use]
            pub fn tenant_id(&self) -> Option<TenantId> {
                match self {
                    $($(#[$meta])* Self::$variant(parameters) => parameters.tenant_id,)*
                }
            }

            /// The inputs that the operation reads.
            #[must_use]
            pub fn inputs(&self) -> Vec<&InputDigest> {
                match self {
                    $($(#[$meta])* Self::$variant(parameters) => parameters.inputs(),)*
                }
            }
        }

        /// The JSON Schemas of all operations of this build; what they refer to is left in the generator.
        #[cfg(feature = "schema")]
        pub fn schemas(generator: &mut schemars::SchemaGenerator) -> Vec<OperationSchema> {
            vec![$($(#[$meta])* OperationSchema {
                name: $name,
                parameters: generator.subschema_for::<$module::Parameters>(),
                output: generator.subschema_for::<$module::Output>(),
            },)*]
        }

        impl Output {
            /// The name of the operation whose output it is.
            #[must_use]
            pub fn operation(&self) -> &str {
                match self {
                    $($(#[$meta])* Self::$variant(_) => $name,)*
                    Self::Unknown { operation, .. } => operation,
                }
            }

            /// The output as it travels.
            #[must_use]
            pub fn to_value(&self) -> Value {
                match self {
                    $($(#[$meta])* Self::$variant(output) => serde_json::to_value(output).unwrap_or_default(),)*
                    Self::Unknown { value, .. } => value.clone(),
                }
            }

            /// Reads the output of the named operation; what this version cannot read is kept as it came.
            #[must_use]
            pub fn from_parts(operation: &str, value: Value) -> Self {
                let known = match operation {
                    $($(#[$meta])* $name => serde_json::from_value(value.clone()).ok().map(Self::$variant),)*
                    _ => None,
                };
                known.unwrap_or_else(|| Self::Unknown { operation: operation.to_owned(), value })
            }
        }
    };
}

/// What an operation takes and answers, as JSON Schema 2020-12.
#[cfg(feature = "schema")]
#[derive(Debug, Clone)]
pub struct OperationSchema {
    /// The operation.
    pub name: &'static str,
    /// Of the request's body.
    pub parameters: schemars::Schema,
    /// Of a job's `output`.
    pub output: schemars::Schema,
}

operations! {
    Scan, "scan", scan;
    Query, "query", query;
    Diff, "diff", diff;
    Export, "export", export;
    Import, "import", import;
    GenerateIac, "generate-iac", generate_iac;
    SelfTest, "self-test", self_test;
    #[cfg(feature = "rehearsal")] Rehearsal, "rehearsal", rehearsal;
}

impl Operation {
    /// Every tenant that the parameters name, whatever for: whoever asks must be allowed all of them.
    #[must_use]
    pub fn named_tenants(&self) -> Vec<TenantId> {
        let further: Vec<TenantId> = match self {
            Self::Diff(parameters) => parameters
                .sides()
                .filter_map(|(_, side)| match side {
                    diff::Side::TenantId(tenant) => Some(*tenant),
                    diff::Side::ScanId(_) | diff::Side::Input(_) => None,
                })
                .collect(),
            Self::GenerateIac(parameters) => parameters.target_tenant_id.into_iter().collect(),
            Self::Scan(_) | Self::Query(_) | Self::Export(_) | Self::Import(_) | Self::SelfTest(_) => {
                Vec::new()
            }
            #[cfg(feature = "rehearsal")]
            Self::Rehearsal(_) => Vec::new(),
        };
        self.tenant_id().into_iter().chain(further).collect()
    }
}
