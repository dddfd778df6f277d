//! `scan`.

use atg_sdk::{Error, ErrorKind, Result, model::operations::scan::Parameters};

use crate::context::{Context, Ended};

pub(crate) async fn run(_parameters: Parameters, _context: &Context) -> Result<Ended> {
    Err(Error::new(
        ErrorKind::Unsupported,
        "run scan: this build does not have it yet",
    ))
}
