//! `import`: an export, back into a graph.

use std::io::{BufRead, BufReader, ErrorKind as IoKind, Read, Write};

use atg_sdk::{
    Completeness, Counters, Error, ErrorKind, Output, Result,
    model::operations::import::{Output as Imported, Parameters},
};
use serde_json::json;

use crate::{
    context::{Context, Ended},
    graph::{Counts, ImportRequest, RecordSource},
    inputs::InputFile,
};

/// No node is longer: ARM takes 4 MB in one request and answers little more.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// How often progress is told, in lines.
const TELL: u64 = 10_000;

/// The first bytes of a zstd frame (RFC 8878, section 3.1.1).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

pub(crate) async fn run(parameters: Parameters, context: &Context) -> Result<Ended> {
    let digest = parameters.input.as_ref().ok_or_else(|| {
        Error::invalid("import: no file to read").with_field("/input", "is missing: name the export to read")
    })?;
    let input = context.input(digest).await?;
    let request = ImportRequest {
        tenants: context.tenants(parameters.tenant_id)?,
        replace: parameters.replace,
    };
    let lines = Lines::open(input, context.clone());
    let counts = context.graph().import(request, Box::new(lines)).await?;
    report(context, counts).await?;
    Ok(Ended {
        output: Output::Import(Imported {
            success: true,
            nodes: counts.nodes,
            edges: counts.edges,
        }),
        completeness: Completeness::Complete,
    })
}

/// What was read. Of a file that could not be, the job's error names the lines.
async fn report(context: &Context, counts: Counts) -> Result<()> {
    let report = json!({ "success": true, "nodes": counts.nodes, "edges": counts.edges });
    let mut file = context.artifact("report.json", "application/json").await?;
    writeln!(file, "{report:#}").map_err(|error| {
        Error::new(
            ErrorKind::Unavailable,
            format!("write the report: {error}; see whether the disk is full"),
        )
    })?;
    file.finish().await
}

/// The lines of a file, which may be compressed. Read twice: the first time nothing is written.
struct Lines {
    input: InputFile,
    context: Context,
    file: Option<Box<dyn BufRead + Send>>,
    number: u64,
    /// How many there are, once they were read to the end.
    all: Option<u64>,
}

impl Lines {
    fn open(input: InputFile, context: Context) -> Self {
        Self {
            input,
            context,
            file: None,
            number: 0,
            all: None,
        }
    }

    fn file(&mut self) -> Result<&mut Box<dyn BufRead + Send>> {
        let file = match self.file.take() {
            Some(file) => file,
            None => open(&self.input)?,
        };
        Ok(self.file.insert(file))
    }

    fn tell(&self) {
        let (from, step) = match self.all {
            None => (0.0, format!("checking line {}", self.number)),
            Some(all) => (0.5, format!("writing line {} of {all}", self.number)),
        };
        // Before the first reading has ended, how long it takes is a guess from what a line takes in zstd: some 50 bytes.
        let all = self.all.unwrap_or(self.input.size_bytes / 50).max(1);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a bar on a screen needs no more than a few digits"
        )]
        let done = (self.number as f64 / all as f64).min(0.99);
        self.context
            .progress(from + done / 2.0, &step, Counters::default());
    }
}

impl RecordSource for Lines {
    fn next(&mut self) -> Result<Option<String>> {
        let number = self.number + 1;
        let mut line = Vec::new();
        self.file()?
            .take(MAX_LINE + 1)
            .read_until(b'\n', &mut line)
            .map_err(|error| unreadable(number, &error))?;
        if line.is_empty() {
            self.all = Some(self.number);
            return Ok(None);
        }
        self.number = number;
        if line.len() as u64 > MAX_LINE {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!(
                    "read the export: line {number} is longer than 64 MiB, which no node is; export it again"
                ),
            ));
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        if number.is_multiple_of(TELL) {
            self.context.check_cancelled()?;
            self.tell();
        }
        String::from_utf8(line).map(Some).map_err(|_| {
            Error::invalid(format!(
                "read the export: line {number} is not UTF-8; export it again"
            ))
        })
    }

    fn rewind(&mut self) -> Result<()> {
        self.file = None;
        self.number = 0;
        Ok(())
    }
}

fn open(input: &InputFile) -> Result<Box<dyn BufRead + Send>> {
    let mut file = BufReader::with_capacity(1 << 16, input.open()?);
    let start = file.fill_buf().map_err(|error| unreadable(1, &error))?;
    if !start.starts_with(&ZSTD) {
        return Ok(Box::new(file));
    }
    let decoder = zstd::Decoder::with_buffer(file).map_err(|error| unreadable(1, &error))?;
    Ok(Box::new(BufReader::with_capacity(1 << 16, decoder)))
}

fn unreadable(line: u64, error: &std::io::Error) -> Error {
    let what = match error.kind() {
        IoKind::UnexpectedEof => "it was cut short".to_owned(),
        _ => error.to_string(),
    };
    Error::invalid(format!(
        "read the export: after line {}: {what}; nothing was changed, copy or export it again",
        line - 1
    ))
}
