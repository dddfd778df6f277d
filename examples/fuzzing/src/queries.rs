//! Queries: any text to the gate, the parser and the store, confined to one tenant of two. Whatever it is, it is answered
//! as if the other tenant did not exist, and nothing is written.

use std::{
    cell::RefCell,
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use atg_executor_local::{
    cypher,
    graph::{
        GraphStore as _, ImportRequest, Query, RecordSource, RowSink,
        embedded::{EmbeddedStore, Options},
    },
};
use atg_sdk::{ErrorKind, Result, azure::TenantId};
use serde_json::{Map, Value as Json, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

const MINE: &str = "11111111-1111-4111-8111-111111111111";
const FOREIGN: &str = "22222222-2222-4222-8222-222222222222";
/// In everything that the other tenant holds.
const CANARY: &str = "canary";

pub(crate) const WORDS: &[&str] = &[
    "MATCH ",
    "OPTIONAL MATCH ",
    "WHERE ",
    "RETURN ",
    "WITH ",
    "UNWIND ",
    "AS x ",
    "ORDER BY ",
    "SKIP ",
    "LIMIT ",
    "DISTINCT ",
    "UNION ALL ",
    "EXISTS { ",
    "COUNT { ",
    "CALL { ",
    "} ",
    "CASE WHEN ",
    " THEN ",
    " ELSE ",
    " END",
    "(n)",
    "(n:Resource)",
    "(n:Tenant)",
    "-[r]->",
    "<-[r:CONTAINS]-",
    "-[*1..3]-",
    "shortestPath(",
    "[x IN ",
    " | ",
    "{name: 'hub'}",
    "n.name",
    "n.tenant_id",
    "collect(",
    "count(*)",
    "sum(",
    "toString(",
    "labels(n)",
    "properties(n)",
    "keys(n)",
    "type(r)",
    "nodes(p)",
    "range(0, ",
    "reduce(",
    "any(",
    "all(",
    "=~ '(a+)+$'",
    " STARTS WITH ",
    " CONTAINS ",
    " IN ",
    " IS NULL",
    " AND ",
    " OR ",
    " XOR ",
    " NOT ",
    "$p",
    "null",
    "'",
    "\"",
    "`",
    "\\u0041",
    "//",
    "/*",
    "*/",
    ";",
    "9223372036854775807",
    "0x7f",
    "1e308",
    "-",
    "[",
    "]",
    "{",
    "}",
    "CREATE ",
    "SET ",
    "DELETE ",
    "MERGE ",
    "LOAD CSV FROM ",
    "CALL db.labels()",
    "USE other",
    "22222222-2222-4222-8222-222222222222",
    "canary",
];

struct Graphs {
    runtime: Runtime,
    /// With the other tenant, and without.
    both: EmbeddedStore,
    mine: EmbeddedStore,
    tenant: TenantId,
    _directory: TempDir,
}

thread_local! {
    static GRAPHS: RefCell<Option<Graphs>> = const { RefCell::new(None) };
}

/// Feeds the gate with a query, and the store with what the gate lets through.
///
/// # Panics
/// When the other tenant makes a difference, something is written, or the refusal is none.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Err(refusal) = cypher::gate(text) {
        // Where it points to is within the text, and can be shown.
        let error = refusal.into_error(text);
        assert!(allowed(error.kind()), "{error:?}");
        return;
    }
    GRAPHS.with_borrow_mut(|graphs| {
        let graphs = match graphs {
            Some(graphs) => graphs,
            None => match Graphs::new() {
                Ok(new) => graphs.insert(new),
                Err(error) => panic!("failed to set the graphs up: {error}"),
            },
        };
        graphs.ask(text);
    });
}

/// What a query may fail with.
fn allowed(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidArgument
            | ErrorKind::Unsupported
            | ErrorKind::PermissionDenied
            | ErrorKind::TooLarge
            | ErrorKind::Timeout
    )
}

#[derive(Clone, Default)]
struct Rows(Arc<Mutex<Vec<String>>>);

impl RowSink for Rows {
    fn columns(&mut self, _: &[String]) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: Vec<Json>) -> Result<()> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Json::Array(row).to_string());
        Ok(())
    }
}

impl Graphs {
    fn new() -> std::result::Result<Self, Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let open = |name, tenants| {
            let store = EmbeddedStore::open(directory.path().join(name), Options::default())?;
            let lines = Box::new(Lines(lines(tenants), 0));
            runtime.block_on(store.import(ImportRequest::default(), lines))?;
            Ok::<_, atg_sdk::Error>(store)
        };
        let (mine, both) = (open("mine.db", &[MINE])?, open("both.db", &[MINE, FOREIGN])?);
        let graphs = Self {
            runtime,
            both,
            mine,
            tenant: MINE.parse()?,
            _directory: directory,
        };
        for store in [&graphs.both, &graphs.mine] {
            graphs.settle(store)?;
        }
        Ok(graphs)
    }

    /// What the import left in the log gets into the file when the last connection is closed, which may be that of a
    /// thread that has not ended yet.
    fn settle(&self, store: &EmbeddedStore) -> std::result::Result<(), String> {
        for _ in 0..1_000 {
            let found = self.answer(store, "MATCH (n:Tenant) RETURN n.id");
            if found.as_ref().map(Vec::len) != Ok(1) {
                return Err(format!("a graph of one visible tenant answered {found:?}"));
            }
            if let [_, None] = changed(store.path()) {
                return Ok(());
            }
        }
        Err("somebody keeps the graph open".to_owned())
    }

    fn ask(&self, text: &str) {
        let before = changed(self.both.path());
        let (with, without) = (self.answer(&self.both, text), self.answer(&self.mine, text));
        assert_eq!(before, changed(self.both.path()), "the graph was written to");
        match (with, without) {
            (Ok(with), Ok(without)) => {
                let said = with.join("\n");
                let own = text.to_lowercase().contains(CANARY) || text.contains('2');
                assert!(own || !said.contains(CANARY) && !said.contains(FOREIGN), "{said}");
                assert_eq!(with, without, "the other tenant made a difference");
            }
            // A query that is too much may be so a little earlier in the larger graph.
            (Err(ErrorKind::Timeout | ErrorKind::TooLarge), _)
            | (_, Err(ErrorKind::Timeout | ErrorKind::TooLarge)) => {}
            (with, without) => assert_eq!(with, without, "the other tenant made a difference"),
        }
    }

    fn answer(&self, store: &EmbeddedStore, text: &str) -> std::result::Result<Vec<String>, ErrorKind> {
        let rows = Rows::default();
        let query = Query {
            text: text.to_owned(),
            parameters: Map::from_iter([("p".to_owned(), json!(["a", 1, null, {"b": 2.5}]))]),
            tenants: Some(vec![self.tenant]),
            row_limit: 1_000,
            byte_limit: 1 << 16,
            timeout: Duration::from_millis(500),
            cancel: CancellationToken::new(),
        };
        let answer = self.runtime.block_on(store.query(query, Box::new(rows.clone())));
        match answer {
            Ok(_) => {
                let mut rows = std::mem::take(&mut *rows.0.lock().unwrap_or_else(PoisonError::into_inner));
                // Without ORDER BY any order is right.
                rows.sort();
                Ok(rows)
            }
            Err(error) => {
                assert!(allowed(error.kind()), "{error:?}");
                Err(error.kind())
            }
        }
    }
}

/// What a write to the file or to its log would change.
fn changed(graph: &Path) -> [Option<(u64, SystemTime)>; 2] {
    [graph.to_owned(), graph.with_extension("db-wal")].map(|file| {
        let found = fs::metadata(file).ok()?;
        Some((found.len(), found.modified().ok()?))
    })
}

struct Lines(Vec<String>, usize);

impl RecordSource for Lines {
    fn next(&mut self) -> Result<Option<String>> {
        self.1 += 1;
        Ok(self.0.get(self.1 - 1).cloned())
    }

    fn rewind(&mut self) -> Result<()> {
        self.1 = 0;
        Ok(())
    }
}

/// `(id, labels, class)` of each tenant's nodes.
const NODES: [(&str, &[&str], &str); 7] = [
    ("/tenant", &["Tenant"], "hierarchy"),
    ("/sub", &["Subscription"], "hierarchy"),
    ("/sub/rg", &["ResourceGroup"], "hierarchy"),
    ("/sub/rg/hub", &["Resource", "VirtualNetwork"], "resource"),
    ("/sub/rg/web", &["Resource", "VirtualMachine"], "resource"),
    ("/user/anna", &["User"], "entra"),
    ("/group/ops", &["Group"], "entra"),
];

const EDGES: [(&str, &str, &str); 7] = [
    ("/tenant", "CONTAINS", "/sub"),
    ("/sub", "CONTAINS", "/sub/rg"),
    ("/sub/rg", "CONTAINS", "/sub/rg/hub"),
    ("/sub/rg", "CONTAINS", "/sub/rg/web"),
    ("/sub/rg/web", "USES_SUBNET", "/sub/rg/hub"),
    ("/user/anna", "MEMBER_OF", "/group/ops"),
    ("/group/ops", "HAS_ROLE", "/sub"),
];

/// Both tenants hold the same, but for the canary in every text of the other.
fn lines(tenants: &[&str]) -> Vec<String> {
    let mut lines = vec![json!({ "format": "atg-graph", "version": 1, "history": true })];
    lines.extend(
        tenants
            .iter()
            .map(|id| json!({ "tenant": { "id": id, "partial": false } })),
    );
    let (mut nodes, mut edges) = (Vec::new(), Vec::new());
    for tenant in tenants {
        let place = |id: &str| match *tenant {
            FOREIGN => format!("/{CANARY}{id}"),
            _ => id.to_owned(),
        };
        let key = |id: &str| format!("{tenant}|{}", place(id));
        for (id, labels, class) in NODES {
            let place = place(id);
            let mut node = json!({
                "key": key(id), "id": place, "name": place.replace('/', " ").trim(), "class": class, "standing": "own",
                "labels": labels, "members": { "location": place, "cores": 4, "ratio": 0.5, "zones": ["1", "2"] },
                "source": "recorded", "first_seen_at": "2026-01-02T03:04:05Z", "changed_at": "2026-01-02T03:04:05Z",
                "scan_id": "scan-1",
            });
            if class == "resource" {
                node["type"] = json!("Microsoft.Network/virtualNetworks");
                node["scalars"] = json!({ "sku.name": place, "size": 254 });
                node["properties"] = json!({ "of": place });
            }
            nodes.push((key(id), json!({ "node": node })));
        }
        for (from, kind, to) in EDGES {
            let (from, to) = (key(from), key(to));
            let edge = json!({ "from": from, "type": kind, "to": to, "path": "id", "scan_id": "scan-1" });
            edges.push(((from, kind, to), json!({ "edge": edge })));
        }
    }
    nodes.sort_by(|one, other| one.0.cmp(&other.0));
    edges.sort_by(|one, other| one.0.cmp(&other.0));
    let end = json!({ "end": { "nodes": nodes.len(), "edges": edges.len() } });
    lines.extend(nodes.into_iter().map(|(_, line)| line));
    lines.extend(edges.into_iter().map(|(_, line)| line));
    lines.push(end);
    lines.iter().map(Json::to_string).collect()
}
