//! Looks up tables by name: in a schema, or through the search path.

use super::catalogue::{Catalogue, same};
use super::table::Table;
use crate::domain::TableName;

impl Catalogue {
    /// Returns the key of a table in the map `tables`.
    pub(super) fn key(&self, name: &TableName) -> TableName {
        let mut key = name.clone();
        if self.traits.ignores_case {
            key.table.make_ascii_lowercase();
        }
        key
    }

    /// Returns a table or view by its name, in any case. A name without a schema is looked up in the search path.
    pub(in crate::sql) fn table(&self, name: &TableName) -> Option<&Table> {
        self.exact_table(name).or_else(|| {
            self.tables.values().find(|table| {
                same(&table.name.table, &name.table)
                    && match &name.schema {
                        Some(schema) => same(&table.schema, schema),
                        None => table.name.schema.is_none(),
                    }
            })
        })
    }

    /// Returns the table that the database finds by a name, with or without its schema.
    fn exact_table(&self, name: &TableName) -> Option<&Table> {
        let schema = name.schema.as_ref();
        self.tables.get(&self.key(name)).or_else(|| {
            // Tables on the search path are listed without their schema.
            let table = self.tables.get(&self.key(&TableName::new(&*name.table)));
            table.filter(|table| schema.is_some_and(|schema| self.is_one_name(&table.schema, schema)))
        })
    }

    /// Returns whether two names refer to the same table, each with or without its schema.
    pub(in crate::sql) fn is_one_table(&self, a: &TableName, b: &TableName) -> bool {
        if !self.is_one_name(&a.table, &b.table) {
            return false;
        }
        // The names of the tables match, so only the schemas are left to compare.
        a.schema == b.schema || self.named(a).schema == self.named(b).schema
    }

    /// Returns the name that the catalogue uses for a table; the name itself if there is no such table.
    pub(in crate::sql) fn named<'a>(&'a self, name: &'a TableName) -> &'a TableName {
        self.exact_table(name).map_or(name, |table| &table.name)
    }

    /// Returns whether the database has a schema.
    pub(in crate::sql) fn has_schema(&self, schema: &str) -> bool {
        self.schemas.iter().any(|known| self.is_one_name(known, schema))
    }

    /// Returns whether the database treats two names as the same. On PostgreSQL they must be equal, because the
    /// library quotes them.
    pub(in crate::sql) fn is_one_name(&self, a: &str, b: &str) -> bool {
        a == b || (self.traits.ignores_case && same(a, b))
    }

    /// Returns a table and all tables it inherits from. Its rows are also rows of these tables.
    pub(in crate::sql) fn lineage<'a>(&'a self, table: &'a TableName) -> Vec<&'a TableName> {
        let mut all = vec![table];
        let mut next = 0;
        while let Some(name) = all.get(next).copied() {
            let parents = self.tables.get(name).into_iter().flat_map(|table| &table.inherits);
            for parent in parents {
                if !all.contains(&parent) {
                    all.push(parent);
                }
            }
            next += 1;
        }
        all
    }
}
