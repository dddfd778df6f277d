//! Finding nodes by queries, so that it works with every executor.

use std::sync::Arc;

use atg_sdk::{
    Error, ErrorKind, Executor, Operation, Output, Result, azure::TenantId,
    model::operations::query::Parameters,
};
use serde_json::{Map, Value, json};

use crate::{artifacts::Lines, session::Session};

/// A node as a query returns it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) labels: Vec<String>,
    pub(super) properties: Map<String, Value>,
}

impl Node {
    pub(super) fn text(&self, property: &str) -> &str {
        self.properties
            .get(property)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn read(value: &Value) -> Result<Self> {
        let labels = value["labels"].as_array().map(|labels| {
            labels
                .iter()
                .filter_map(|label| label.as_str().map(str::to_owned))
                .collect()
        });
        match (labels, value["properties"].as_object()) {
            (Some(labels), Some(properties)) => Ok(Self {
                labels,
                properties: properties.clone(),
            }),
            _ => Err(Error::internal("read a node of the answer")),
        }
    }
}

/// A neighbour and the relationship to it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Neighbour {
    pub(super) relationship: String,
    pub(super) path: String,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) labels: Vec<String>,
}

/// Which end of the relationship the node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Outgoing,
    Incoming,
}

/// Asks the graph.
#[derive(Debug)]
pub(super) struct Lookup<'a> {
    pub(super) session: &'a Session,
    pub(super) executor: Arc<dyn Executor>,
    pub(super) tenant: Option<TenantId>,
}

impl Lookup<'_> {
    /// The nodes of that id, or else of that name, or else of that name in another case; at most `limit`.
    pub(super) async fn find(&self, text: &str, limit: u64) -> Result<Vec<Node>> {
        let keys = self.keys(text).await?;
        let name = json!({ "name": text });
        let attempts = [
            (
                "MATCH (n) WHERE n.key IN $keys RETURN n ORDER BY n.key",
                json!({ "keys": keys }),
            ),
            (
                "MATCH (n) WHERE n.name = $name RETURN n ORDER BY n.key",
                name.clone(),
            ),
            (
                "MATCH (n) WHERE toLower(n.name) = toLower($name) RETURN n ORDER BY n.key",
                name,
            ),
        ];
        for (query, parameters) in attempts {
            let (rows, _) = self.ask(query, parameters, limit).await?;
            if !rows.is_empty() {
                return rows.iter().map(|row| Node::read(&row["n"])).collect();
            }
        }
        Ok(Vec::new())
    }

    /// The keys that the id has, in each tenant of the graph: a key is equal however Azure spells the id.
    async fn keys(&self, id: &str) -> Result<Vec<String>> {
        let tenants = match self.tenant {
            Some(tenant) => vec![tenant.to_string()],
            None => {
                let query = "MATCH (t:Tenant) RETURN DISTINCT t.tenant_id AS tenant_id";
                let (rows, _) = self.ask(query, json!({}), 10_000).await?;
                rows.iter()
                    .filter_map(|row| row["tenant_id"].as_str().map(str::to_owned))
                    .collect()
            }
        };
        let id = id.trim_end_matches('/').to_lowercase();
        Ok(tenants
            .into_iter()
            .map(|tenant| format!("{tenant}|{id}"))
            .collect())
    }

    /// The node's neighbours in one direction, and whether there are more than `limit`.
    pub(super) async fn neighbours(
        &self,
        node: &Node,
        direction: Direction,
        limit: u64,
    ) -> Result<(Vec<Neighbour>, bool)> {
        let pattern = match direction {
            Direction::Outgoing => "(n)-[r]->(m)",
            Direction::Incoming => "(n)<-[r]-(m)",
        };
        let query = format!(
            "MATCH {pattern} WHERE n.key = $key RETURN type(r) AS relationship, r.path AS path, m.id AS id, \
             m.name AS name, labels(m) AS labels ORDER BY relationship, name, id, path"
        );
        let (rows, has_more) = self
            .ask(&query, json!({ "key": node.text("key") }), limit)
            .await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let neighbours = rows
            .iter()
            .map(|row| Neighbour {
                relationship: text(&row["relationship"]),
                path: text(&row["path"]),
                id: text(&row["id"]),
                name: text(&row["name"]),
                labels: row["labels"].as_array().into_iter().flatten().map(text).collect(),
            })
            .collect();
        Ok((neighbours, has_more))
    }

    /// All rows up to the limit, and whether there are more.
    async fn ask(
        &self,
        query: &str,
        parameters: Value,
        limit: u64,
    ) -> Result<(Vec<Map<String, Value>>, bool)> {
        let Value::Object(parameters) = parameters else {
            return Err(Error::internal(
                "ask the graph with parameters that have no names",
            ));
        };
        let operation = Operation::Query(Parameters {
            tenant_id: self.tenant,
            query: query.to_owned(),
            parameters,
            row_limit: limit,
            ..Parameters::default()
        });
        let finished = self.session.run(&self.executor, operation).await?;
        let Some(Output::Query(output)) = &finished.job.output else {
            return Err(Error::internal("read the answer: the job left none"));
        };
        let mut rows = Vec::new();
        let lines = Lines::of(self.executor.as_ref(), &finished.job, "rows.jsonl").await?;
        lines
            .for_each(|line| {
                let row = serde_json::from_str(line).map_err(|error| {
                    Error::new(ErrorKind::Internal, "read a row of the answer").with_source(error)
                })?;
                rows.push(row);
                Ok::<_, Error>(())
            })
            .await?;
        Ok((rows, output.truncated))
    }
}
