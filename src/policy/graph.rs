//! The graph of kinds: its edges are the declared references.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{DataMap, Decided, KindName, Reference, ReferenceName, Stage};

/// Returns the shortest chain of declared references from the subject's kind to each dependent kind. Among equally short
/// chains, it takes the first by name.
pub(super) fn shortest_paths(map: &DataMap, subject: &KindName) -> BTreeMap<KindName, Vec<ReferenceName>> {
    paths_over(map, subject, Reference::is_declared)
}

fn paths_over(
    map: &DataMap,
    subject: &KindName,
    counts: impl Fn(&Reference) -> bool,
) -> BTreeMap<KindName, Vec<ReferenceName>> {
    shortest([subject.clone()], |kind| {
        let below = map.references_to(kind).filter(|reference| counts(reference));
        below.map(|reference| (reference.name.clone(), reference.from.clone())).collect()
    })
}

/// Returns the shortest chain of references to each kind that an operation reaches: to dependent kinds, and to kinds
/// that reached rows own. A kind is listed for each stage in which its outcome is decided.
pub(crate) fn reached_paths(map: &DataMap, subject: &KindName) -> BTreeMap<Decided, Vec<ReferenceName>> {
    let decided = |kind: &KindName| BTreeSet::from([(kind.clone(), Stage::Reached), map.finally(kind)]);
    shortest(decided(subject), |at| {
        let below = map.references_to(&at.0).filter(|reference| map.parents(reference) == *at);
        let below = below.flat_map(|reference| {
            decided(&reference.from).into_iter().map(|decided| (reference.name.clone(), decided))
        });
        let owned =
            map.references_from(&at.0).filter(|reference| reference.owned && map.finally(&at.0) == *at);
        let owned = owned.map(|reference| (reference.name.clone(), (reference.to.clone(), Stage::Owned)));
        below.chain(owned).collect()
    })
}

/// Returns the shortest chain of edges from one of the first nodes to each node. Among equally short chains, it takes
/// the first by name.
pub(crate) fn shortest<T: Ord + Clone>(
    first: impl IntoIterator<Item = T>,
    next: impl Fn(&T) -> Vec<(ReferenceName, T)>,
) -> BTreeMap<T, Vec<ReferenceName>> {
    let mut paths: BTreeMap<T, Vec<ReferenceName>> =
        first.into_iter().map(|node| (node, Vec::new())).collect();
    let mut level = paths.clone();
    while !level.is_empty() {
        let mut found: BTreeMap<T, Vec<ReferenceName>> = BTreeMap::new();
        for (node, path) in &level {
            for (name, node) in next(node) {
                if paths.contains_key(&node) {
                    continue;
                }
                let longer: Vec<_> = path.iter().cloned().chain([name]).collect();
                let best = found.entry(node).or_insert_with(|| longer.clone());
                if longer < *best {
                    *best = longer;
                }
            }
        }
        paths.extend(found.clone());
        level = found;
    }
    paths
}

/// Orders nodes, such as kinds, so that every edge (parent, child) points forwards. The nodes of a cycle form one
/// group. Otherwise, nodes keep their own order.
pub(super) fn in_order<T: Ord + Clone>(nodes: &BTreeSet<T>, edges: &BTreeSet<(T, T)>) -> Vec<Vec<T>> {
    let mut rest = nodes.clone();
    let mut order = Vec::new();
    while let Some(first) = rest.first() {
        // Walk backwards along the edges. The nodes that are found and lead back to each other are the next group.
        let mut group = above(first, edges, &rest);
        while let Some(higher) =
            group.iter().map(|node| above(node, edges, &rest)).find(|set| set.len() < group.len())
        {
            group = higher;
        }
        rest.retain(|node| !group.contains(node));
        order.push(group.into_iter().collect());
    }
    order
}

/// Returns the node and every node in `rest` from which it can be reached.
fn above<T: Ord + Clone>(node: &T, edges: &BTreeSet<(T, T)>, rest: &BTreeSet<T>) -> BTreeSet<T> {
    let mut found = BTreeSet::from([node.clone()]);
    let mut open = vec![node.clone()];
    while let Some(node) = open.pop() {
        for (parent, child) in edges {
            if *child == node && rest.contains(parent) && found.insert(parent.clone()) {
                open.push(parent.clone());
            }
        }
    }
    found
}

/// Returns whether a group of [`in_order`] is a cycle: several nodes, or one node that leads to itself.
pub(super) fn is_cycle<T: Ord + Clone>(group: &[T], edges: &BTreeSet<(T, T)>) -> bool {
    match group {
        [node] => edges.contains(&(node.clone(), node.clone())),
        _ => true,
    }
}

/// Returns whether the reference is part of a cycle of kinds, along which rows may be removed.
pub(super) fn closes_cycle(map: &DataMap, reference: &Reference) -> bool {
    paths_over(map, &reference.from, Reference::may_remove).contains_key(&reference.to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(edges: &[(&'static str, &'static str)]) -> Vec<String> {
        let edges: BTreeSet<(&str, &str)> = edges.iter().copied().collect();
        let nodes = edges.iter().flat_map(|(a, b)| [*a, *b]).collect();
        in_order(&nodes, &edges).iter().map(|group| group.join("+")).collect()
    }

    #[test]
    fn parents_come_before_children_whatever_their_names() {
        assert_eq!(order(&[("z", "y"), ("y", "x"), ("z", "x")]), ["z", "y", "x"]);
    }

    #[test]
    fn kinds_of_a_cycle_are_one_group_in_order() {
        assert_eq!(
            order(&[("s", "b"), ("b", "c"), ("c", "b"), ("c", "a"), ("s", "a"), ("a", "a")]),
            ["s", "b+c", "a"]
        );
    }

    #[test]
    fn a_cycle_is_several_kinds_or_one_that_refers_to_itself() {
        let edges = BTreeSet::from([("a", "a"), ("a", "b")]);
        assert!(is_cycle(&["a"], &edges) && is_cycle(&["a", "b"], &edges));
        assert!(!is_cycle(&["b"], &edges));
    }

    #[test]
    fn the_shortest_chain_is_chosen_and_of_several_the_first_by_name() {
        let kinds =
            ["s", "a", "b", "c", "m", "n", "o"].map(|kind| crate::domain::Kind::named(KindName::from(kind)));
        let direct = [("c.z", "s"), ("c.y", "a"), ("b.y", "c"), ("b.x", "a"), ("a.k", "s"), ("a.j", "s")];
        // `m` comes before `n`, but the chain to `m` comes after the chain to `n`.
        let crossed = [("m.c", "c"), ("n.a", "a"), ("o.m", "m"), ("o.n", "n")];
        let references = direct.into_iter().chain(crossed);
        let references = references.map(|(name, to)| {
            let name = ReferenceName::from(name);
            let Some((from, field)) = name.split() else { unreachable!("each has a kind and a field") };
            Reference::new(name, from, field, to.into())
        });
        let map = DataMap::new(kinds, references);
        let paths = map.map(|map| shortest_paths(&map, &KindName::from("s"))).unwrap_or_default();
        let path = |kind: &str| paths[kind].iter().map(ReferenceName::as_str).collect::<Vec<_>>();
        assert_eq!((path("s"), path("a"), path("c")), (vec![], vec!["a.j"], vec!["c.z"]));
        assert_eq!(path("b"), ["a.j", "b.x"], "and not over `c.z`, which is as long");
        assert_eq!(path("o"), ["a.j", "n.a", "o.n"]);
    }
}
