//! What a scan does with a description at once.

use atg_sdk::{Error, Result};
use rusqlite::{OptionalExtension, params};

use super::{Known, Scan, beginning};
use crate::graph::{
    Change, Described, NodeClass, Standing,
    content::{Content, Hash},
    embedded::{
        failure::Sql,
        node_table::{self, CONTENT, History, read_class, read_content, read_standing},
    },
    statement::{Statement, key_hash},
};

/// What the graph holds under a key.
struct Stored {
    id: i64,
    class: NodeClass,
    standing: Standing,
    hash: Hash,
    azure_id: String,
    /// What an earlier run of this scan did to it.
    before: Before,
    /// Name and members of what is only implied: they are spellings too.
    spelled: Option<(String, String)>,
}

/// What an earlier run of the same scan did to a node, before it was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Added,
    Changed,
}

/// What the scan saw of a node before.
struct Seen {
    rank: Option<Vec<u8>>,
    added: bool,
}

impl Scan {
    pub(super) fn describe(&mut self, described: Described) -> Result<()> {
        let Described {
            node,
            references,
            lists,
        } = described;
        let statement = Statement::of(self.session.tenant, &node, &references, &lists);
        let key = node.key.clone();
        self.check_key(&key)?;
        let key_hash = key_hash(&key);
        let content = Content::of(node);
        let hash = content.hash();
        let last = beginning(&hash) ^ beginning(&statement.hash);
        let known = self.known.get(key_hash).filter(|known| known.id > 0);
        if known.is_some_and(|known| known.last == last) {
            return Ok(());
        }
        let stored = match known {
            Some(known) => self.stored("id = ?1", known.id)?,
            None => self.stored("key = ?1", &key)?,
        };
        let id = match stored {
            None => self.add(&key, &content, &hash, &statement)?,
            Some(stored) => {
                let id = stored.id;
                self.meet(&stored, &content, &hash, &statement)?;
                id
            }
        };
        self.known.insert(key_hash, Known { id, last });
        Ok(())
    }

    fn check_key(&self, key: &str) -> Result<()> {
        let tenant = self.session.tenant.to_string();
        match key.strip_prefix(&tenant) {
            Some(rest) if rest.starts_with('|') => Ok(()),
            _ => Err(Error::internal(
                "a node of another tenant was handed to the scan of this one",
            )),
        }
    }

    fn stored(&self, condition: &str, value: impl rusqlite::ToSql) -> Result<Option<Stored>> {
        self.session
            .db
            .prepare_cached(&format!(
                "SELECT id, class, standing, hash, azure_id, name, CASE standing WHEN 0 THEN members END,
                        CASE WHEN ?3 AND scan_id = ?2 THEN first_seen_at = changed_at END
                 FROM node WHERE {condition}"
            ))
            .and_then(|mut statement| {
                statement
                    .query_row(params![value, self.session.scan_id, self.goes_on], |row| {
                        Ok(Stored {
                            id: row.get(0)?,
                            class: read_class(row, 1)?,
                            standing: read_standing(row, 2)?,
                            hash: row.get(3)?,
                            azure_id: row.get(4)?,
                            before: match row.get(7)? {
                                None => Before::Nothing,
                                Some(true) => Before::Added,
                                Some(false) => Before::Changed,
                            },
                            spelled: match row.get(6)? {
                                Some(members) => Some((row.get(5)?, members)),
                                None => None,
                            },
                        })
                    })
                    .optional()
            })
            .during("look a node up")
    }

    /// Something new.
    fn add(&mut self, key: &str, content: &Content, hash: &Hash, statement: &Statement<'_>) -> Result<i64> {
        let session = &mut self.session;
        let id = node_table::insert(
            &session.db,
            &mut session.names,
            session.lock.tenant,
            key,
            content,
            hash,
            History {
                first_seen_at: &session.now,
                changed_at: &session.now,
                scan_id: &session.scan_id,
            },
        )?;
        self.added(id, content, hash)?;
        self.stage(id, statement)?;
        Ok(id)
    }

    fn added(&mut self, id: i64, content: &Content, hash: &Hash) -> Result<()> {
        if content.class.is_content() {
            self.counts.added += 1;
            self.session.made(Change::Added {
                id: content.id.clone(),
                kind: content.kind(),
            });
        }
        self.see(id, Some(&content.rank(hash)), true)
    }

    /// Something that is in the graph already.
    fn meet(
        &mut self,
        stored: &Stored,
        content: &Content,
        hash: &Hash,
        statement: &Statement<'_>,
    ) -> Result<()> {
        if stored.class == NodeClass::External {
            return self.promote(stored.id, content, hash, statement);
        }
        let seen = self.seen(stored.id)?;
        if seen.is_none() && stored.class.is_content() {
            self.count_again(stored, content);
        }
        let counted = stored.before != Before::Nothing;
        if content.standing < stored.standing {
            return match seen {
                Some(_) => Ok(()),
                None => self.see(stored.id, None, counted),
            };
        }
        if content.standing == Standing::Implied {
            return self.imply(stored, content, seen.is_none(), statement);
        }
        let rank = content.rank(hash);
        let (best, added) = seen.map_or((None, counted), |seen| (seen.rank, seen.added));
        if best.is_some_and(|best| best >= rank) {
            return Ok(());
        }
        self.see(stored.id, Some(&rank), added)?;
        if *hash == stored.hash {
            self.forget_pending(stored.id)?;
        } else {
            self.hold_pending(stored.id, content)?;
        }
        self.stage(stored.id, statement)
    }

    /// Counts a node that was there, as the scan would have if it had not been stopped in between. Which properties an
    /// earlier run changed is not known any more.
    fn count_again(&mut self, stored: &Stored, content: &Content) {
        let (id, kind) = (stored.azure_id.clone(), content.kind());
        match stored.before {
            Before::Nothing => self.counts.unchanged += 1,
            Before::Added => {
                self.counts.added += 1;
                self.session.made(Change::Added { id, kind });
            }
            Before::Changed => {
                self.counts.changed += 1;
                let changes = Vec::new();
                self.session.made(Change::Changed { id, kind, changes });
            }
        }
    }

    /// What others pointed at, and nobody had described, is described.
    fn promote(&mut self, id: i64, content: &Content, hash: &Hash, statement: &Statement<'_>) -> Result<()> {
        let session = &mut self.session;
        let before = session
            .db
            .prepare_cached(&format!("SELECT {CONTENT} FROM node WHERE id = ?1"))
            .and_then(|mut statement| statement.query_row([id], |row| read_content(row, 0)))
            .during("read a stub")?;
        node_table::update(
            &session.db,
            &mut session.names,
            id,
            &before.labels,
            content,
            hash,
            (&session.now, &session.scan_id),
        )?;
        session
            .db
            .prepare_cached("UPDATE node SET first_seen_at = ?2 WHERE id = ?1")
            .and_then(|mut statement| statement.execute(params![id, session.now]))
            .during("change a node")?;
        self.added(id, content, hash)?;
        self.stage(id, statement)
    }

    /// What is only known from other things' IDs tells nothing about itself but its spelling. Of several spellings the
    /// least counts (`resourceGroups` before `resourcegroups`): whichever came first, then or now.
    fn imply(
        &mut self,
        stored: &Stored,
        content: &Content,
        first: bool,
        statement: &Statement<'_>,
    ) -> Result<()> {
        let before = stored
            .spelled
            .as_ref()
            .map(|(name, members)| (&stored.azure_id, name, members));
        if before.is_some_and(|before| (&content.id, &content.name, &content.members) < before) {
            self.respell(stored.id, content)?;
        }
        if !first {
            return Ok(());
        }
        self.see(stored.id, None, stored.before != Before::Nothing)?;
        if self.rebuild_edges || self.stated_before(stored.id)?.is_none() {
            self.stage(stored.id, statement)?;
        }
        Ok(())
    }

    fn respell(&mut self, id: i64, spelled: &Content) -> Result<()> {
        let session = &mut self.session;
        let mut content = session
            .db
            .prepare_cached(&format!("SELECT {CONTENT} FROM node WHERE id = ?1"))
            .and_then(|mut statement| statement.query_row([id], |row| read_content(row, 0)))
            .during("read a node")?;
        content.id.clone_from(&spelled.id);
        content.name.clone_from(&spelled.name);
        content.members.clone_from(&spelled.members);
        let labels = content.labels.clone();
        let hash = content.hash();
        node_table::update(
            &session.db,
            &mut session.names,
            id,
            &labels,
            &content,
            &hash,
            (&session.now, &session.scan_id),
        )
    }

    fn seen(&self, node: i64) -> Result<Option<Seen>> {
        self.session
            .db
            .prepare_cached("SELECT rank, added FROM temp.seen WHERE node = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([node], |row| {
                        Ok(Seen {
                            rank: row.get(0)?,
                            added: row.get(1)?,
                        })
                    })
                    .optional()
            })
            .during("look up what was seen")
    }

    fn see(&self, node: i64, rank: Option<&[u8]>, added: bool) -> Result<()> {
        self.session
            .db
            .prepare_cached("INSERT OR REPLACE INTO temp.seen (node, rank, added) VALUES (?1, ?2, ?3)")
            .and_then(|mut statement| statement.execute(params![node, rank, added]))
            .during("remember what was seen")?;
        Ok(())
    }
}
