//! `import`: an export, back into a graph.

use std::io::Write;

use atg_sdk::{
    Completeness, Counters, Error, ErrorKind, Output, Result,
    model::operations::import::{Output as Imported, Parameters},
};
use serde_json::json;

use crate::{
    context::{Context, Ended},
    graph::{Counts, ImportRequest, RecordSource, lines::LineReader},
    inputs::InputFile,
};

/// How often progress is told, in lines.
const TELL: u64 = 10_000;

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
    file: Option<LineReader>,
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

    fn file(&mut self) -> Result<&mut LineReader> {
        let file = match self.file.take() {
            Some(file) => file,
            None => LineReader::new(self.input.open()?)?,
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
        let Some(line) = self.file()?.next()? else {
            self.all = Some(self.number);
            return Ok(None);
        };
        self.number += 1;
        if self.number.is_multiple_of(TELL) {
            self.context.check_cancelled()?;
            self.tell();
        }
        Ok(Some(line))
    }

    fn rewind(&mut self) -> Result<()> {
        self.file = None;
        self.number = 0;
        Ok(())
    }
}
