//! An export in the formats of other programs: what a query shows of nodes and edges, without what only ATG needs.

mod csv;
mod graphml;
mod neo4j_admin;
mod shown;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use atg_sdk::Result;

use self::shown::{ShownEdge, ShownNode};
use crate::{context::Context, fault::io_error, graph::record::Record};

/// Writes one of the formats.
trait Writer: Send {
    fn node(&mut self, node: ShownNode) -> Result<()>;
    fn edge(&mut self, edge: ShownEdge) -> Result<()>;
    /// Makes the files artifacts.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// A format to export to, but for our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Foreign {
    GraphMl,
    Csv,
    Neo4jAdmin,
}

/// Makes files out of the lines of an export.
pub(crate) struct Translation {
    writer: Box<dyn Writer>,
}

impl Translation {
    /// Begins the files. What has to be put aside goes below `directory`, into files without names.
    pub(crate) fn begin(
        format: Foreign,
        history: bool,
        context: &Context,
        directory: PathBuf,
    ) -> Result<Self> {
        let writer: Box<dyn Writer> = match format {
            Foreign::GraphMl => {
                let file = context.artifact_blocking("graph.graphml", "application/graphml+xml")?;
                Box::new(graphml::GraphMl::new(file, directory)?)
            }
            Foreign::Csv => Box::new(csv::Tables::new(history, context)?),
            Foreign::Neo4jAdmin => Box::new(neo4j_admin::Layout::new(context.clone(), &directory)),
        };
        Ok(Self { writer })
    }

    /// One line of an export.
    pub(crate) fn line(&mut self, line: &str) -> Result<()> {
        match Record::parse(line)? {
            Record::Node(node) => self.writer.node(ShownNode::of(*node)?),
            // A spare edge is none as long as a better-said one is there.
            Record::Edge(edge) if edge.spare => Ok(()),
            Record::Edge(edge) => self.writer.edge(ShownEdge::of(*edge)?),
            Record::Header { .. } | Record::Tenant(_) | Record::End(_) => Ok(()),
        }
    }

    /// After the last line.
    pub(crate) fn finish(self) -> Result<()> {
        self.writer.finish()
    }
}

fn write(out: &mut impl Write, text: &str) -> Result<()> {
    out.write_all(text.as_bytes())
        .map_err(|error| io_error("write the export", Path::new("artifact"), error))
}
