//! Words for people.

use std::io::{self, Write};

/// Writes to stderr. When nobody can read it there is nobody to tell, so a failure is ignored.
pub(crate) fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}
