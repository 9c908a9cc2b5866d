//! The tables that depend on a table through references.

use std::collections::BTreeSet;

/// Returns the tables from which `start` can be reached, including itself, by edges (referencing table, referenced
/// table). All names are in lower case.
pub(in crate::sql) fn dependents(
    start: &str,
    edges: impl IntoIterator<Item = (String, String)>,
) -> BTreeSet<String> {
    let edges: BTreeSet<(String, String)> =
        edges.into_iter().map(|(from, to)| (to.to_ascii_lowercase(), from.to_ascii_lowercase())).collect();
    let mut found = BTreeSet::from([start.to_ascii_lowercase()]);
    let mut open: Vec<String> = found.iter().cloned().collect();
    while let Some(table) = open.pop() {
        let next = edges.iter().filter(|(to, _)| *to == table);
        open.extend(next.filter(|(_, from)| found.insert(from.clone())).map(|(_, from)| from.clone()));
    }
    found
}
