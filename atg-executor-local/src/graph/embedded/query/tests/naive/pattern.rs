//! Patterns by trying every node and every relationship in every place.

use super::{Env, Naive};
use crate::cypher::{
    ast::{Direction, Expr, ExprKind, LabelExpr, Match, NodePattern, Pattern, RelationshipPattern, Shortest},
    eval::{Fault, Outcome, labels_fit},
    value::{Node, Path, Relationship, Value, equal},
};

/// A half-made match: names, the relationships that are taken, and what remains to be checked.
#[derive(Clone)]
struct State<'p> {
    env: Env,
    taken: Vec<i64>,
    checks: Vec<(Value, &'p Expr)>,
    /// Conditions inside of the pattern.
    conditions: Vec<&'p Expr>,
}

/// Longer ways than this are not tried for a shortest path.
const LONGEST: u64 = 7;

impl Naive<'_> {
    pub(super) fn matches(&self, clause: &Match, row: &Env) -> Outcome<Vec<Env>> {
        let mut states = vec![State {
            env: row.clone(),
            taken: Vec::new(),
            checks: Vec::new(),
            conditions: Vec::new(),
        }];
        if let [pattern] = clause.patterns.as_slice()
            && let Some(shortest) = pattern.shortest
        {
            return self.shortest(clause, pattern, shortest, row);
        }
        for pattern in &clause.patterns {
            let mut next = Vec::new();
            for state in states {
                self.pattern(pattern, &state, &mut next);
            }
            states = next;
        }
        let mut found = Vec::new();
        for state in states {
            let mut holds = true;
            for (of, map) in &state.checks {
                holds = holds && self.has_properties(of, map, &state.env)?;
            }
            for condition in state.conditions.iter().copied().chain(&clause.predicate) {
                holds = holds && self.holds(condition, &state.env)?;
            }
            if holds {
                found.push(state.env);
            }
        }
        if found.is_empty() && clause.optional {
            let mut env = row.clone();
            for name in names(clause) {
                env.entry(name).or_insert(Value::Null);
            }
            found.push(env);
        }
        Ok(found)
    }

    /// Between two known nodes: all ways of one step, then of two, until some satisfy the condition.
    fn shortest(
        &self,
        clause: &Match,
        pattern: &Pattern,
        shortest: Shortest,
        row: &Env,
    ) -> Outcome<Vec<Env>> {
        let (relationship, end) = &pattern.hops[0];
        let node = |of: &NodePattern| of.name.as_ref().and_then(|name| row.get(&name.text));
        let length = relationship.length.unwrap();
        if let (Some(Value::Node(from)), Some(Value::Node(to))) = (node(&pattern.start), node(end)) {
            for steps in length.min..=length.max.unwrap_or(LONGEST + 1) {
                if steps > LONGEST {
                    return Err(Fault::invalid("too far for a naive search"));
                }
                let mut ways = Vec::new();
                self.chains(
                    relationship,
                    from.id,
                    (steps, steps),
                    &[],
                    &mut Vec::new(),
                    &mut ways,
                );
                let mut found = Vec::new();
                for way in ways {
                    if way.last().map_or(from.id, |(_, reached)| *reached) != to.id {
                        continue;
                    }
                    let mut nodes = vec![from.clone()];
                    nodes.extend(way.iter().map(|(_, id)| Node { id: *id, known: None }));
                    let relationships = way.into_iter().map(|(relationship, _)| relationship).collect();
                    let mut env = row.clone();
                    if let Some(name) = &pattern.name {
                        env.insert(
                            name.text.clone(),
                            Value::Path(Path { nodes, relationships }.into()),
                        );
                    }
                    let holds = clause
                        .predicate
                        .as_ref()
                        .map_or(Ok(true), |predicate| self.holds(predicate, &env))?;
                    if holds {
                        found.push(env);
                    }
                }
                if !found.is_empty() {
                    if shortest == Shortest::One {
                        found.truncate(1);
                    }
                    return Ok(found);
                }
            }
        }
        Ok(if clause.optional {
            let mut env = row.clone();
            for name in names(clause) {
                env.entry(name).or_insert(Value::Null);
            }
            vec![env]
        } else {
            Vec::new()
        })
    }

    fn has_properties(&self, of: &Value, map: &Expr, env: &Env) -> Outcome<bool> {
        let ExprKind::Map(entries) = &map.kind else {
            panic!("the grammar has maps only")
        };
        for (name, wanted) in entries {
            let wanted = self.eval(wanted, env)?;
            let all: Vec<Value> = match of {
                Value::List(chain) => chain.to_vec(),
                single => vec![single.clone()],
            };
            for of in all {
                if equal(&self.property(&of, &name.text)?, &wanted) != Some(true) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn pattern<'p>(&self, pattern: &'p Pattern, state: &State<'p>, out: &mut Vec<State<'p>>) {
        for (state, start) in self.node(&pattern.start, state) {
            self.hops(pattern, 0, state, vec![start], Vec::new(), out);
        }
    }

    fn hops<'p>(
        &self,
        pattern: &'p Pattern,
        at: usize,
        mut state: State<'p>,
        nodes: Vec<i64>,
        way: Vec<Relationship>,
        out: &mut Vec<State<'p>>,
    ) {
        let Some((relationship, node)) = pattern.hops.get(at) else {
            if let Some(name) = &pattern.name {
                let nodes = nodes.into_iter().map(|id| Node { id, known: None }).collect();
                state.env.insert(
                    name.text.clone(),
                    Value::Path(
                        Path {
                            nodes,
                            relationships: way,
                        }
                        .into(),
                    ),
                );
            }
            out.push(state);
            return;
        };
        let from = *nodes.last().unwrap();
        let mut chains = Vec::new();
        let (min, max) = match relationship.length {
            Some(length) => (length.min, length.max.unwrap()),
            None => (1, 1),
        };
        self.chains(
            relationship,
            from,
            (min, max),
            &state.taken,
            &mut Vec::new(),
            &mut chains,
        );
        for chain in chains {
            let to = chain.last().map_or(from, |(_, to)| *to);
            let relationships: Vec<Relationship> = chain
                .iter()
                .map(|(relationship, _)| relationship.clone())
                .collect();
            let mut state = state.clone();
            state
                .taken
                .extend(relationships.iter().map(|relationship| relationship.id));
            let value = match relationship.length {
                Some(_) => Value::list(relationships.iter().cloned().map(Value::Relationship).collect()),
                None => Value::Relationship(relationships[0].clone()),
            };
            if let Some(map) = &relationship.properties {
                state.checks.push((value.clone(), map));
            }
            if let Some(name) = &relationship.name {
                match state.env.get(&name.text) {
                    Some(known) if *known != value => continue,
                    _ => state.env.insert(name.text.clone(), value),
                };
            }
            for (state, reached) in self.node(node, &state) {
                if reached == to {
                    let (mut nodes, mut way) = (nodes.clone(), way.clone());
                    nodes.extend(chain.iter().map(|(_, node)| *node));
                    way.extend(relationships.iter().cloned());
                    self.hops(pattern, at + 1, state, nodes, way, out);
                }
            }
        }
    }

    /// All ways of a length within bounds.
    fn chains(
        &self,
        pattern: &RelationshipPattern,
        from: i64,
        (min, max): (u64, u64),
        taken: &[i64],
        way: &mut Vec<(Relationship, i64)>,
        out: &mut Vec<Vec<(Relationship, i64)>>,
    ) {
        if way.len() as u64 >= min && way.len() as u64 <= max {
            out.push(way.clone());
        }
        if way.len() as u64 >= max {
            return;
        }
        for edge in &self.graph.edges {
            let relationship = &edge.relationship;
            let used =
                taken.contains(&relationship.id) || way.iter().any(|(other, _)| other.id == relationship.id);
            let fits = pattern
                .types
                .as_ref()
                .is_none_or(|types| labels_fit(types, &|name| *edge.kind == *name, true));
            if used || !fits {
                continue;
            }
            let mut ends = Vec::new();
            if pattern.direction != Direction::Left && relationship.start == from {
                ends.push(relationship.end);
            }
            if pattern.direction != Direction::Right && relationship.end == from {
                ends.push(relationship.start);
            }
            // A loop leads to one place only, whichever way it is walked.
            ends.dedup();
            for to in ends {
                way.push((relationship.clone(), to));
                self.chains(pattern, to, (min, max), taken, way, out);
                way.pop();
            }
        }
    }

    fn node<'p>(&self, pattern: &'p NodePattern, state: &State<'p>) -> Vec<(State<'p>, i64)> {
        let known = pattern.name.as_ref().and_then(|name| state.env.get(&name.text));
        let candidates: Vec<i64> = match known {
            Some(Value::Node(node)) => vec![node.id],
            Some(_) => Vec::new(),
            None => (0..self.graph.nodes.len() as i64).collect(),
        };
        let fits = |id: &i64| {
            let labels = &self.graph.node_data(&Node { id: *id, known: None }).labels;
            let has = |name: &str| labels.iter().any(|label| **label == *name);
            pattern
                .labels
                .as_ref()
                .is_none_or(|wanted: &LabelExpr| labels_fit(wanted, &has, !labels.is_empty()))
        };
        candidates
            .into_iter()
            .filter(fits)
            .map(|id| {
                let mut state = state.clone();
                let value = Value::Node(Node { id, known: None });
                if let Some(map) = &pattern.properties {
                    state.checks.push((value.clone(), map));
                }
                state.conditions.extend(&pattern.predicate);
                if let Some(name) = &pattern.name {
                    state.env.insert(name.text.clone(), value);
                }
                (state, id)
            })
            .collect()
    }
}

fn names(clause: &Match) -> Vec<String> {
    let mut names = Vec::new();
    for pattern in &clause.patterns {
        names.extend(pattern.name.iter().map(|name| name.text.clone()));
        names.extend(pattern.start.name.iter().map(|name| name.text.clone()));
        for (relationship, node) in &pattern.hops {
            names.extend(
                relationship
                    .name
                    .iter()
                    .chain(&node.name)
                    .map(|name| name.text.clone()),
            );
        }
    }
    names
}
