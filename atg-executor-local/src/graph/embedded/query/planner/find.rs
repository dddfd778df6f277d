//! One SQL statement: where it begins, along which relationships it goes, and what it must not find twice.

use std::sync::Arc;

use super::{Find, Planner, Step, turned};
use crate::{
    cypher::{ast::Direction, eval::Outcome},
    graph::embedded::query::sql::{self, Builder, Param},
};

/// Where a statement has the row number of a node from.
#[derive(Debug, Clone)]
enum Id {
    /// From the slot of a node that was known before: a parameter, if the statement asks for it at all.
    Known(usize),
    Sql(String),
}

impl Id {
    fn text(&self, builder: &mut Builder) -> String {
        match self {
            Self::Known(slot) => builder.node(*slot),
            Self::Sql(text) => text.clone(),
        }
    }
}

impl Planner<'_> {
    /// One statement: from a node if one is named, along every relationship of one step that can be reached.
    pub(super) fn find(&mut self, start: Option<usize>) -> Outcome<Step> {
        let mut builder = Builder::default();
        // The SQL of each node's row number, where it is known before or in this statement.
        let mut ids: Vec<Option<Id>> = Vec::with_capacity(self.known.len());
        for (index, node) in self.pattern.nodes.iter().enumerate() {
            ids.push(self.known[index].then_some(Id::Known(node.slot)));
        }
        let before: Vec<usize> = (0..self.done.len()).filter(|index| self.done[*index]).collect();
        let mut placed: Vec<(usize, String)> = Vec::new();
        if let Some(start) = start {
            self.start(start, &mut builder, &mut ids, &mut placed)?;
        }
        while let Some(index) = self.reachable(&ids) {
            self.step(index, &mut builder, &mut ids, &mut placed);
        }
        self.unlike(&before, &placed, &mut builder);
        let found: Vec<usize> = placed
            .iter()
            .map(|(index, _)| self.pattern.relationships[*index].slot)
            .collect();
        let chains = before.iter().map(|index| &self.pattern.relationships[*index]);
        let chains = chains
            .filter(|relationship| relationship.length.is_some())
            .map(|r| r.slot)
            .collect();
        for (index, id) in ids.iter().enumerate() {
            if id.is_some() {
                self.known[index] = true;
                self.available.insert(self.pattern.nodes[index].slot);
            }
        }
        self.available.extend(&found);
        Ok(Step::Find(Find {
            sql: builder.text(),
            count_sql: builder.count_text(),
            params: builder.params,
            outputs: builder.outputs,
            found,
            chains,
        }))
    }

    /// Begins with a node, or with all relationships where nothing better is known of any node.
    fn start(
        &mut self,
        start: usize,
        builder: &mut Builder,
        ids: &mut [Option<Id>],
        placed: &mut Vec<(usize, String)>,
    ) -> Outcome<()> {
        let lookup = self.lookup(start)?;
        if lookup.is_scan()
            && let Some(index) = (0..self.done.len()).find(|index| {
                let relationship = &self.pattern.relationships[*index];
                !self.done[*index]
                    && relationship.length.is_none()
                    && (relationship.left == start || relationship.right == start)
            })
        {
            self.begin_with_relationship(index, builder, ids, placed);
            return Ok(());
        }
        let alias = format!("n{start}");
        let node = &self.pattern.nodes[start];
        let labels = self.labels[start].clone();
        let id = match &lookup.labels {
            Some(seed) => {
                builder.table(format!("{seed} AS l{start}"));
                format!("l{start}.node")
            }
            None => String::new(),
        };
        if let Some(condition) = lookup.label_condition(start) {
            builder.condition(condition);
        }
        let wanted = self.wanted(node.slot);
        let needs_table = id.is_empty()
            || !wanted.is_empty()
            || self.execution.tenants.is_some()
            || labels.as_ref().is_some_and(sql::needs_table);
        let id = if needs_table {
            builder.table(format!("node AS {alias}"));
            if !id.is_empty() {
                builder.condition(format!("{alias}.id = {id}"));
            }
            format!("{alias}.id")
        } else {
            id
        };
        for hint in &lookup.hints {
            hint.write(&alias, builder);
        }
        if let (Some(labels), false) = (&labels, lookup.covers_labels) {
            builder.condition(sql::labels_condition(labels, &id, &alias, &|label| {
                self.execution.names.label(label)
            }));
        }
        self.confine(&alias, needs_table, builder);
        if self.execution.demand.slots.contains(&node.slot) {
            builder.output_node(node.slot, &id, needs_table.then_some(&*alias), wanted);
        }
        ids[start] = Some(Id::Sql(id));
        Ok(())
    }

    fn begin_with_relationship(
        &mut self,
        index: usize,
        builder: &mut Builder,
        ids: &mut [Option<Id>],
        placed: &mut Vec<(usize, String)>,
    ) {
        let relationship = &self.pattern.relationships[index];
        let alias = format!("e{index}");
        builder.table(format!("edge AS {alias}"));
        if relationship.bound {
            let param = builder.param(Param::Relationship(relationship.slot));
            builder.condition(format!("{alias}.id = {param}"));
        }
        if let Some(condition) = sql::types_condition(&alias, self.types(index).as_deref()) {
            builder.condition(condition);
        }
        let (left, right) = match relationship.direction {
            Direction::Right => (format!("{alias}.src"), format!("{alias}.dst")),
            Direction::Left => (format!("{alias}.dst"), format!("{alias}.src")),
            Direction::Either => {
                // Each relationship both ways round, a loop once.
                builder.table(format!("(SELECT 0 AS turned UNION ALL SELECT 1) AS d{index}"));
                builder.condition(format!("(d{index}.turned = 0 OR {alias}.src <> {alias}.dst)"));
                let end = |first: &str, second: &str| {
                    format!("CASE d{index}.turned WHEN 0 THEN {alias}.{first} ELSE {alias}.{second} END")
                };
                (end("src", "dst"), end("dst", "src"))
            }
        };
        self.output_relationship(relationship.slot, &alias, builder);
        placed.push((index, alias));
        self.done[index] = true;
        for (node, id) in [(relationship.left, left), (relationship.right, right)] {
            self.arrive(node, id, builder, ids);
        }
    }

    /// A relationship of one step that touches what this statement knows.
    fn reachable(&self, ids: &[Option<Id>]) -> Option<usize> {
        let open = (0..self.done.len())
            .filter(|index| !self.done[*index] && self.pattern.relationships[*index].length.is_none());
        let ends = |index: usize| {
            let relationship = &self.pattern.relationships[index];
            usize::from(ids[relationship.left].is_some()) + usize::from(ids[relationship.right].is_some())
        };
        // Two known ends restrict more than one.
        open.filter(|index| self.pattern.relationships[*index].bound || ends(*index) > 0)
            .max_by_key(|index| (self.pattern.relationships[*index].bound, ends(*index)))
    }

    fn step(
        &mut self,
        index: usize,
        builder: &mut Builder,
        ids: &mut [Option<Id>],
        placed: &mut Vec<(usize, String)>,
    ) {
        let relationship = &self.pattern.relationships[index];
        let (from, to, direction) = match (&ids[relationship.left], &ids[relationship.right]) {
            (None, None) => return self.begin_with_relationship(index, builder, ids, placed),
            (Some(from), _) => (from.text(builder), relationship.right, relationship.direction),
            (None, Some(from)) => (
                from.text(builder),
                relationship.left,
                turned(relationship.direction),
            ),
        };
        let alias = format!("e{index}");
        builder.table(format!("edge AS {alias}"));
        if relationship.bound {
            let param = builder.param(Param::Relationship(relationship.slot));
            builder.condition(format!("{alias}.id = {param}"));
        }
        let types = sql::types_condition(&alias, self.types(index).as_deref());
        let typed = types.map_or(String::new(), |types| format!(" AND {types}"));
        let other = match direction {
            Direction::Right => {
                builder.condition(format!("{alias}.src = {from}{typed}"));
                format!("{alias}.dst")
            }
            Direction::Left => {
                builder.condition(format!("{alias}.dst = {from}{typed}"));
                format!("{alias}.src")
            }
            Direction::Either => {
                // Both indexes, each row once: a loop is not two.
                builder.condition(format!(
                    "(({alias}.src = {from}{typed}) OR ({alias}.dst = {from}{typed}))"
                ));
                format!("CASE WHEN {alias}.src = {from} THEN {alias}.dst ELSE {alias}.src END")
            }
        };
        self.output_relationship(relationship.slot, &alias, builder);
        placed.push((index, alias));
        self.done[index] = true;
        self.arrive(to, other, builder, ids);
    }

    /// A relationship has reached a node.
    fn arrive(&self, index: usize, id: String, builder: &mut Builder, ids: &mut [Option<Id>]) {
        if let Some(known) = &ids[index] {
            let known = known.text(builder);
            builder.condition(format!("{known} = {id}"));
            return;
        }
        let node = &self.pattern.nodes[index];
        let alias = format!("n{index}");
        let labels = self.labels[index].as_ref();
        let wanted = self.wanted(node.slot);
        let needs_table =
            !wanted.is_empty() || self.execution.tenants.is_some() || labels.is_some_and(sql::needs_table);
        let id = if needs_table {
            builder.table(format!("node AS {alias}"));
            builder.condition(format!("{alias}.id = {id}"));
            format!("{alias}.id")
        } else {
            id
        };
        if let Some(labels) = labels {
            builder.condition(sql::labels_condition(labels, &id, &alias, &|label| {
                self.execution.names.label(label)
            }));
        }
        self.confine(&alias, needs_table, builder);
        if self.execution.demand.slots.contains(&node.slot) {
            builder.output_node(node.slot, &id, needs_table.then_some(&*alias), wanted);
        }
        ids[index] = Some(Id::Sql(id));
    }

    /// Properties of a node that are read together with it.
    fn wanted(&self, slot: usize) -> &[Arc<str>] {
        let properties = &self.execution.demand.properties;
        properties.get(&slot).map_or(&[], |wanted| wanted)
    }

    fn output_relationship(&self, slot: usize, alias: &str, builder: &mut Builder) {
        if self.execution.demand.slots.contains(&slot) {
            builder.output_relationship(slot, alias);
        }
    }

    /// Only nodes of the caller's tenants exist.
    fn confine(&self, alias: &str, joined: bool, builder: &mut Builder) {
        if let (Some(tenants), true) = (&self.execution.tenants, joined) {
            builder.condition(format!("{alias}.tenant IN ({})", sql::numbers(tenants)));
        }
    }

    /// Within one `MATCH` no relationship is found twice.
    fn unlike(&self, before: &[usize], placed: &[(usize, String)], builder: &mut Builder) {
        let types: Vec<_> = placed.iter().map(|(index, _)| self.types(*index)).collect();
        for (at, (_, alias)) in placed.iter().enumerate() {
            for (earlier, (_, other)) in placed[..at].iter().enumerate() {
                let apart = match (&types[at], &types[earlier]) {
                    (Some(a), Some(b)) => a.iter().all(|kind| !b.contains(kind)),
                    _ => false,
                };
                if !apart {
                    builder.condition(format!("{alias}.id <> {other}.id"));
                }
            }
            for index in before {
                let relationship = &self.pattern.relationships[*index];
                if relationship.length.is_none() {
                    let param = builder.param(Param::Relationship(relationship.slot));
                    builder.condition(format!("{alias}.id <> {param}"));
                }
            }
        }
    }
}
