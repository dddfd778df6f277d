//! Which unit each step goes to, so that no two units wait for each other.
//!
//! A unit starts when everything before it is done, and none of its resources can wait alone. Two resource groups whose
//! resources refer to each other would never start. The scopes that are entangled so are found as strongly connected
//! components; within one, a step's stage counts how often the way to it goes over to another scope, and each stage of a
//! scope is a unit of its own. All other scopes stay whole.

use std::collections::HashMap;

/// What is to be placed: a resource, or the second step of one.
#[derive(Debug)]
pub(super) struct Node {
    /// The scope whose unit it belongs to; `None` where it stands in the root, and needs nobody's company.
    pub(super) scope: Option<u32>,
    /// Nodes that must come before it, all with smaller numbers.
    pub(super) after: Vec<u32>,
}

/// The stage of each node within its scope.
pub(super) fn stages(nodes: &[Node], scopes: u32) -> Vec<u32> {
    // A vertex for each scope, then one for each node that stands alone.
    let mut vertices = scopes;
    let vertex: Vec<u32> = nodes
        .iter()
        .map(|node| {
            node.scope.unwrap_or_else(|| {
                vertices += 1;
                vertices - 1
            })
        })
        .collect();
    let mut edges: Vec<Vec<u32>> = vec![Vec::new(); vertices as usize];
    for (node, &from) in nodes.iter().zip(&vertex) {
        for &after in &node.after {
            let to = vertex[after as usize];
            if to != from {
                edges[from as usize].push(to);
            }
        }
    }
    for list in &mut edges {
        list.sort_unstable();
        list.dedup();
    }
    let component = components(&edges);
    let mut sizes: HashMap<u32, u32> = HashMap::new();
    for &of in &component {
        *sizes.entry(of).or_default() += 1;
    }
    let mut stages = vec![0; nodes.len()];
    for (at, node) in nodes.iter().enumerate() {
        let own = vertex[at];
        if sizes[&component[own as usize]] == 1 {
            continue;
        }
        let stage = node.after.iter().map(|&after| {
            let other = vertex[after as usize];
            if component[other as usize] == component[own as usize] {
                stages[after as usize] + u32::from(other != own)
            } else {
                0
            }
        });
        stages[at] = stage.max().unwrap_or(0);
    }
    stages
}

/// The strongly connected component of each vertex (Tarjan's algorithm, with a stack of its own: a chain of a hundred
/// thousand scopes must not be a hundred thousand calls deep).
fn components(edges: &[Vec<u32>]) -> Vec<u32> {
    const UNSEEN: u32 = u32::MAX;
    let mut order = vec![UNSEEN; edges.len()];
    let mut low = vec![0; edges.len()];
    let mut component = vec![UNSEEN; edges.len()];
    let (mut seen, mut found) = (0, 0);
    let mut open: Vec<u32> = Vec::new();
    let mut calls: Vec<(u32, usize)> = Vec::new();
    for start in 0..edges.len() {
        if order[start] != UNSEEN {
            continue;
        }
        calls.push((u32::try_from(start).unwrap_or(UNSEEN), 0));
        while let Some((vertex, next)) = calls.pop() {
            let v = vertex as usize;
            if next == 0 {
                order[v] = seen;
                low[v] = seen;
                seen += 1;
                open.push(vertex);
            } else {
                // Back from the edge before.
                let done = edges[v][next - 1] as usize;
                low[v] = low[v].min(low[done]);
            }
            let mut at = next;
            let mut deeper = None;
            while let Some(&to) = edges[v].get(at) {
                at += 1;
                let t = to as usize;
                if order[t] == UNSEEN {
                    deeper = Some(to);
                    break;
                }
                if component[t] == UNSEEN {
                    low[v] = low[v].min(order[t]);
                }
            }
            if let Some(to) = deeper {
                calls.push((vertex, at));
                calls.push((to, 0));
            } else if low[v] == order[v] {
                while let Some(member) = open.pop() {
                    component[member as usize] = found;
                    if member == vertex {
                        break;
                    }
                }
                found += 1;
            }
        }
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(scope: Option<u32>, after: &[u32]) -> Node {
        Node {
            scope,
            after: after.to_vec(),
        }
    }

    #[test]
    fn scopes_that_are_not_entangled_stay_whole() {
        let nodes = [
            node(Some(0), &[]),
            node(Some(1), &[0]),
            node(Some(0), &[]),
            node(Some(1), &[2, 1]),
        ];
        assert_eq!(stages(&nodes, 2), [0, 0, 0, 0]);
    }

    #[test]
    fn scopes_that_refer_to_each_other_are_cut() {
        let nodes = [
            node(Some(0), &[]),
            node(Some(1), &[0]),
            node(Some(0), &[1]),
            node(Some(0), &[]),
            node(Some(2), &[2]),
        ];
        assert_eq!(stages(&nodes, 3), [0, 1, 2, 0, 0]);
    }

    #[test]
    fn what_stands_in_the_root_can_lie_between() {
        // A role assignment of the subscription for an identity of the group, and something in the group that waits for it.
        let nodes = [node(Some(0), &[]), node(None, &[0]), node(Some(0), &[1])];
        assert_eq!(stages(&nodes, 1), [0, 1, 2]);
    }

    #[test]
    fn a_long_chain_does_not_exhaust_the_stack() {
        let nodes: Vec<_> = (0..200_000_u32)
            .map(|at| node(Some(at), &if at == 0 { vec![] } else { vec![at - 1] }))
            .collect();
        assert!(stages(&nodes, 200_000).iter().all(|&stage| stage == 0));
    }
}
