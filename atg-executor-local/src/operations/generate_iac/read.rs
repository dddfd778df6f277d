//! The objects of one tenant, out of a store's export.

use std::sync::{Arc, Mutex, PoisonError};

use atg_iac::source::{Link, LinkKind, Object, ObjectKind, Source, Standing as Known};
use atg_sdk::{Error, Result, azure::TenantId};

use crate::{
    context::Context,
    graph::{
        ALIASES, ExportRequest, NodeClass, RecordSink, Standing,
        content::parse_object,
        record::{EdgeRecord, NodeRecord, Record},
    },
    json::Json,
};

/// How often it is asked whether somebody wants the job to stop, in lines.
const ASK: u64 = 4_096;

/// Members that only the graph has.
const OF_THE_GRAPH: &[&str] = &[
    ALIASES,
    "actions",
    "app_id",
    "data_actions",
    "display_name",
    "enabled",
    "excluded_principals",
    "inline",
    "not_actions",
    "not_data_actions",
    "object_id",
    "ports",
    "principals",
    "provisioning_state",
    "resource_group",
    "sources",
    "subscription_id",
    "user_principal_name",
];

/// Members that are texts, whatever they look like. The graph keeps objects and lists as JSON text, so any other text that
/// is JSON is one.
const TEXTS: &[&str] = &[
    "description",
    "etag",
    "kind",
    "location",
    "managedBy",
    "notes",
    "membershipRule",
];

/// Reads everything that a plan is made of.
pub(super) async fn source(tenant: TenantId, context: &Context) -> Result<Source> {
    let source = Arc::new(Mutex::new(Source {
        tenant,
        objects: Vec::new(),
        links: Vec::new(),
    }));
    let request = ExportRequest {
        tenants: Some(vec![tenant]),
        with_history: false,
    };
    let reader = Reader {
        source: Arc::clone(&source),
        context: context.clone(),
        lines: 0,
    };
    context.graph().export(request, Box::new(reader)).await?;
    let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Source {
        tenant,
        objects: std::mem::take(&mut source.objects),
        links: std::mem::take(&mut source.links),
    })
}

struct Reader {
    source: Arc<Mutex<Source>>,
    context: Context,
    lines: u64,
}

impl RecordSink for Reader {
    fn record(&mut self, line: &str) -> Result<()> {
        self.lines += 1;
        if self.lines.is_multiple_of(ASK) {
            self.context.check_cancelled()?;
        }
        // Most lines are edges, and most edges are nothing that a body lacks.
        if line.starts_with("{\"edge\"")
            && !["\"MEMBER_OF\"", "\"OWNS\""]
                .iter()
                .any(|name| line.contains(name))
        {
            return Ok(());
        }
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        match Record::parse(line)? {
            Record::Node(node) => source.objects.extend(object(*node)?),
            Record::Edge(edge) => source.links.extend(link(&edge)),
            Record::Header { .. } | Record::Tenant(_) | Record::End(_) => {}
        }
        Ok(())
    }
}

/// A node as an object; `None` for what is no object of Azure's.
fn object(node: NodeRecord) -> Result<Option<Object>> {
    let content = node.content;
    let kind = match content.class {
        NodeClass::Hierarchy | NodeClass::Resource => {
            ObjectKind::Arm(content.resource_type.clone().unwrap_or_default())
        }
        NodeClass::Entra => ObjectKind::Entra(entra_kind(&content.labels)?),
        NodeClass::Value | NodeClass::External | NodeClass::Scan => return Ok(None),
    };
    let members = parse_object(&content.members)?
        .into_iter()
        .filter(|(name, _)| !OF_THE_GRAPH.contains(&name.as_str()) && !name.starts_with("azure_"))
        .map(|(name, value)| match name.as_str() {
            "api_version" => ("apiVersion".to_owned(), value),
            text if TEXTS.contains(&text) => (name, value),
            _ => (name, decoded(value)),
        })
        .collect();
    Ok(Some(Object {
        id: content.id,
        name: content.name,
        kind,
        standing: match content.standing {
            Standing::Implied => Known::Implied,
            Standing::Inline => Known::Inline,
            Standing::Own => Known::Own,
        },
        members,
        properties: content.properties.map(String::into_boxed_str),
    }))
}

/// Microsoft Graph's name of the kind that a node's first label stands for: `servicePrincipal` for `ServicePrincipal`.
fn entra_kind(labels: &str) -> Result<String> {
    let labels: Vec<String> = serde_json::from_str(labels)
        .map_err(|error| Error::invalid("the labels of a node are no list").with_source(error))?;
    let mut letters = labels.first().map(String::as_str).unwrap_or_default().chars();
    Ok(letters
        .next()
        .map(|first| first.to_ascii_lowercase())
        .into_iter()
        .chain(letters)
        .collect())
}

/// An object or a list that is kept as its text.
fn decoded(value: Json) -> Json {
    if let Json::String(text) = &value
        && text.starts_with(['{', '['])
        && let Ok(inner) = Json::parse(text.as_bytes())
    {
        return inner;
    }
    value
}

fn link(edge: &EdgeRecord) -> Option<Link> {
    let kind = match edge.relationship.as_str() {
        "MEMBER_OF" => LinkKind::Members,
        "OWNS" => LinkKind::Owners,
        _ => return None,
    };
    let id = |key: &str| key.split_once('|').map(|(_, id)| id.to_owned());
    Some(Link {
        of: id(&edge.to)?,
        kind,
        who: id(&edge.from)?,
    })
}
