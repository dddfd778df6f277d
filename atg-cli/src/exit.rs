//! How a command ends: exit codes, and errors as people read them.

use std::{error::Error as StdError, fmt::Write as _, io, process::ExitCode};

use atg_sdk::{Error, ErrorKind, Result as SdkResult};

/// Done, but incomplete: some units or resources are missing, or an answer was cut.
pub(crate) const INCOMPLETE: u8 = 6;

/// How a command ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// All of it was done.
    Done,
    /// Some of it is missing, and the person has been told what.
    Incomplete,
    /// What was compared differs, and somebody asked to be told by the exit code.
    Different,
    /// The answer itself is bad news of that kind (`atg doctor`), and has been printed.
    Unwell(ErrorKind),
}

impl End {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Incomplete => INCOMPLETE,
            Self::Different => 1,
            Self::Unwell(kind) => kind.exit_code(),
        }
    }
}

/// Why a command stopped before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something went wrong.
    Failed(Error),
    /// Whoever read stdout has seen enough (`atg query … | head`): success.
    PipeClosed,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// For writing to stdout only: there a closed pipe is no error.
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::PipeClosed
        } else {
            Self::Failed(file_error("write to stdout", &error))
        }
    }
}

/// What every command returns.
pub(crate) type CommandResult = Result<End, Stop>;

/// The exit code of a command's result; an error is printed to stderr first.
pub(crate) fn conclude(doing: &str, result: CommandResult) -> ExitCode {
    match result {
        Ok(end) => ExitCode::from(end.code()),
        Err(Stop::PipeClosed) => ExitCode::SUCCESS,
        Err(Stop::Failed(error)) => {
            crate::stderr::write(&describe(doing, &error));
            ExitCode::from(error.kind().exit_code())
        }
    }
}

/// `error: failed to …: …`, with the chain of causes below.
fn describe(doing: &str, error: &Error) -> String {
    let mut text = format!("error: failed to {doing}: {error}\n");
    let mut said = error.to_string();
    let mut source = StdError::source(error);
    while let Some(cause) = source {
        let words = cause.to_string();
        // Many libraries repeat their cause in their own message; said once is enough.
        if !said.contains(&words) {
            let _ = writeln!(text, "  caused by: {words}");
            said.push_str(&words);
        }
        source = cause.source();
    }
    if let Some(id) = error.request_id() {
        let _ = writeln!(text, "  request id: {id}");
    }
    if error.is_retryable() {
        text.push_str("  the same command may succeed later\n");
    }
    if error.kind() == ErrorKind::Internal {
        text.push_str("  this is a defect of atg: please report it with the command and this message\n");
    }
    text
}

/// An error of the file system, by what the person can do about it.
pub(crate) fn file_error(doing: &str, error: &io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::PermissionDenied,
        io::ErrorKind::AlreadyExists => ErrorKind::Conflict,
        io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidInput => {
            ErrorKind::InvalidArgument
        }
        io::ErrorKind::InvalidData => ErrorKind::InvalidArgument,
        // What is left is a machine in trouble (a full disk, a bad sector, a lost mount), not a wrong command.
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("{doing}: {error}"))
}

/// The same, for a result.
pub(crate) trait FileContext<T> {
    /// Says what was being done, for example "read /tmp/a.json".
    fn doing(self, doing: impl FnOnce() -> String) -> SdkResult<T>;
}

impl<T> FileContext<T> for io::Result<T> {
    fn doing(self, doing: impl FnOnce() -> String) -> SdkResult<T> {
        self.map_err(|error| file_error(&doing(), &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_and_each_cause_one_more() {
        let inner = io::Error::other("disk I/O error");
        let error = Error::new(ErrorKind::Unavailable, "open the graph").with_source(inner);
        assert_eq!(
            describe("run the query", &error),
            "error: failed to run the query: open the graph\n  caused by: disk I/O error\n  the same command may succeed later\n"
        );
    }

    #[test]
    fn a_cause_that_was_said_already_is_not_repeated() {
        let inner = io::Error::other("disk full");
        let error = Error::new(ErrorKind::PermissionDenied, "write: disk full").with_source(inner);
        assert_eq!(
            describe("export", &error),
            "error: failed to export: write: disk full\n"
        );
    }

    #[test]
    fn a_closed_pipe_is_not_a_failure() {
        assert!(matches!(
            Stop::from(io::Error::from(io::ErrorKind::BrokenPipe)),
            Stop::PipeClosed
        ));
        assert!(matches!(Stop::from(io::Error::other("x")), Stop::Failed(_)));
    }

    #[test]
    fn ends_have_the_documented_codes() {
        assert_eq!(End::Done.code(), 0);
        assert_eq!(End::Different.code(), 1);
        assert_eq!(End::Incomplete.code(), 6);
        assert_eq!(End::Unwell(ErrorKind::Unauthenticated).code(), 3);
    }
}
