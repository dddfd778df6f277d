//! All artifacts of a job as one zip file that is never written down.
//!
//! Its entries are stored, not compressed, in a fixed order with fixed times, so every byte of it follows from the
//! artifacts' names, sizes and checksums. One pass over the artifacts gives the checksums and the digest of the whole;
//! after that any range of the archive is made from the same range of the artifacts.

use std::{
    collections::{HashMap, VecDeque},
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use atg_sdk::{Artifact, ByteRange, Error, Executor, Job, JobId, Result};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

/// How many archives are remembered: a few hundred bytes for each artifact of each.
const KEPT: usize = 256;

/// Archives that were asked for lately.
#[derive(Debug, Default)]
pub(crate) struct Archives {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_job: HashMap<JobId, Arc<OnceCell<Arc<Archive>>>>,
    order: VecDeque<JobId>,
}

impl Archives {
    /// The archive of an ended job. The first call reads the artifacts once; those that come meanwhile wait for it.
    pub(super) async fn of(&self, executor: &Arc<dyn Executor>, job: &Job) -> Result<Arc<Archive>> {
        let cell = self.cell(job.id);
        cell.get_or_try_init(|| async { Archive::build(executor, job).await.map(Arc::new) })
            .await
            .cloned()
    }

    fn cell(&self, id: JobId) -> Arc<OnceCell<Arc<Archive>>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = known.by_job.get(&id) {
            return Arc::clone(cell);
        }
        if known.order.len() >= KEPT
            && let Some(oldest) = known.order.pop_front()
        {
            known.by_job.remove(&oldest);
        }
        known.order.push_back(id);
        Arc::clone(known.by_job.entry(id).or_default())
    }
}

/// A stretch of an archive.
#[derive(Debug, Clone)]
enum Piece {
    /// Headers.
    Bytes(Bytes),
    /// An artifact's content.
    Artifact { name: String, length: u64 },
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Artifact { length, .. } => *length,
        }
    }
}

/// The layout of a job's archive.
#[derive(Debug)]
pub(super) struct Archive {
    job: JobId,
    /// Each piece with the position at which it begins.
    pieces: Vec<(u64, Piece)>,
    length: u64,
    sha256: String,
}

impl Archive {
    async fn build(executor: &Arc<dyn Executor>, job: &Job) -> Result<Self> {
        let mut artifacts: Vec<&Artifact> = job.artifacts.iter().collect();
        artifacts.sort_by(|a, b| a.name.cmp(&b.name));
        let mut sums = Vec::with_capacity(artifacts.len());
        for artifact in &artifacts {
            let mut sum = crc32fast::Hasher::new();
            let mut chunks = executor.read_artifact(job.id, &artifact.name, None).await?.bytes;
            while let Some(chunk) = chunks.try_next().await? {
                sum.update(&chunk);
            }
            sums.push(sum.finalize());
        }
        let entries: Vec<_> = artifacts
            .iter()
            .map(|artifact| (artifact.name.as_str(), artifact.size_bytes))
            .collect();
        let (pieces, length) = layout(&entries, &sums);
        let mut archive = Self {
            job: job.id,
            pieces,
            length,
            sha256: String::new(),
        };
        let mut digest = Sha256::new();
        let mut chunks = archive.read(executor, 0..length).boxed();
        while let Some(chunk) = chunks.try_next().await? {
            digest.update(&chunk);
        }
        archive.sha256 = crate::keys::hex(&digest.finalize());
        Ok(archive)
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// These bytes of it.
    pub(super) fn read(
        &self,
        executor: &Arc<dyn Executor>,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
        let (executor, job) = (Arc::clone(executor), self.job);
        let wanted: Vec<(Piece, Range<u64>)> = self
            .pieces
            .iter()
            .filter_map(|(at, piece)| {
                let from = range.start.max(*at);
                let to = range.end.min(at + piece.length());
                (from < to).then(|| (piece.clone(), from - at..to - at))
            })
            .collect();
        stream::iter(wanted)
            .then(move |(piece, part)| {
                let executor = Arc::clone(&executor);
                async move { open(executor, job, piece, part).await }
            })
            .try_flatten()
    }
}

async fn open(
    executor: Arc<dyn Executor>,
    job: JobId,
    piece: Piece,
    part: Range<u64>,
) -> Result<stream::BoxStream<'static, Result<Bytes>>> {
    match piece {
        Piece::Bytes(bytes) => {
            let fits = |at: u64| {
                usize::try_from(at).map_err(|error| Error::internal("slice an archive").with_source(error))
            };
            let bytes = bytes.slice(fits(part.start)?..fits(part.end)?);
            Ok(stream::once(async move { Ok(bytes) }).boxed())
        }
        Piece::Artifact { name, .. } => {
            let range = ByteRange {
                start: part.start,
                end: Some(part.end),
            };
            Ok(executor.read_artifact(job, &name, Some(range)).await?.bytes)
        }
    }
}

/// 1980-01-01 00:00, the earliest that the format can say.
const TIME: (u16, u16) = (0, 0x0021);
const MAX32: u64 = 0xffff_ffff;

/// The pieces of a zip file of these entries (APPNOTE 6.3.10), zip64 where a number does not fit.
fn layout(entries: &[(&str, u64)], sums: &[u32]) -> (Vec<(u64, Piece)>, u64) {
    let mut pieces = Vec::with_capacity(entries.len() * 2 + 1);
    let mut at = 0;
    let mut directory = Vec::new();
    for ((name, size), sum) in entries.iter().zip(sums) {
        let head = local_header(name, *size, *sum);
        central_header(&mut directory, name, *size, *sum, at);
        for piece in [
            Piece::Bytes(head.into()),
            Piece::Artifact {
                name: (*name).to_owned(),
                length: *size,
            },
        ] {
            let length = piece.length();
            if length > 0 {
                pieces.push((at, piece));
            }
            at += length;
        }
    }
    let directory_length = directory.len() as u64;
    end_of_directory(&mut directory, entries.len() as u64, at, directory_length);
    let length = at + directory.len() as u64;
    pieces.push((at, Piece::Bytes(directory.into())));
    (pieces, length)
}

fn put16(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes());
}

fn put32(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

/// What both headers of an entry share: version, flags (UTF-8 names), method (stored), time, sum, sizes, name length.
fn common(out: &mut Vec<u8>, name: &str, size: u64, sum: u32, zip64: bool) {
    put16(out, if zip64 { 45 } else { 20 });
    put16(out, 1 << 11);
    put16(out, 0);
    put16(out, u64::from(TIME.0));
    put16(out, u64::from(TIME.1));
    put32(out, u64::from(sum));
    put32(out, size);
    put32(out, size);
    put16(out, name.len() as u64);
}

fn local_header(name: &str, size: u64, sum: u32) -> Vec<u8> {
    let zip64 = size >= MAX32;
    let mut out = Vec::with_capacity(50 + name.len());
    out.extend_from_slice(b"PK\x03\x04");
    common(&mut out, name, size, sum, zip64);
    put16(&mut out, if zip64 { 20 } else { 0 });
    out.extend_from_slice(name.as_bytes());
    if zip64 {
        put16(&mut out, 1);
        put16(&mut out, 16);
        out.extend_from_slice(&size.to_le_bytes());
        out.extend_from_slice(&size.to_le_bytes());
    }
    out
}

fn central_header(out: &mut Vec<u8>, name: &str, size: u64, sum: u32, offset: u64) {
    let mut extra = Vec::new();
    if size >= MAX32 {
        extra.extend_from_slice(&size.to_le_bytes());
        extra.extend_from_slice(&size.to_le_bytes());
    }
    if offset >= MAX32 {
        extra.extend_from_slice(&offset.to_le_bytes());
    }
    let zip64 = !extra.is_empty();
    out.extend_from_slice(b"PK\x01\x02");
    put16(out, 3 << 8 | if zip64 { 45 } else { 20 });
    common(out, name, size, sum, zip64);
    put16(out, if zip64 { 4 + extra.len() as u64 } else { 0 });
    put16(out, 0);
    put16(out, 0);
    put16(out, 0);
    // A regular file that everybody may read.
    put32(out, 0o100_644 << 16);
    put32(out, offset);
    out.extend_from_slice(name.as_bytes());
    if zip64 {
        put16(out, 1);
        put16(out, extra.len() as u64);
        out.extend_from_slice(&extra);
    }
}

fn end_of_directory(out: &mut Vec<u8>, entries: u64, offset: u64, length: u64) {
    if entries >= 0xffff || offset >= MAX32 || length >= MAX32 {
        out.extend_from_slice(b"PK\x06\x06");
        out.extend_from_slice(&44_u64.to_le_bytes());
        put16(out, 3 << 8 | 45);
        put16(out, 45);
        put32(out, 0);
        put32(out, 0);
        for number in [entries, entries, length, offset] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(b"PK\x06\x07");
        put32(out, 0);
        out.extend_from_slice(&(offset + length).to_le_bytes());
        put32(out, 1);
    }
    out.extend_from_slice(b"PK\x05\x06");
    put16(out, 0);
    put16(out, 0);
    put16(out, entries);
    put16(out, entries);
    put32(out, length);
    put32(out, offset);
    put16(out, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_follow_each_other_without_a_gap() {
        let (pieces, length) = layout(&[("a", 3), ("b/c", 0), ("é", 5 << 32)], &[1, 2, 3]);
        let mut at = 0;
        for (start, piece) in &pieces {
            assert_eq!(*start, at);
            at += piece.length();
        }
        assert_eq!(at, length);
    }

    #[test]
    fn large_entries_and_late_ones_use_zip64() {
        let (pieces, _) = layout(&[("big", 5 << 32), ("late", 1)], &[1, 2]);
        let Piece::Bytes(head) = &pieces[0].1 else {
            panic!("headers come first")
        };
        assert_eq!(&head[18..26], &[0xff; 8]);
        let Piece::Bytes(directory) = &pieces.last().unwrap().1 else {
            panic!("the directory comes last")
        };
        assert!(directory.windows(4).any(|bytes| bytes == b"PK\x06\x06"));
        assert!(
            directory
                .windows(8)
                .any(|bytes| bytes == (5_u64 << 32).to_le_bytes())
        );
    }
}
