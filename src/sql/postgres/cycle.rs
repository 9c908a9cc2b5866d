//! Cycles as common table expressions. A recursive query of PostgreSQL may refer to itself only once, so all steps
//! form one lateral subquery. The ids of each kind have their own column, so that they keep their type and indexes
//! can be used.

use std::collections::BTreeMap;

use crate::domain::KindName;
use crate::protocol::NamedSet;
use crate::sql::render::renderer::Renderer;
use crate::sql::render::walk::{WalkIds, walk_steps};
use crate::sql::statement::{Query, Union, Writer};
use crate::sql::table_schema::ColumnType;
use crate::store::StoreError;

/// The columns for ids: one for each kind, with its number and its type.
struct TypedColumns<'a>(BTreeMap<&'a KindName, (usize, ColumnType)>);

impl TypedColumns<'_> {
    fn name(&self, kind: &KindName) -> String {
        format!("id{}", self.0.get(kind).map_or(0, |(at, _)| *at))
    }
}

impl WalkIds for TypedColumns<'_> {
    /// The types have no length. With lengths, every part of the recursive query would need the same length.
    fn of(&self, kind: &KindName, id: &str) -> String {
        let columns = self.0.iter().map(|(name, (_, column_type))| {
            if **name == *kind { format!("{id}::{}", column_type.name) } else { null(column_type) }
        });
        columns.collect::<Vec<_>>().join(", ")
    }

    fn parent(&self, kind: &KindName) -> String {
        format!("p.{}", self.name(kind))
    }
}

/// Renders NULL with a type and a collation, because a recursive query requires the same in all parts.
fn null(column_type: &ColumnType) -> String {
    let collate = column_type.collation.iter().map(|name| format!(" COLLATE {name}"));
    std::iter::once(format!("NULL::{}", column_type.name)).chain(collate).collect()
}

/// Writes the common table expressions of a cycle: the recursive query, and one expression that reads each set from
/// it.
pub(super) fn expressions(r: &Renderer<'_>, w: &mut Writer, sets: &[NamedSet]) -> Result<(), StoreError> {
    let first = sets.first().map_or(0, |set| set.id.0);
    let walk = r.prefix.quoted(&format!("walk_{first}"));
    let mut columns = TypedColumns(BTreeMap::new());
    for set in sets {
        let kind = r.kind(&set.kind)?;
        let column = (columns.0.len(), r.row_id_type(kind)?);
        columns.0.entry(&set.kind).or_insert(column);
    }
    let over_elements = r.steps_over_elements(sets)?;
    if !over_elements.is_empty() {
        r.elements(w, &over_elements)?;
        w.push(",\n");
    }
    let names: Vec<String> = columns.0.keys().map(|kind| columns.name(kind)).collect();
    let names = names.join(", ");
    w.push(&format!("{walk}(set_id, rank, {names}) AS (\n("));
    if let (false, Some(set)) = (r.walk_seeds(w, "\nUNION ALL ", sets, &columns)?, sets.first()) {
        // No rows enter the cycle from outside, but a recursive query needs a first part.
        let kind = r.kind(&set.kind)?;
        let mut none = Query::select(w, &format!("0, 0, {}", columns.of(&set.kind, &r.row_id(kind)?)));
        none.table(kind.table_name(), "r").condition().push("FALSE");
    }
    w.push(")");
    let steps = walk_steps(sets);
    if !steps.is_empty() {
        w.push(&format!("\nUNION SELECT x.* FROM {walk} AS p CROSS JOIN LATERAL (\n"));
        let mut union = Union::new(w, "\nUNION ALL ");
        for step in &steps {
            let w = union.part();
            // OFFSET prevents a join of all rows of the walk with the whole table, which PostgreSQL would read again
            // for each level if it expects too many rows for each parent.
            let [open, close] = if step.is_by_index(r)? { ["(", " OFFSET 0)"] } else { [""; 2] };
            r.walk_step(w.push(open), None, step, &columns)?;
            w.push(close);
        }
        w.push(&format!("\n) AS x(set_id, rank, {names})"));
    }
    w.push("\n)");
    for set in sets {
        let id = columns.name(&set.kind);
        w.push(&format!(
            ",\n{}(id, rank) AS (SELECT n.{id}, min(n.rank) FROM {walk} AS n WHERE n.set_id = {} GROUP BY n.{id})",
            r.set_name(set.id),
            set.id.0
        ));
    }
    Ok(())
}
