//! Sorting more lines than memory should hold: sorted runs on the disk, merged when they are read.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::File,
    io::{BufReader, Read, Seek as _, Write},
    path::{Path, PathBuf},
};

use atg_sdk::Result;
use zstd::{Decoder, Encoder};

use crate::fault::io_error;

/// What a run takes in memory before it goes to the disk.
const RUN_BYTES: usize = 48 << 20;

const DOING: &str = "sort the export";

/// A line and what it is ordered by.
pub(crate) type Keyed<const N: usize> = ([String; N], String);

/// Takes lines in any order. `N` is how many texts order them.
pub(crate) struct Sorter<const N: usize> {
    directory: PathBuf,
    run: Vec<Keyed<N>>,
    bytes: usize,
    runs: Vec<File>,
}

impl<const N: usize> Sorter<N> {
    /// One that writes below that directory, into files without names.
    pub(crate) fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            run: Vec::new(),
            bytes: 0,
            runs: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, line: Keyed<N>) -> Result<()> {
        self.bytes += line.1.len() + line.0.iter().map(String::len).sum::<usize>() + 24 * (N + 1);
        self.run.push(line);
        if self.bytes < RUN_BYTES {
            return Ok(());
        }
        self.spill()
    }

    fn spill(&mut self) -> Result<()> {
        let failed = |error| io_error(DOING, &self.directory, error);
        self.run.sort_unstable();
        self.bytes = 0;
        let file = tempfile::tempfile_in(&self.directory).map_err(failed)?;
        let mut out = Encoder::new(file, 1).map_err(failed)?;
        for (key, line) in self.run.drain(..) {
            for text in key.iter().chain([&line]) {
                write_text(&mut out, text).map_err(failed)?;
            }
        }
        let mut file = out.finish().map_err(failed)?;
        file.rewind().map_err(failed)?;
        self.runs.push(file);
        Ok(())
    }

    /// All lines in order.
    pub(crate) fn sorted(mut self) -> Result<Sorted<N>> {
        self.run.sort_unstable();
        let mut sources: Vec<Source<N>> = vec![Source::Memory(std::mem::take(&mut self.run).into_iter())];
        for file in self.runs.drain(..) {
            let decoder = Decoder::new(file).map_err(|error| io_error(DOING, &self.directory, error))?;
            sources.push(Source::Run(BufReader::with_capacity(1 << 16, Box::new(decoder))));
        }
        let mut sorted = Sorted {
            directory: self.directory,
            heads: BinaryHeap::with_capacity(sources.len()),
            sources,
        };
        for index in 0..sorted.sources.len() {
            sorted.refill(index)?;
        }
        Ok(sorted)
    }
}

enum Source<const N: usize> {
    Memory(std::vec::IntoIter<Keyed<N>>),
    Run(BufReader<Box<dyn Read + Send>>),
}

/// Hands the lines out in order.
pub(crate) struct Sorted<const N: usize> {
    directory: PathBuf,
    heads: BinaryHeap<Reverse<(Keyed<N>, usize)>>,
    sources: Vec<Source<N>>,
}

impl<const N: usize> Sorted<N> {
    pub(crate) fn next(&mut self) -> Result<Option<Keyed<N>>> {
        let Some(Reverse((line, source))) = self.heads.pop() else {
            return Ok(None);
        };
        self.refill(source)?;
        Ok(Some(line))
    }

    fn refill(&mut self, index: usize) -> Result<()> {
        let line = match self.sources.get_mut(index) {
            None => None,
            Some(Source::Memory(lines)) => lines.next(),
            Some(Source::Run(run)) => {
                read_line(run).map_err(|error| io_error(DOING, &self.directory, error))?
            }
        };
        if let Some(line) = line {
            self.heads.push(Reverse((line, index)));
        }
        Ok(())
    }
}

fn write_text(out: &mut impl Write, text: &str) -> std::io::Result<()> {
    let length = u32::try_from(text.len()).map_err(std::io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(text.as_bytes())
}

/// `None` at the end.
fn read_line<const N: usize>(run: &mut impl Read) -> std::io::Result<Option<Keyed<N>>> {
    let mut key = [const { String::new() }; N];
    for (index, text) in key.iter_mut().enumerate() {
        match read_text(run) {
            Ok(read) => *text = read,
            Err(error) if index == 0 && error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some((key, read_text(run)?)))
}

fn read_text(run: &mut impl Read) -> std::io::Result<String> {
    let mut length = [0; 4];
    run.read_exact(&mut length)?;
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    run.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(std::io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_order_from_memory_and_from_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::<2>::new(directory.path());
        let mut expected = Vec::new();
        for number in 0..1_000_u32 {
            let mixed = number.wrapping_mul(2_654_435_761) % 997;
            let line = (
                [format!("{:03}", mixed % 10), format!("k\u{0}é{mixed:04}")],
                format!("line {number}"),
            );
            expected.push(line.clone());
            sorter.push(line).unwrap();
            if number % 300 == 299 {
                sorter.spill().unwrap();
            }
        }
        expected.sort();
        let mut sorted = sorter.sorted().unwrap();
        let mut found = Vec::new();
        while let Some(line) = sorted.next().unwrap() {
            found.push(line);
        }
        assert_eq!(found, expected);
        assert!(sorted.next().unwrap().is_none());
    }
}
