//! Relationships of variable length, shortest and named paths.

use super::{Assembly, Chain, Condition, Planner, Shortest, Step, each, predicate};
use crate::cypher::{
    ast::{self, Direction, Length},
    bind::plan,
    eval::Ex,
};

impl Planner<'_> {
    pub(super) fn chain_step(&mut self, index: usize) -> Step {
        let chain = self.chain(index);
        self.done[index] = true;
        let relationship = &self.pattern.relationships[index];
        self.available.insert(relationship.slot);
        let reached = if chain.reversed {
            relationship.left
        } else {
            relationship.right
        };
        let mut labels = None;
        if !chain.to_known {
            self.known[reached] = true;
            self.available.insert(self.pattern.nodes[reached].slot);
            labels.clone_from(&self.labels[reached]);
        }
        if let Some(labels) = labels {
            let ex = Ex::HasLabels(Box::new(Ex::Slot(self.pattern.nodes[reached].slot)), labels);
            self.conditions.push(Condition {
                needs: predicate::needs(&ex, &self.own),
                ex,
                done: false,
            });
        }
        Step::Chain(chain)
    }

    fn chain(&self, index: usize) -> Chain {
        let relationship = &self.pattern.relationships[index];
        let reversed = !self.known[relationship.left];
        let (from, to) = if reversed {
            (relationship.right, relationship.left)
        } else {
            (relationship.left, relationship.right)
        };
        let length = relationship.length.unwrap_or(Length { min: 1, max: Some(1) });
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let exclude = (0..self.done.len()).filter(|other| self.done[*other]);
        Chain {
            slot: relationship.slot,
            from: self.pattern.nodes[from].slot,
            to: self.pattern.nodes[to].slot,
            to_known: self.known[to],
            reversed,
            direction: if reversed {
                turned(relationship.direction)
            } else {
                relationship.direction
            },
            types: self.types(index),
            min: size(length.min),
            max: length.max.map(size),
            properties: relationship.properties.clone(),
            exclude: exclude
                .map(|other| self.pattern.relationships[other].slot)
                .collect(),
            each: Vec::new(),
        }
    }

    pub(super) fn shortest(&mut self, index: usize) -> Step {
        let mut chain = self.chain(index);
        self.done[index] = true;
        let relationship = &self.pattern.relationships[index];
        self.available.insert(relationship.slot);
        let path = self.pattern.paths.iter().find(|path| path.hops.contains(&index));
        self.available.extend(path.map(|path| path.slot));
        let about_path =
            |slot: &usize| *slot == relationship.slot || path.is_some_and(|path| path.slot == *slot);
        let mut predicates = Vec::new();
        for condition in self.conditions.iter_mut().filter(|condition| !condition.done) {
            let about = condition
                .needs
                .as_ref()
                .is_none_or(|needs| needs.iter().any(about_path));
            let ready = condition
                .needs
                .as_ref()
                .is_none_or(|needs| needs.iter().all(|slot| self.available.contains(slot)));
            // Other patterns of the clause may still be open; what needs them is checked at the end.
            if about && ready {
                condition.done = true;
                let path = path.map(|path| path.slot);
                match each::of(&condition.ex, path, relationship.slot) {
                    Some(each) => chain.each.push(each),
                    None => {
                        if let Some(most) = each::most_steps(&condition.ex, path, relationship.slot) {
                            chain.max = Some(chain.max.map_or(most, |max| max.min(most)));
                        }
                        predicates.push(condition.ex.clone());
                    }
                }
            }
        }
        Step::Shortest(Shortest {
            chain,
            all: relationship.shortest == Some(ast::Shortest::All),
            predicates,
            path: path.map(|path| self.assembly(path)),
        })
    }

    pub(super) fn assembly(&self, path: &plan::Path) -> Assembly {
        let mut at = path.start;
        let hops = path.hops.iter().map(|hop| {
            let relationship = &self.pattern.relationships[*hop];
            at = if relationship.left == at {
                relationship.right
            } else {
                relationship.left
            };
            (relationship.slot, self.pattern.nodes[relationship.right].slot)
        });
        let hops = hops.collect();
        Assembly {
            slot: path.slot,
            start: self.pattern.nodes[path.start].slot,
            hops,
        }
    }
}

pub(super) fn turned(direction: Direction) -> Direction {
    match direction {
        Direction::Right => Direction::Left,
        Direction::Left => Direction::Right,
        Direction::Either => Direction::Either,
    }
}
