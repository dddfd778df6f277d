//! Small graphs for the cases.

use std::sync::{Arc, Mutex};

use atg_sdk::{Result, azure::TenantId};
use serde_json::Value as JsonValue;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::graph::{
    ALIASES, Change, ChangeSink, Counts, Described, ExportRequest, GraphStore, ImportRequest, Labels, Node,
    NodeClass, Query, RecordSink, RecordSource, Reference, Removal, RowSink, Said, ScanCounts, ScanEnd,
    ScanStart, ScanWriter, Source, Standing, Target, Value, node_key,
};

/// One tenant of a store, which may hold others.
pub(crate) struct Graph<'a> {
    pub(crate) store: &'a dyn GraphStore,
    pub(crate) tenant: TenantId,
}

/// Keeps what a scan said it changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes(Arc<Mutex<Vec<Change>>>, Arc<Mutex<Vec<String>>>);

impl Changes {
    pub(crate) fn taken(&self) -> Vec<Change> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// The stubs that it told of.
    pub(crate) fn external(&self) -> Vec<String> {
        self.1.lock().unwrap().clone()
    }
}

impl ChangeSink for Changes {
    fn record(&mut self, change: &Change) -> Result<()> {
        self.0.lock().unwrap().push(change.clone());
        Ok(())
    }

    fn external(&mut self, id: &str) -> Result<()> {
        self.1.lock().unwrap().push(id.to_owned());
        Ok(())
    }
}

impl<'a> Graph<'a> {
    /// A tenant that nobody else uses.
    pub(crate) fn new(store: &'a dyn GraphStore) -> Self {
        Self {
            store,
            tenant: TenantId::new(Uuid::new_v4()),
        }
    }

    pub(crate) fn start(&self, changes: &Changes) -> ScanStart {
        ScanStart {
            tenant: self.tenant,
            holder: "the suite".to_owned(),
            scan_id: Uuid::now_v7().to_string(),
            no_wait: true,
            rebuild_edges: false,
            checkpoints: None,
            cancel: CancellationToken::new(),
            changes: Box::new(changes.clone()),
        }
    }

    pub(crate) async fn begin(&self) -> Box<dyn ScanWriter> {
        self.store
            .begin_scan(self.start(&Changes::default()))
            .await
            .unwrap()
    }

    /// A complete scan that may remove nothing.
    pub(crate) async fn scan(&self, nodes: Vec<Described>) -> (ScanCounts, Vec<Change>) {
        self.scan_removing(nodes, Vec::new()).await
    }

    /// A complete scan with licences to remove.
    pub(crate) async fn scan_removing(
        &self,
        nodes: Vec<Described>,
        removals: Vec<Removal>,
    ) -> (ScanCounts, Vec<Change>) {
        let changes = Changes::default();
        let mut writer = self.store.begin_scan(self.start(&changes)).await.unwrap();
        writer.write(nodes).await.unwrap();
        let end = ScanEnd {
            removals,
            ..Self::complete()
        };
        let counts = writer.finish(end).await.unwrap();
        let external = changes.external();
        assert!(external.is_sorted_by_key(|id| id.to_lowercase()), "{external:?}");
        assert_eq!(external.len() as u64, counts.external);
        (counts, changes.taken())
    }

    /// The end of a scan that missed nothing and may remove nothing.
    pub(crate) fn complete() -> ScanEnd {
        ScanEnd {
            removals: Vec::new(),
            gone: Vec::new(),
            scan: None,
            complete: true,
            ..ScanEnd::default()
        }
    }

    pub(crate) fn resource(&self, id: &str) -> Described {
        self.node(id, NodeClass::Resource, &["Resource", "Thing"])
            .typed("Microsoft.Test/things")
    }

    pub(crate) fn group(&self, id: &str) -> Described {
        self.node(id, NodeClass::Hierarchy, &["ResourceGroup"])
            .standing(Standing::Implied)
            .thin()
    }

    pub(crate) fn region(&self, name: &str) -> Described {
        self.node(name, NodeClass::Value, &["Region"])
            .standing(Standing::Implied)
            .thin()
    }

    fn node(&self, id: &str, class: NodeClass, labels: &[&'static str]) -> Described {
        let labels: Labels = labels.iter().map(|label| (*label).into()).collect();
        Described {
            node: Node {
                key: node_key(self.tenant, id),
                id: id.to_owned(),
                name: id.rsplit('/').next().unwrap_or(id).to_owned(),
                class,
                labels,
                resource_type: None,
                members: Vec::new(),
                properties: Some("{}".to_owned()),
                scalars: Vec::new(),
                source: Source::Recorded,
                standing: Standing::Own,
            },
            references: Vec::new(),
            lists: Vec::new(),
        }
    }
}

impl Graph<'_> {
    /// The lines of the tenant's export.
    pub(crate) async fn export(&self, with_history: bool) -> Vec<String> {
        let lines = Lines::default();
        let request = ExportRequest {
            tenants: Some(vec![self.tenant]),
            with_history,
        };
        self.store.export(request, Box::new(lines.clone())).await.unwrap();
        lines.taken()
    }

    pub(crate) async fn import(&self, lines: Vec<String>, replace: bool) -> Result<Counts> {
        let request = ImportRequest {
            tenants: Some(vec![self.tenant]),
            replace,
        };
        self.store.import(request, Box::new(Records::of(lines))).await
    }

    /// Whether an answer may mix two states.
    pub(crate) async fn mixes(&self) -> bool {
        let query = Query {
            text: "RETURN 1 AS one".to_owned(),
            parameters: serde_json::Map::new(),
            tenants: Some(vec![self.tenant]),
            row_limit: 1,
            byte_limit: 1_000,
            timeout: std::time::Duration::from_secs(10),
            cancel: CancellationToken::new(),
        };
        self.store.query(query, Box::new(Unread)).await.unwrap().partial
    }

    /// What is said of a node.
    pub(crate) async fn get(&self, id: &str) -> Option<JsonValue> {
        let key = node_key(self.tenant, id);
        self.records("node", true)
            .await
            .into_iter()
            .find(|node| node["key"] == key.as_str())
    }

    /// All edges that queries see, as `from -TYPE-> to`, each by the last segment of its ID.
    pub(crate) async fn edges(&self) -> Vec<String> {
        let short = |key: &JsonValue| {
            let key = key.as_str().unwrap().split_once('|').unwrap().1.to_owned();
            key.rsplit('/').next().unwrap().to_owned()
        };
        let mut edges: Vec<String> = self
            .records("edge", false)
            .await
            .iter()
            .filter(|edge| edge.get("spare").is_none())
            .map(|edge| {
                format!(
                    "{} -{}-> {}",
                    short(&edge["from"]),
                    edge["type"].as_str().unwrap(),
                    short(&edge["to"])
                )
            })
            .collect();
        edges.sort();
        edges
    }

    /// All records of a kind.
    pub(crate) async fn records(&self, kind: &str, with_history: bool) -> Vec<JsonValue> {
        self.export(with_history)
            .await
            .iter()
            .filter_map(|line| {
                serde_json::from_str::<JsonValue>(line)
                    .unwrap()
                    .get(kind)
                    .cloned()
            })
            .collect()
    }
}

/// Takes rows that nobody reads.
struct Unread;

impl RowSink for Unread {
    fn columns(&mut self, _: &[String]) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, _: Vec<JsonValue>) -> Result<()> {
        Ok(())
    }
}

/// Keeps an export.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    pub(crate) fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl RecordSink for Lines {
    fn record(&mut self, line: &str) -> Result<()> {
        assert!(!line.contains(['\n', '\r']), "a record is one line: {line}");
        self.0.lock().unwrap().push(line.to_owned());
        Ok(())
    }
}

/// Hands out an export.
pub(crate) struct Records {
    lines: Vec<String>,
    next: usize,
}

impl Records {
    pub(crate) fn of(lines: Vec<String>) -> Self {
        Self { lines, next: 0 }
    }
}

impl RecordSource for Records {
    fn next(&mut self) -> Result<Option<String>> {
        self.next += 1;
        Ok(self.lines.get(self.next - 1).cloned())
    }

    fn rewind(&mut self) -> Result<()> {
        self.next = 0;
        Ok(())
    }
}

/// The ID of a resource.
pub(crate) fn thing(name: &str) -> String {
    format!("/subscriptions/s/resourceGroups/g/providers/Microsoft.Test/things/{name}")
}

/// A scope's licence for resources and hierarchy.
pub(crate) fn removal(scope: &str) -> Removal {
    Removal {
        scope: scope.to_owned(),
        classes: vec![NodeClass::Hierarchy, NodeClass::Resource, NodeClass::Entra],
    }
}

/// A description, changed step by step.
pub(crate) trait Build {
    fn typed(self, name: &str) -> Self;
    fn standing(self, standing: Standing) -> Self;
    /// As `az resource list` has it.
    fn thin(self) -> Self;
    fn properties(self, json: &str) -> Self;
    fn member(self, name: &str, value: impl Into<Value>) -> Self;
    /// An edge to another thing, said at a path.
    fn to(self, relationship: &'static str, id: &str, path: &str) -> Self;
    /// An edge to whatever has the alias.
    fn to_alias(self, relationship: &'static str, alias: &str, path: &str) -> Self;
    /// What others may call it.
    fn known_as(self, aliases: &[&str]) -> Self;
    /// An edge from another thing.
    fn from(self, relationship: &'static str, id: &str, path: &str, said: Said) -> Self;
}

impl Build for Described {
    fn typed(mut self, name: &str) -> Self {
        self.node.resource_type = Some(name.to_owned());
        self
    }

    fn standing(mut self, standing: Standing) -> Self {
        self.node.standing = standing;
        self
    }

    fn thin(mut self) -> Self {
        self.node.properties = None;
        self.node.scalars.clear();
        self
    }

    fn properties(mut self, json: &str) -> Self {
        self.node.properties = Some(json.to_owned());
        self
    }

    fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.node.members.push((name.to_owned(), value.into()));
        self
    }

    fn to(mut self, relationship: &'static str, id: &str, path: &str) -> Self {
        self.references.push(Reference {
            from: Target::Itself,
            to: Target::Id(id.to_owned()),
            relationship: relationship.into(),
            path: path.to_owned(),
            said: Said::Here,
            properties: Vec::new(),
        });
        self
    }

    fn to_alias(mut self, relationship: &'static str, alias: &str, path: &str) -> Self {
        self = self.to(relationship, alias, path);
        if let Some(reference) = self.references.last_mut() {
            reference.to = Target::Alias(alias.to_owned());
        }
        self
    }

    fn known_as(self, aliases: &[&str]) -> Self {
        let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        self.member(ALIASES, Value::Strings(aliases))
    }

    fn from(mut self, relationship: &'static str, id: &str, path: &str, said: Said) -> Self {
        self.references.push(Reference {
            from: Target::Id(id.to_owned()),
            to: Target::Itself,
            relationship: relationship.into(),
            path: path.to_owned(),
            said,
            properties: Vec::new(),
        });
        self
    }
}
