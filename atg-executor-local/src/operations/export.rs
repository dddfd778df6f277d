//! `export`.

use atg_sdk::{Error, ErrorKind, Result, model::operations::export::Parameters};

use crate::context::{Context, Ended};

pub(crate) async fn run(_parameters: Parameters, _context: &Context) -> Result<Ended> {
    Err(Error::new(
        ErrorKind::Unsupported,
        "run export: this build does not have it yet",
    ))
}
