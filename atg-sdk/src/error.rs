//! One error struct with a closed kind.
//!
//! The kind alone decides the HTTP status, the exit code, the Python class and whether a retry may help.

use std::{error::Error as StdError, fmt};

use serde::{Deserialize, Serialize};

/// What the SDK's fallible calls return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something failed. Closed on purpose: a new kind does not compile until every consumer has answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A parameter is missing, malformed or contradicts another.
    InvalidArgument,
    /// No credential, or one that was not accepted.
    Unauthenticated,
    /// The credential is known and may not do this.
    PermissionDenied,
    /// The thing does not exist, or the caller may not know that it does.
    NotFound,
    /// The state of the thing forbids the call.
    Conflict,
    /// It existed, and its time of keeping is over.
    Gone,
    /// The input is larger than the limit.
    TooLarge,
    /// A valid request that this build, store or format cannot serve.
    Unsupported,
    /// Too many calls; the same call may succeed later.
    Throttled,
    /// A part that the call needs cannot be reached; the same call may succeed later.
    Unavailable,
    /// The time limit passed; the same call may succeed later.
    Timeout,
    /// Somebody asked for the work to stop, and it did.
    Cancelled,
    /// A defect of ATG.
    #[default]
    Internal,
}

impl ErrorKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 13] = [
        Self::InvalidArgument,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::NotFound,
        Self::Conflict,
        Self::Gone,
        Self::TooLarge,
        Self::Unsupported,
        Self::Throttled,
        Self::Unavailable,
        Self::Timeout,
        Self::Cancelled,
        Self::Internal,
    ];

    /// The name on the wire, for example `NotFound`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "InvalidArgument",
            Self::Unauthenticated => "Unauthenticated",
            Self::PermissionDenied => "PermissionDenied",
            Self::NotFound => "NotFound",
            Self::Conflict => "Conflict",
            Self::Gone => "Gone",
            Self::TooLarge => "TooLarge",
            Self::Unsupported => "Unsupported",
            Self::Throttled => "Throttled",
            Self::Unavailable => "Unavailable",
            Self::Timeout => "Timeout",
            Self::Cancelled => "Cancelled",
            Self::Internal => "Internal",
        }
    }

    /// The kind of that name; `None` for one that this version does not know.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the same call may succeed later without a change by the caller.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::Throttled | Self::Unavailable | Self::Timeout => true,
            Self::InvalidArgument
            | Self::Unauthenticated
            | Self::PermissionDenied
            | Self::NotFound
            | Self::Conflict
            | Self::Gone
            | Self::TooLarge
            | Self::Unsupported
            | Self::Cancelled
            | Self::Internal => false,
        }
    }

    /// The exit code of a command that ends with this kind of error.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::InvalidArgument | Self::TooLarge | Self::Unsupported => 2,
            Self::Unauthenticated | Self::PermissionDenied => 3,
            Self::NotFound | Self::Conflict | Self::Gone => 4,
            Self::Throttled | Self::Unavailable | Self::Timeout => 5,
            Self::Cancelled => 130,
            Self::Internal => 70,
        }
    }

    /// The HTTP status of an answer with this kind of error. `InvalidArgument` is 422; a body that is not JSON is
    /// answered 400 by the HTTP layer itself.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InvalidArgument | Self::Unsupported => 422,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::Conflict | Self::Cancelled => 409,
            Self::Gone => 410,
            Self::TooLarge => 413,
            Self::Throttled => 429,
            Self::Unavailable => 503,
            Self::Timeout => 504,
            Self::Internal => 500,
        }
    }

    /// The kind for an answer that does not name one: a proxy's, usually.
    #[must_use]
    pub const fn from_http_status(status: u16) -> Self {
        match status {
            400 | 405 | 406 | 411 | 415 | 422 => Self::InvalidArgument,
            401 | 407 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            409 => Self::Conflict,
            410 => Self::Gone,
            413 | 414 | 431 => Self::TooLarge,
            429 => Self::Throttled,
            502 | 503 => Self::Unavailable,
            408 | 504 => Self::Timeout,
            _ => Self::Internal,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One invalid member of a request: where it is (a JSON pointer, RFC 6901) and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// For example `/filter_config/include/types/0`.
    pub pointer: String,
    /// A fragment that fits after the field's name.
    pub detail: String,
}

/// What went wrong: a kind that machines act on, and words for the person.
///
/// The message is a lower-case fragment that fits after "failed to …", does not repeat its source, and says what the
/// person can do next.
///
/// One pointer wide, so that a `Result` costs its callers nothing.
pub struct Error(Box<Inner>);

#[derive(Default)]
struct Inner {
    kind: ErrorKind,
    /// The kind's name as another version sent it, when this version does not know it.
    foreign_kind: Option<String>,
    code: Option<String>,
    message: String,
    retryable: bool,
    fields: Vec<FieldError>,
    request_id: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of that kind, saying what happened and what to do about it.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            retryable: kind.is_retryable(),
            ..Inner::default()
        }))
    }

    /// Shorthand for [`ErrorKind::InvalidArgument`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    /// Shorthand for [`ErrorKind::NotFound`].
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// Shorthand for [`ErrorKind::Conflict`].
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// Shorthand for [`ErrorKind::Internal`].
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Shorthand for [`ErrorKind::Cancelled`].
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "the job was cancelled")
    }

    /// Adds the error that caused this one. It is shown to people and logs, and does not travel.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds a finer word than the kind, for example `JobFailed` or an Azure error code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Says whether the same call may succeed later, where the kind alone does not decide it.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Adds an invalid member of the request.
    #[must_use]
    pub fn with_field(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.0.fields.push(FieldError {
            pointer: pointer.into(),
            detail: detail.into(),
        });
        self
    }

    /// Adds the id under which the other side logged the call.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// What machines act on. An unknown kind from another version acts as [`ErrorKind::Internal`].
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The kind's name, as the sender spelled it.
    #[must_use]
    pub fn kind_name(&self) -> &str {
        self.0.foreign_kind.as_deref().unwrap_or(self.0.kind.name())
    }

    /// A finer word than the kind; the kind's name where there is none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.0.code.as_deref().unwrap_or_else(|| self.kind_name())
    }

    /// What happened, in words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the same call may succeed later. From another process: what the sender said.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// All invalid members of the request, where that is what went wrong.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// The id under which the other side logged the call.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        for field in &self.0.fields {
            write!(f, "; {}: {}", field.pointer, field.detail)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.kind_name())
            .field("message", &self.0.message);
        if let Some(code) = &self.0.code {
            out.field("code", code);
        }
        if !self.0.fields.is_empty() {
            out.field("fields", &self.0.fields);
        }
        if let Some(source) = &self.0.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

/// The copy has no source: a source is for the process that met it.
impl Clone for Error {
    fn clone(&self) -> Self {
        let inner = &self.0;
        Self(Box::new(Inner {
            kind: inner.kind,
            foreign_kind: inner.foreign_kind.clone(),
            code: inner.code.clone(),
            message: inner.message.clone(),
            retryable: inner.retryable,
            fields: inner.fields.clone(),
            request_id: inner.request_id.clone(),
            source: None,
        }))
    }
}

/// Equal as seen on the wire: sources do not count.
impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        self.kind_name() == other.kind_name()
            && self.code() == other.code()
            && self.0.message == other.0.message
            && self.0.retryable == other.0.retryable
            && self.0.fields == other.0.fields
            && self.0.request_id == other.0.request_id
    }
}

/// The shape on the wire: a job's `error` member.
#[derive(Serialize, Deserialize)]
struct WireError {
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default)]
    detail: String,
    /// Left out by nobody we know; then what the kind says.
    #[serde(default)]
    retryable: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Serialize for Error {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WireError {
            kind: self.kind_name().to_owned(),
            code: Some(self.code().to_owned()),
            detail: self.0.message.clone(),
            retryable: Some(self.0.retryable),
            errors: self.0.fields.clone(),
            request_id: self.0.request_id.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Error {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = WireError::deserialize(deserializer)?;
        Ok(Self::from_wire(
            wire.kind,
            wire.code,
            wire.detail,
            wire.retryable,
            wire.errors,
            wire.request_id,
        ))
    }
}

impl Error {
    /// An error as another process sent it: an unknown kind acts as `Internal` and keeps its name.
    pub(crate) fn from_wire(
        kind: String,
        code: Option<String>,
        message: String,
        retryable: Option<bool>,
        fields: Vec<FieldError>,
        request_id: Option<String>,
    ) -> Self {
        let known = ErrorKind::from_name(&kind);
        Self(Box::new(Inner {
            kind: known.unwrap_or_default(),
            code: code.filter(|code| *code != kind),
            foreign_kind: known.is_none().then_some(kind),
            message,
            retryable: retryable.unwrap_or(known.unwrap_or_default().is_retryable()),
            fields,
            request_id,
            source: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn every_kind_has_a_name_that_leads_back_to_it() {
        for kind in ErrorKind::ALL {
            assert_eq!(ErrorKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(ErrorKind::from_name("notfound"), None);
    }

    /// The table of the contract, in full: kind, HTTP status, exit code, whether a retry may help.
    #[test]
    fn the_kind_alone_decides() {
        let table = [
            ("InvalidArgument", 422, 2, false),
            ("Unauthenticated", 401, 3, false),
            ("PermissionDenied", 403, 3, false),
            ("NotFound", 404, 4, false),
            ("Conflict", 409, 4, false),
            ("Gone", 410, 4, false),
            ("TooLarge", 413, 2, false),
            ("Unsupported", 422, 2, false),
            ("Throttled", 429, 5, true),
            ("Unavailable", 503, 5, true),
            ("Timeout", 504, 5, true),
            ("Cancelled", 409, 130, false),
            ("Internal", 500, 70, false),
        ];
        let actual = ErrorKind::ALL.map(|kind| {
            (
                kind.name(),
                kind.http_status(),
                kind.exit_code(),
                kind.is_retryable(),
            )
        });
        assert_eq!(actual, table);
    }

    #[test]
    fn an_unknown_kind_acts_as_internal_and_is_written_as_it_was_read() {
        let wire = r#"{"kind":"Paused","code":"Paused","detail":"go on","retryable":true}"#;
        let error: Error = serde_json::from_str(wire).unwrap();
        assert_eq!((error.kind(), error.kind_name()), (ErrorKind::Internal, "Paused"));
        assert!(error.is_retryable(), "the sender knows");
        assert_eq!(serde_json::to_string(&error).unwrap(), wire);
    }

    #[test]
    fn a_source_is_shown_and_does_not_travel() {
        let error = Error::internal("read the file").with_source(std::io::Error::other("disk on fire"));
        assert!(format!("{error:?}").contains("disk on fire"));
        assert_eq!(
            StdError::source(&error).map(ToString::to_string).as_deref(),
            Some("disk on fire")
        );
        assert!(!serde_json::to_string(&error).unwrap().contains("fire"));
        assert!(StdError::source(&error.clone()).is_none());
        assert_eq!(error.clone(), error);
    }

    #[test]
    fn invalid_fields_are_named_in_words() {
        let error = Error::invalid("read the parameters").with_field("/row_limit", "must be at least 1");
        assert_eq!(
            error.to_string(),
            "read the parameters; /row_limit: must be at least 1"
        );
    }
}
