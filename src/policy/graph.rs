//! The graph of kinds: its edges are the declared references.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{DataMap, KindName, Reference, ReferenceName};

/// Returns the shortest chain of references from the subject's kind to each dependent kind. Among equally short
/// chains, it takes the first by name.
pub(super) fn shortest_paths(map: &DataMap, subject: &KindName) -> BTreeMap<KindName, Vec<ReferenceName>> {
    let mut paths = BTreeMap::from([(subject.clone(), Vec::new())]);
    let mut level: BTreeMap<KindName, Vec<ReferenceName>> = paths.clone();
    while !level.is_empty() {
        let mut next: BTreeMap<KindName, Vec<ReferenceName>> = BTreeMap::new();
        for (kind, path) in &level {
            for reference in map.references_to(kind) {
                if paths.contains_key(&reference.from) {
                    continue;
                }
                let longer: Vec<_> = path.iter().chain([&reference.name]).cloned().collect();
                let best = next.entry(reference.from.clone()).or_insert_with(|| longer.clone());
                if longer < *best {
                    *best = longer;
                }
            }
        }
        paths.extend(next.clone());
        level = next;
    }
    paths
}

/// Orders the kinds so that every edge (parent, child) points forwards. The kinds of a cycle form one group.
/// Otherwise, kinds are ordered by name.
pub(super) fn in_order(
    kinds: &BTreeSet<KindName>,
    edges: &BTreeSet<(KindName, KindName)>,
) -> Vec<Vec<KindName>> {
    let mut rest = kinds.clone();
    let mut order = Vec::new();
    while let Some(first) = rest.first() {
        // Walk backwards along the edges. The kinds that are found and lead back to each other are the next group.
        let mut group = above(first, edges, &rest);
        while let Some(higher) =
            group.iter().map(|kind| above(kind, edges, &rest)).find(|set| set.len() < group.len())
        {
            group = higher;
        }
        rest.retain(|kind| !group.contains(kind));
        order.push(group.into_iter().collect());
    }
    order
}

/// Returns the kind and every kind in `rest` from which it can be reached.
fn above(
    kind: &KindName,
    edges: &BTreeSet<(KindName, KindName)>,
    rest: &BTreeSet<KindName>,
) -> BTreeSet<KindName> {
    let mut found = BTreeSet::from([kind.clone()]);
    let mut open = vec![kind.clone()];
    while let Some(kind) = open.pop() {
        for (parent, child) in edges {
            if *child == kind && rest.contains(parent) && found.insert(parent.clone()) {
                open.push(parent.clone());
            }
        }
    }
    found
}

/// Returns whether the reference is part of a cycle of kinds.
pub(super) fn closes_cycle(map: &DataMap, reference: &Reference) -> bool {
    shortest_paths(map, &reference.from).contains_key(&reference.to)
}

/// Returns whether a group of [`in_order`] is a cycle: several kinds, or one kind that refers to itself.
pub(super) fn is_cycle(group: &[KindName], edges: &BTreeSet<(KindName, KindName)>) -> bool {
    match group {
        [kind] => edges.contains(&(kind.clone(), kind.clone())),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(edges: &[(&str, &str)]) -> Vec<String> {
        let edges: BTreeSet<(KindName, KindName)> =
            edges.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
        let kinds = edges.iter().flat_map(|(a, b)| [a.clone(), b.clone()]).collect();
        in_order(&kinds, &edges)
            .iter()
            .map(|group| group.iter().map(KindName::as_str).collect::<Vec<_>>().join("+"))
            .collect()
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
        let edges = BTreeSet::from([("a".into(), "a".into()), ("a".into(), "b".into())]);
        let is_cycle = |group: &[&str]| {
            let group: Vec<KindName> = group.iter().map(|kind| (*kind).into()).collect();
            is_cycle(&group, &edges)
        };
        assert!(is_cycle(&["a"]) && is_cycle(&["a", "b"]));
        assert!(!is_cycle(&["b"]));
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
