//! `atg graph info` and `atg graph tenants`

use atg_executor_local::graph::{GraphInfo, TenantInfo};
use serde_json::{Map, Value, json};

use crate::{
    args::OutputFormat,
    executor,
    exit::{CommandResult, End, Stop},
    printer::{Cell, RowsPrinter, Table},
    session::Session,
    words,
};

pub(super) async fn run(session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    let info = executor::graph(&session.settings)?.info().await?;
    if wants_json {
        session.printer.json(&object(&info))?;
    } else {
        print(&info, session)?;
    }
    Ok(End::Done)
}

fn print(info: &GraphInfo, session: &Session) -> Result<(), Stop> {
    let mut facts = Table::new(["graph", &info.graph_id]);
    facts.push(["location".into(), Cell::new(&info.location)]);
    facts.push(["schema version".into(), info.schema_version.to_string().into()]);
    if let Some(size) = info.size_bytes {
        facts.push(["size".into(), words::bytes(size).into()]);
    }
    facts.push([
        "tenants".into(),
        words::thousands(info.tenants.len() as u64).into(),
    ]);
    facts.push(["nodes".into(), words::thousands(info.counts.nodes).into()]);
    facts.push(["relationships".into(), words::thousands(info.counts.edges).into()]);
    session.printer.table(&facts)?;
    for (title, counts) in [
        ("label", &info.labels),
        ("relationship", &info.relationship_types),
    ] {
        if counts.is_empty() {
            continue;
        }
        let mut table = Table::new([title, "count"]);
        for (name, count) in counts {
            table.push([name.into(), Cell::number(*count)]);
        }
        session.printer.text("\n")?;
        session.printer.table(&table)?;
    }
    Ok(())
}

fn object(info: &GraphInfo) -> Value {
    let counts = |pairs: &[(String, u64)]| -> Map<String, Value> {
        pairs
            .iter()
            .map(|(name, count)| (name.clone(), json!(count)))
            .collect()
    };
    json!({
        "graph_id": info.graph_id,
        "location": info.location,
        "schema_version": info.schema_version,
        "size_bytes": info.size_bytes,
        "nodes": info.counts.nodes,
        "edges": info.counts.edges,
        "tenants": info.tenants.iter().map(tenant).collect::<Vec<_>>(),
        "labels": counts(&info.labels),
        "relationship_types": counts(&info.relationship_types),
    })
}

fn tenant(tenant: &TenantInfo) -> Value {
    let (scan_id, scanned_at) = match &tenant.last_scan {
        Some((id, at)) => (Some(id), Some(at)),
        None => (None, None),
    };
    json!({
        "tenant_id": tenant.tenant_id,
        "nodes": tenant.counts.nodes,
        "edges": tenant.counts.edges,
        "last_scan_id": scan_id,
        "last_scan_at": scanned_at,
        "partial": tenant.partial,
        "holder": tenant.holder,
    })
}

const COLUMNS: [&str; 7] = [
    "tenant_id",
    "nodes",
    "edges",
    "last_scan_id",
    "last_scan_at",
    "partial",
    "holder",
];

pub(super) async fn tenants(session: &Session) -> CommandResult {
    let tenants = executor::graph(&session.settings)?.info().await?.tenants;
    match session.printer.rows_format() {
        OutputFormat::Json => {
            let all: Vec<_> = tenants.iter().map(tenant).collect();
            session.printer.json(&json!({ "tenants": all }))?;
        }
        OutputFormat::Jsonl | OutputFormat::Csv => {
            let mut rows = RowsPrinter::begin(session.printer, COLUMNS.map(str::to_owned).to_vec())?;
            for info in &tenants {
                rows.row(&tenant(info).to_string())?;
            }
            rows.finish(false)?;
        }
        OutputFormat::Table if tenants.is_empty() => {
            session
                .reporter
                .note("the graph holds no tenant yet: `atg scan` brings one in");
        }
        OutputFormat::Table => {
            let mut table = Table::new(["tenant", "nodes", "relationships", "last scan", "state"]);
            for info in &tenants {
                table.push([
                    Cell::new(info.tenant_id.to_string()),
                    Cell::number(info.counts.nodes),
                    Cell::number(info.counts.edges),
                    match &info.last_scan {
                        Some((_, at)) => Cell::new(at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
                        None => Cell::faint("never"),
                    },
                    Cell::new(state(info)),
                ]);
            }
            session.printer.table(&table)?;
        }
    }
    Ok(End::Done)
}

fn state(tenant: &TenantInfo) -> String {
    match (&tenant.holder, tenant.partial) {
        (Some(holder), _) => format!("being written by {holder}"),
        (None, true) => "partial: a scan did not end, or some of it could not be read".to_owned(),
        (None, false) => "complete".to_owned(),
    }
}
