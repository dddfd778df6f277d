//! Files as a source: JSON Lines, arrays and answers of Azure's APIs, packed or not.

mod bytes;
mod document;
mod lines;
mod sniff;
mod text;

#[cfg(test)]
mod tests;

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use atg_sdk::{Error, Result};
use tokio::{sync::mpsc, task};

use self::{bytes::Bytes, document::Documents, text::Text};
pub(crate) use self::{bytes::Packing, sniff::Layout};
use super::{Batch, Position, Problem, ResourceSource};
use crate::InputFile;

/// How much is held at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// A larger object is refused by its place. Azure's own limit for a resource is 4 MiB.
    pub element_bytes: usize,
    /// A batch ends with the object that reaches this.
    pub batch_bytes: usize,
    /// And with this many objects.
    pub batch_elements: usize,
    /// How much is read from the file at once.
    pub read_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            element_bytes: 16 * 1024 * 1024,
            batch_bytes: 1024 * 1024,
            batch_elements: 1_000,
            read_bytes: 256 * 1024,
        }
    }
}

impl Limits {
    fn too_long(&self) -> String {
        format!(
            "longer than the limit of {} MiB for one object",
            self.element_bytes / (1024 * 1024)
        )
    }
}

/// The text of a file, unpacked. Blocks.
///
/// # Errors
/// `InvalidArgument` for what is evidently something else.
pub(crate) fn unpacked(file: &InputFile) -> Result<impl Read + Send + use<>> {
    Bytes::new(file.open()?, Arc::default(), Arc::default())
}

/// Splits a text into the objects that it holds, whatever its layout.
#[derive(Debug)]
struct Splitter<R> {
    text: Text<R>,
    layout: Layout,
    documents: Documents,
    limits: Limits,
}

impl<R: Read> Splitter<R> {
    /// Finds out what the text is.
    fn new(reader: R, limits: Limits) -> Result<Self> {
        let mut text = Text::new(reader, limits.read_bytes);
        let layout = sniff::sniff(&mut text)?;
        Ok(Self {
            text,
            layout,
            documents: Documents::new(),
            limits,
        })
    }

    fn next(&mut self) -> Result<Option<Batch>> {
        let batch = match self.layout {
            Layout::Lines => lines::next_batch(&mut self.text, &self.limits),
            Layout::Documents => self.documents.next_batch(&mut self.text, &self.limits)?,
        };
        if batch.is_some() {
            return Ok(batch);
        }
        let Some(damage) = self.text.take_damage() else {
            return Ok(None);
        };
        match bytes::file_error(damage) {
            Ok(error) => Err(error),
            Err(damage) => Ok(Some(Batch {
                problems: vec![Problem::of_source(format!(
                    "the packed data is damaged or cut off: what lies behind line {} could not be read ({damage})",
                    self.text.line,
                ))],
                ..Batch::default()
            })),
        }
    }
}

/// A file that is being read on a thread of its own.
#[derive(Debug)]
pub(crate) struct RecordedSource {
    batches: mpsc::Receiver<Result<Batch>>,
    packing: Packing,
    layout: Layout,
    bytes_read: Arc<AtomicU64>,
    bytes_total: u64,
    stop: Arc<AtomicBool>,
}

impl RecordedSource {
    /// Opens a file and finds out what it is.
    ///
    /// # Errors
    /// `InvalidArgument` for what holds nothing, is not JSON, or is something else altogether.
    pub(crate) async fn open(file: InputFile, limits: Limits) -> Result<Self> {
        let bytes_read = Arc::new(AtomicU64::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let bytes_total = file.size_bytes;
        let (read, stopped) = (Arc::clone(&bytes_read), Arc::clone(&stop));
        let opened = task::spawn_blocking(move || {
            let bytes = Bytes::new(file.open()?, read, stopped)?;
            let packing = bytes.packing();
            Ok::<_, Error>((Splitter::new(bytes, limits)?, packing))
        });
        let (splitter, packing) = opened.await.map_err(|error| {
            Error::internal("read the input: its reader stopped unexpectedly").with_source(error)
        })??;
        let layout = splitter.layout;
        // One batch waits while another is being described: enough to keep both threads busy.
        let (sender, batches) = mpsc::channel(1);
        task::spawn_blocking(move || hand_out(splitter, &sender));
        Ok(Self {
            batches,
            packing,
            layout,
            bytes_read,
            bytes_total,
            stop,
        })
    }

    /// How the file is packed.
    pub(crate) fn packing(&self) -> Packing {
        self.packing
    }

    /// How it holds its objects.
    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }
}

impl Drop for RecordedSource {
    fn drop(&mut self) {
        // A reader in the middle of an endless line hands nothing out and would not notice that nobody listens.
        self.stop.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl ResourceSource for RecordedSource {
    async fn next(&mut self) -> Result<Option<Batch>> {
        self.batches.recv().await.transpose()
    }

    fn position(&self) -> Position {
        Position {
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
            bytes_total: self.bytes_total,
        }
    }
}

/// Reads to the end, or until nobody listens any more.
fn hand_out(mut splitter: Splitter<Bytes>, batches: &mpsc::Sender<Result<Batch>>) {
    while let Some(batch) = splitter.next().transpose() {
        let failed = batch.is_err();
        if batches.blocking_send(batch).is_err() || failed {
            return;
        }
    }
}
