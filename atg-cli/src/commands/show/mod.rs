//! `atg show`

mod lookup;

use atg_sdk::{Error, azure::TenantId};
use clap::Args;
use serde_json::{Value, json};

use self::lookup::{Direction, Lookup, Neighbour, Node};
use crate::{
    exit::{CommandResult, End, Stop},
    printer::{Cell, Table},
    session::Session,
    words,
};

const EXAMPLES: &str = "\
Examples:
  By resource ID, in any case:
    atg show /subscriptions/<id>/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/vm-web-01
  By name; several nodes of the name are listed:
    atg show vm-web-01
  Everything about it, as JSON:
    atg show vm-web-01 --output json

Exit codes: 0 found, 4 not found.";

/// Several nodes of a name are listed up to that many.
const MOST_MATCHES: u64 = 100;

/// Show a node: its properties and its neighbours in both directions
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ShowArgs {
    /// A resource ID, the object ID of a Microsoft Entra ID object, or a name
    #[arg(value_name = "ID|NAME")]
    node: String,
    /// Only this tenant's nodes [default: every tenant of the graph]
    #[arg(long, value_name = "GUID")]
    tenant_id: Option<TenantId>,
    /// At most that many neighbours in each direction
    #[arg(long, value_name = "N", default_value_t = 50)]
    neighbours: u64,
}

pub(crate) async fn run(args: &ShowArgs, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    let lookup = Lookup {
        session,
        executor: session.executor().await?,
        tenant: args.tenant_id,
    };
    let mut nodes = lookup.find(&args.node, MOST_MATCHES).await?;
    let node = match (nodes.pop(), nodes.is_empty()) {
        (None, _) => {
            return Err(Error::not_found(format!(
                "no node has the id or name `{}`: find it with a query such as \
                 MATCH (n) WHERE n.name CONTAINS 'web' RETURN n.name, n.id",
                args.node.escape_debug()
            ))
            .into());
        }
        (Some(node), true) => node,
        (Some(last), false) => {
            nodes.push(last);
            return list(&nodes, wants_json, session);
        }
    };
    let outgoing = lookup
        .neighbours(&node, Direction::Outgoing, args.neighbours)
        .await?;
    let incoming = lookup
        .neighbours(&node, Direction::Incoming, args.neighbours)
        .await?;
    if wants_json {
        session.printer.json(&json!({
            "labels": node.labels,
            "properties": node.properties,
            "outgoing": outgoing.0.iter().map(object).collect::<Vec<_>>(),
            "outgoing_truncated": outgoing.1,
            "incoming": incoming.0.iter().map(object).collect::<Vec<_>>(),
            "incoming_truncated": incoming.1,
        }))?;
    } else {
        print(&node, session)?;
        print_neighbours("→ to", &outgoing, session)?;
        print_neighbours("← from", &incoming, session)?;
    }
    Ok(End::Done)
}

fn object(neighbour: &Neighbour) -> Value {
    json!({
        "relationship": neighbour.relationship,
        "path": neighbour.path,
        "id": neighbour.id,
        "name": neighbour.name,
        "labels": neighbour.labels,
    })
}

/// Several nodes have the name: the person chooses.
fn list(nodes: &[Node], wants_json: bool, session: &Session) -> CommandResult {
    if wants_json {
        let matches: Vec<_> = nodes
            .iter()
            .map(|node| {
                json!({"id": node.text("id"), "name": node.text("name"),
                "tenant_id": node.text("tenant_id"), "labels": node.labels})
            })
            .collect();
        session.printer.json(&json!({ "matches": matches }))?;
    } else {
        let mut table = Table::new(["kind", "name", "id", "tenant"]);
        for node in nodes {
            table.push([
                kind(&node.labels).into(),
                node.text("name").into(),
                node.text("id").into(),
                node.text("tenant_id").into(),
            ]);
        }
        session.printer.table(&table)?;
    }
    let count = words::count(nodes.len() as u64, "node", "nodes");
    session.reporter.note(&format!(
        "{count} of that name: show one by its id, or narrow down with --tenant-id"
    ));
    Ok(End::Done)
}

fn print(node: &Node, session: &Session) -> Result<(), Stop> {
    let mut table = Table::new([kind(&node.labels), node.text("name").to_owned()]);
    let mut has_whole = false;
    for (name, value) in &node.properties {
        // The whole of `properties` is there a second time, as one scalar a line.
        if name == "properties" {
            has_whole = true;
            continue;
        }
        if name != "name" {
            table.push([name.into(), Cell::json(value)]);
        }
    }
    session.printer.table(&table)?;
    if has_whole {
        session.reporter.note(
            &session
                .reporter
                .style()
                .dim("lists and what is nested deeper: --output json"),
        );
    }
    Ok(())
}

fn print_neighbours(title: &str, neighbours: &(Vec<Neighbour>, bool), session: &Session) -> Result<(), Stop> {
    let (neighbours, has_more) = neighbours;
    if neighbours.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(["relationship", title, "kind", "id"]);
    for neighbour in neighbours {
        table.push([
            Cell::new(&neighbour.relationship),
            Cell::new(&neighbour.name),
            kind(&neighbour.labels).into(),
            Cell::new(&neighbour.id),
        ]);
    }
    session.printer.text("\n")?;
    session.printer.table(&table)?;
    if *has_more {
        session.reporter.note(&format!(
            "there are more than these {}: --neighbours shows them",
            neighbours.len()
        ));
    }
    Ok(())
}

/// The most telling label: the last one.
fn kind(labels: &[String]) -> String {
    labels.last().cloned().unwrap_or_default()
}
