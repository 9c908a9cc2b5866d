//! Chains of ON DELETE actions that lead to a declared kind through excluded references and undeclared tables.

use std::collections::VecDeque;

use super::finding::{Finding, FindingCode};
use super::{declared, foreign_key_actions};
use crate::domain::{DataMap, Kind};
use crate::sql::catalogue::{Catalogue, ForeignKey, OnDelete};

/// The foreign keys that the database follows from a row of a declared kind, in their order.
#[derive(Clone)]
struct Chain<'a> {
    kind: &'a Kind,
    keys: Vec<&'a ForeignKey>,
}

/// Reports every key by which the database would delete or change rows of a declared kind. Undeclared keys that refer
/// directly to a declared kind are reported elsewhere.
pub(super) fn findings(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let acting = foreign_key_actions::acting(map, catalogue);
    let mut open: VecDeque<Chain<'_>> = VecDeque::new();
    let mut deleted: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for key in &acting {
        if let Some(kind) = declared::kind_of_rows(map, &key.to, catalogue) {
            open.push_back(Chain { kind, keys: vec![key] });
        }
    }
    // The shortest chain comes first, and each table is visited once.
    while let Some(chain) = open.pop_front() {
        let Some(last) = chain.keys.last() else {
            continue;
        };
        if let Some(reached) = declared::kind_of_rows(map, &last.table, catalogue) {
            let is_reported = chain.keys.len() == 1 && !declared::key_excluded(map, last);
            found.extend((!is_reported).then(|| finding(map, &chain, last, reached, catalogue)));
            continue;
        }
        let known = deleted.iter().any(|table| catalogue.is_one_name(table, &last.table));
        if last.on_delete != OnDelete::Cascade || known {
            continue;
        }
        deleted.push(&last.table);
        for key in acting.iter().filter(|key| catalogue.is_one_name(&key.to, &last.table)) {
            let keys = chain.keys.iter().chain([key]).copied().collect();
            open.push_back(Chain { kind: chain.kind, keys });
        }
    }
    found
}

fn finding(
    map: &DataMap,
    chain: &Chain<'_>,
    last: &ForeignKey,
    reached: &Kind,
    catalogue: &Catalogue,
) -> Finding {
    let name = |key: &ForeignKey| format!("`{}.{}`", key.table, key.columns.join(", "));
    let does = if last.on_delete == OnDelete::Cascade { "delete" } else { "change" };
    let keys: Vec<String> =
        chain.keys.iter().map(|key| format!("{} ON DELETE {}", name(key), key.on_delete)).collect();
    let message = format!(
        "when a row of `{}` is deleted, the database would {does} rows of `{}` that no plan names: {}",
        chain.kind.name,
        reached.name,
        keys.join(", then ")
    );
    let between =
        chain.keys.iter().filter(|key| declared::kind_of_rows(map, &key.table, catalogue).is_none());
    let tables: Vec<String> = between.map(|key| format!("`{}`", key.table)).collect();
    let references: Vec<String> = chain.keys.iter().map(|key| name(key)).collect();
    let kinds = if tables.is_empty() { String::new() } else { format!("{} with ", tables.join(", ")) };
    let path = format!("references.{}.{}", last.table, last.columns.join(", "));
    Finding::new(FindingCode::CascadingForeignKey, path, message).remedy(format!(
        "declare {kinds}{} and give each a rule, or let {} refuse (ON DELETE NO ACTION)",
        references.join(", "),
        name(last)
    ))
}
