//! The small numbers behind labels and relationship types.

use std::collections::{HashMap, HashSet};

use atg_sdk::Result;
use rusqlite::Connection;

use super::failure::Sql;

/// All of them: there are some hundreds. Read under the tenant's lock, but other tenants' writers make new ones as well, so
/// what is not known is looked up before it is made. A transaction that is rolled back ends its writer, and this with it.
#[derive(Debug)]
pub(super) struct Names {
    labels: HashMap<String, i64>,
    types: HashMap<String, i64>,
    /// The types of which an edge was ever said from a far end, or assumed.
    doubtful: HashSet<i64>,
}

impl Names {
    pub(super) fn read(db: &Connection) -> Result<Self> {
        let doing = "read the names of labels and relationships";
        let read = |sql: &str| -> Result<Vec<(String, i64, bool)>> {
            db.prepare(sql)
                .and_then(|mut statement| {
                    statement
                        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                        .collect()
                })
                .during(doing)
        };
        let types = read("SELECT name, id, doubtful FROM relationship_type")?;
        Ok(Self {
            labels: read("SELECT name, id, 0 FROM label")?
                .into_iter()
                .map(|(name, id, _)| (name, id))
                .collect(),
            doubtful: types
                .iter()
                .filter(|(.., doubtful)| *doubtful)
                .map(|(_, id, _)| *id)
                .collect(),
            types: types.into_iter().map(|(name, id, _)| (name, id)).collect(),
        })
    }

    /// The number of a label. A new one is written.
    pub(super) fn label(&mut self, db: &Connection, name: &str) -> Result<i64> {
        intern(
            &mut self.labels,
            db,
            name,
            "INSERT INTO label (name) VALUES (?1) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id",
        )
    }

    /// The number of a relationship type. A new one is written.
    pub(super) fn relationship(&mut self, db: &Connection, name: &str) -> Result<i64> {
        intern(
            &mut self.types,
            db,
            name,
            "INSERT INTO relationship_type (name) VALUES (?1)
             ON CONFLICT (name) DO UPDATE SET name = name RETURNING id",
        )
    }

    /// Whether edges of that type may make others superfluous.
    pub(super) fn is_doubtful(&self, relationship: i64) -> bool {
        self.doubtful.contains(&relationship)
    }

    /// From now on they may.
    pub(super) fn doubt(&mut self, db: &Connection, relationship: i64) -> Result<()> {
        if self.doubtful.insert(relationship) {
            db.execute(
                "UPDATE relationship_type SET doubtful = 1 WHERE id = ?1",
                [relationship],
            )
            .during("name a relationship")?;
        }
        Ok(())
    }
}

fn intern(known: &mut HashMap<String, i64>, db: &Connection, name: &str, sql: &str) -> Result<i64> {
    if let Some(id) = known.get(name) {
        return Ok(*id);
    }
    let id = db
        .query_row(sql, [name], |row| row.get(0))
        .during("name a label or relationship")?;
    known.insert(name.to_owned(), id);
    Ok(id)
}
