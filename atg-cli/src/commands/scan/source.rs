//! The file, or stream, that a command reads.

use std::{fs, fs::File, path::Path};

use atg_sdk::{Error, InputContent, Result};
use futures::StreamExt as _;
use tokio::io::AsyncRead;
use tokio_util::io::ReaderStream;

use crate::exit::{FileContext as _, file_error};

/// A pipe holds no more at once; a larger buffer would only wait.
const CHUNK: usize = 64 * 1024;

/// Opens what is to be read, before any job is made for it: a file that lies somewhere stays there, what can be read
/// only once is handed to the executor as a stream, which keeps a copy.
pub(crate) async fn open(from: &Path) -> Result<InputContent> {
    if from == Path::new("-") {
        return Ok(stream(tokio::io::stdin(), "read standard input".to_owned()));
    }
    let doing = || format!("read {}", from.display());
    let metadata = fs::metadata(from).doing(doing)?;
    if metadata.is_dir() {
        return Err(Error::invalid(format!(
            "read {}: it is a directory; pass one file, or join several: cat DIR/*.jsonl | atg scan --from -",
            from.display()
        )));
    }
    if metadata.is_file() {
        // Opened once, so that a file that may not be read is an error of this command and not of a job.
        File::open(from).doing(doing)?;
        return Ok(InputContent::File(from.to_owned()));
    }
    // A pipe, as `--from <(zcat export.gz)` makes it.
    let pipe = tokio::fs::File::open(from).await.doing(doing)?;
    Ok(stream(pipe, doing()))
}

fn stream(from: impl AsyncRead + Send + 'static, doing: String) -> InputContent {
    let chunks = ReaderStream::with_capacity(from, CHUNK);
    InputContent::Stream(
        chunks
            .map(move |chunk| chunk.map_err(|error| file_error(&doing, &error)))
            .boxed(),
    )
}
