//! Puts things behind what they depend on, and finds what depends on itself in a circle.

/// The strongly connected components of a graph, each after all that it depends on. A component of several, or of one that
/// depends on itself, is a circle; its members come in the order of their numbers.
///
/// Tarjan's algorithm without recursion: a chain of a hundred thousand resources must not need as many stack frames.
/// Beginning at the lowest number and going through dependencies in their order makes the result a function of the graph.
pub(crate) fn components(dependencies: &[Vec<u32>]) -> Vec<Vec<u32>> {
    const UNSEEN: u32 = u32::MAX;
    let count = dependencies.len();
    let mut seen_as = vec![UNSEEN; count];
    let mut lowest = vec![0_u32; count];
    let mut on_stack = vec![false; count];
    let mut stack: Vec<u32> = Vec::new();
    let mut out = Vec::new();
    let mut next = 0_u32;
    // Where each walk stands: a node, and which of its dependencies comes next.
    let mut walk: Vec<(u32, usize)> = Vec::new();
    for root in 0..u32::try_from(count).unwrap_or(u32::MAX) {
        if seen_as[root as usize] != UNSEEN {
            continue;
        }
        walk.push((root, 0));
        while let Some((node, at)) = walk.last_mut() {
            let node = *node;
            let own = node as usize;
            if *at == 0 {
                seen_as[own] = next;
                lowest[own] = next;
                next += 1;
                stack.push(node);
                on_stack[own] = true;
            }
            if let Some(&other) = dependencies[own].get(*at) {
                *at += 1;
                let there = other as usize;
                if seen_as[there] == UNSEEN {
                    walk.push((other, 0));
                } else if on_stack[there] {
                    lowest[own] = lowest[own].min(seen_as[there]);
                }
                continue;
            }
            walk.pop();
            if let Some((above, _)) = walk.last() {
                let above = *above as usize;
                lowest[above] = lowest[above].min(lowest[own]);
            }
            if lowest[own] == seen_as[own] {
                let mut component = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member as usize] = false;
                    component.push(member);
                    if member == node {
                        break;
                    }
                }
                component.sort_unstable();
                out.push(component);
            }
        }
    }
    out
}

/// Which dependencies to do without so that the members of a circle can be put in order: pairs of who and on whom.
///
/// `fixed` dependencies stay. Members are taken one by one whose dependencies within the circle are all taken; where none
/// is left, the one that can be had for the fewest is (the lowest number among equals).
pub(crate) fn break_circle(
    circle: &[u32],
    dependencies: &[Vec<u32>],
    fixed: impl Fn(u32, u32) -> bool,
) -> Vec<(u32, u32)> {
    let position = |member: u32| circle.binary_search(&member).ok();
    // What each still waits for, within the circle.
    let mut waits: Vec<Vec<u32>> = circle
        .iter()
        .map(|member| {
            let mut own: Vec<u32> = dependencies[*member as usize]
                .iter()
                .copied()
                .filter(|other| position(*other).is_some())
                .collect();
            own.sort_unstable();
            own.dedup();
            own
        })
        .collect();
    let mut waited_for: Vec<Vec<usize>> = vec![Vec::new(); circle.len()];
    for (at, own) in waits.iter().enumerate() {
        for other in own {
            if let Some(other) = position(*other) {
                waited_for[other].push(at);
            }
        }
    }
    let mut taken = vec![false; circle.len()];
    let mut broken = Vec::new();
    // By how many they wait for; members move to lower places as others are taken, and old places are passed over.
    let mut queue: std::collections::BTreeSet<(bool, usize, usize)> = std::collections::BTreeSet::new();
    let place = |at: usize, waits: &[Vec<u32>]| {
        let is_fixed = waits[at].iter().any(|other| fixed(circle[at], *other));
        (is_fixed, waits[at].len(), at)
    };
    let mut places: Vec<(bool, usize, usize)> = (0..circle.len()).map(|at| place(at, &waits)).collect();
    queue.extend(places.iter().copied());
    while let Some((_, _, at)) = queue.pop_first() {
        taken[at] = true;
        broken.extend(
            std::mem::take(&mut waits[at])
                .into_iter()
                .map(|other| (circle[at], other)),
        );
        for waiting in std::mem::take(&mut waited_for[at]) {
            if taken[waiting] {
                continue;
            }
            waits[waiting].retain(|other| *other != circle[at]);
            queue.remove(&places[waiting]);
            places[waiting] = place(waiting, &waits);
            queue.insert(places[waiting]);
        }
    }
    broken.sort_unstable();
    broken
}

/// The members of a circle that was broken, each behind what it depends on.
pub(crate) fn within(circle: &[u32], dependencies: &[Vec<u32>]) -> Vec<u32> {
    let inner: Vec<Vec<u32>> = circle
        .iter()
        .map(|member| {
            dependencies[*member as usize]
                .iter()
                .filter_map(|other| circle.binary_search(other).ok())
                .filter_map(|at| u32::try_from(at).ok())
                .collect()
        })
        .collect();
    components(&inner)
        .into_iter()
        .flatten()
        .map(|at| circle[at as usize])
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_depended_on_comes_first() {
        let components = components(&[vec![1, 2], vec![2], vec![], vec![0]]);
        assert_eq!(components, [vec![2], vec![1], vec![0], vec![3]]);
    }

    #[test]
    fn a_circle_is_one_component() {
        let components = components(&[vec![1], vec![2], vec![0], vec![1]]);
        assert_eq!(components, [vec![0, 1, 2], vec![3]]);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let count = 200_000_u32;
        let chain: Vec<Vec<u32>> = (0..count)
            .map(|at| if at + 1 < count { vec![at + 1] } else { vec![] })
            .collect();
        let components = components(&chain);
        assert_eq!(components.len(), count as usize);
        assert_eq!(components[0], [count - 1]);
    }

    #[test]
    fn a_fixed_dependency_stays() {
        // 0 is the parent of 1 and refers to it.
        let dependencies = [vec![1], vec![0]];
        let broken = break_circle(&[0, 1], &dependencies, |who, whom| (who, whom) == (1, 0));
        assert_eq!(broken, [(0, 1)]);
    }

    proptest! {
        #[test]
        fn without_what_is_broken_nothing_is_a_circle(
            edges in proptest::collection::vec((0_u32..12, 0_u32..12), 0..60)
        ) {
            let mut dependencies = vec![Vec::new(); 12];
            for (from, to) in edges {
                if from != to {
                    dependencies[from as usize].push(to);
                }
            }
            // The parent of each is the next lower one of the same remainder, as fixed as parents are.
            let fixed = |who: u32, whom: u32| who == whom + 3;
            let found = components(&dependencies);
            let mut broken = Vec::new();
            for circle in found.iter().filter(|component| component.len() > 1) {
                broken.extend(break_circle(circle, &dependencies, fixed));
            }
            prop_assert!(broken.iter().all(|(who, whom)| !fixed(*who, *whom)));
            for (who, whom) in &broken {
                dependencies[*who as usize].retain(|other| other != whom);
            }
            let again = components(&dependencies);
            prop_assert!(again.iter().all(|component| component.len() == 1));
            let mut place = [0; 12];
            for (at, component) in again.iter().enumerate() {
                place[component[0] as usize] = at;
            }
            for (who, all) in dependencies.iter().enumerate() {
                for whom in all {
                    prop_assert!(place[*whom as usize] < place[who]);
                }
            }
        }
    }
}
