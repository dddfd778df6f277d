//! What the graph holds of a tenant before a scan changes it.

use atg_sdk::Result;
use rusqlite::{OptionalExtension, Row, params};

use super::Scan;
use crate::graph::{
    Held, NodeClass, Standing,
    embedded::{failure::Sql, file::IN_THE_MIDDLE, session::Session},
    node_key,
};

impl Scan {
    /// What the last scan left. After one that was stopped nobody knows what is there.
    pub(in crate::graph::embedded) fn remembered(&self) -> Result<Option<String>> {
        if self.session.lock.was_partial == IN_THE_MIDDLE {
            return Ok(None);
        }
        self.session
            .db
            .query_row(
                "SELECT remembered FROM tenant WHERE id = ?1",
                [self.session.lock.tenant],
                |row| row.get(0),
            )
            .during("read what the last scan left")
    }

    /// Resources of these types.
    pub(in crate::graph::embedded) fn held(
        &mut self,
        types: &[String],
        after: &str,
        limit: u64,
    ) -> Result<Vec<Held>> {
        let doing = "read what the graph holds";
        let types = serde_json::to_string(types).unwrap_or_default();
        let tenant = format!("{}|", self.session.tenant);
        let after = if after.is_empty() { &tenant } else { after };
        let nodes: Vec<i64> = self
            .session
            .db
            .prepare_cached(
                // `}` is what follows `|`.
                "SELECT id FROM node INDEXED BY node_key
                 WHERE key > ?1 AND key < ?2 || '}' AND class = ?3 AND standing = ?4
                   AND lower(type) IN (SELECT value FROM json_each(?5))
                 ORDER BY key LIMIT ?6",
            )
            .and_then(|mut select| {
                let (class, standing) = (NodeClass::Resource.number(), Standing::Own.number());
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                select
                    .query_map(
                        params![after, tenant.trim_end_matches('|'), class, standing, types, limit],
                        |row| row.get(0),
                    )?
                    .collect()
            })
            .during(doing)?;
        self.session.need_contents(&nodes)?;
        nodes
            .into_iter()
            .map(|node| held(&self.session, node).during(doing))
            .collect()
    }

    /// Which of these are there with rows of their own.
    pub(in crate::graph::embedded) fn holds(&self, ids: &[String]) -> Result<Vec<bool>> {
        let is_held = |id: &String| {
            self.session
                .db
                .prepare_cached("SELECT 1 FROM node WHERE key = ?1 AND class = ?2 AND standing = ?3")
                .and_then(|mut select| {
                    let (class, standing) = (NodeClass::Resource.number(), Standing::Own.number());
                    let key = node_key(self.session.tenant, id);
                    select
                        .query_row(params![key, class, standing], |_| Ok(()))
                        .optional()
                })
                .map(|found| found.is_some())
                .during("look up what the graph holds")
        };
        ids.iter().map(is_held).collect()
    }
}

fn held(session: &Session, node: i64) -> rusqlite::Result<Held> {
    let read = |row: &Row<'_>| {
        Ok(Held {
            key: row.get(0)?,
            id: row.get(1)?,
            resource_type: row.get(2)?,
            kind: row.get(3)?,
            properties: row.get(4)?,
        })
    };
    session
        .db
        .prepare_cached(
            "SELECT key, azure_id, type, members ->> '$.kind', properties FROM node WHERE id = ?1",
        )?
        .query_row([node], read)
}
