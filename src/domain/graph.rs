//! The order of the nodes of a directed graph.

use std::collections::BTreeSet;

/// Orders nodes, such as kinds, so that every edge (parent, child) points forwards. The nodes of a cycle form one group.
/// Otherwise, nodes keep their own order.
pub(crate) fn in_order<T: Ord + Clone>(nodes: &BTreeSet<T>, edges: &BTreeSet<(T, T)>) -> Vec<Vec<T>> {
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
pub(crate) fn is_cycle<T: Ord + Clone>(group: &[T], edges: &BTreeSet<(T, T)>) -> bool {
    match group {
        [node] => edges.contains(&(node.clone(), node.clone())),
        _ => true,
    }
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
}
