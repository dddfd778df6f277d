//! `self-test`.

use atg_sdk::{Error, ErrorKind, Result, model::operations::self_test::Parameters};

use crate::context::{Context, Ended};

pub(crate) async fn run(_parameters: Parameters, _context: &Context) -> Result<Ended> {
    Err(Error::new(
        ErrorKind::Unsupported,
        "run self-test: this build does not have it yet",
    ))
}
