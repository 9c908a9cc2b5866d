//! What the database says of its tables.

use std::collections::{BTreeMap, BTreeSet};

use super::{Dialect, SqlError, SqlTransaction, SqlValue};

/// The tables of a database, by their names in lower case.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub(super) tables: BTreeMap<String, Table>,
    pub(super) foreign_keys: Vec<ForeignKey>,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) is_view: bool,
    /// By their names in lower case.
    pub(super) columns: BTreeMap<String, Column>,
    /// The columns of the primary key, in its order.
    pub(super) primary_key: Vec<String>,
    /// Columns that are unique by themselves, in lower case.
    pub(super) unique: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) declared: String,
    pub(super) affinity: Affinity,
    pub(super) not_null: bool,
}

/// What a column makes of the values written to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Affinity {
    Integer,
    Real,
    Text,
    Blob,
    Numeric,
    /// No type was declared.
    Any,
}

#[derive(Debug)]
pub(super) struct ForeignKey {
    /// Its table and column, in lower case.
    pub(super) table: String,
    pub(super) column: String,
    /// The table it refers to, in lower case.
    pub(super) to: String,
    pub(super) on_delete: String,
}

impl Catalogue {
    pub(super) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(&name.to_ascii_lowercase())
    }
}

impl Table {
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.get(&name.to_ascii_lowercase())
    }
}

impl Affinity {
    /// SQLite's rule, in its order; the empty type is told apart from BLOB.
    fn of(declared: &str) -> Self {
        let declared = declared.to_ascii_uppercase();
        let says = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        if says(&["INT"]) {
            Self::Integer
        } else if says(&["CHAR", "CLOB", "TEXT"]) {
            Self::Text
        } else if says(&["BLOB"]) {
            Self::Blob
        } else if declared.is_empty() {
            Self::Any
        } else if says(&["REAL", "FLOA", "DOUB"]) {
            Self::Real
        } else {
            Self::Numeric
        }
    }
}

/// Reads the catalogue: three statements, however many tables there are.
pub(super) async fn read(
    tx: &mut (dyn SqlTransaction + '_),
    dialect: Dialect,
) -> Result<Catalogue, SqlError> {
    match dialect {
        Dialect::Sqlite => sqlite(tx).await,
    }
}

const COLUMNS: &str = "SELECT lower(t.name), t.type, lower(x.name), x.type, x.\"notnull\", x.pk \
     FROM sqlite_master AS t JOIN pragma_table_xinfo(t.name) AS x WHERE t.type IN ('table', 'view') \
     ORDER BY t.name, x.pk";
const UNIQUE: &str = "SELECT lower(t.name), max(lower(c.name)) FROM sqlite_master AS t \
     JOIN pragma_index_list(t.name) AS i JOIN pragma_index_info(i.name) AS c \
     WHERE t.type = 'table' AND i.\"unique\" AND NOT i.partial GROUP BY t.name, i.name HAVING count(*) = 1";
const FOREIGN_KEYS: &str = "SELECT lower(t.name), lower(f.\"from\"), lower(f.\"table\"), f.on_delete \
     FROM sqlite_master AS t JOIN pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table' \
     ORDER BY t.name, f.id, f.seq";

async fn sqlite(tx: &mut (dyn SqlTransaction + '_)) -> Result<Catalogue, SqlError> {
    let mut catalogue = Catalogue::default();
    for row in tx.query(COLUMNS, &[]).await? {
        let [name, sort, column, declared, not_null, key] = &*row else {
            continue;
        };
        let table = catalogue.tables.entry(text(name)).or_default();
        table.is_view = sort.as_text() == Some("view");
        if key.as_integer().is_some_and(|position| position > 0) {
            table.primary_key.push(text(column));
        }
        let declared = text(declared);
        let described = Column {
            affinity: Affinity::of(&declared),
            declared,
            not_null: not_null.as_integer() == Some(1),
        };
        table.columns.insert(text(column), described);
    }
    for row in tx.query(UNIQUE, &[]).await? {
        if let [name, column] = &*row
            && let Some(table) = catalogue.tables.get_mut(&text(name))
        {
            table.unique.insert(text(column));
        }
    }
    for row in tx.query(FOREIGN_KEYS, &[]).await? {
        if let [table, column, to, on_delete] = &*row {
            catalogue.foreign_keys.push(ForeignKey {
                table: text(table),
                column: text(column),
                to: text(to),
                on_delete: text(on_delete),
            });
        }
    }
    Ok(catalogue)
}

fn text(value: &SqlValue) -> String {
    value.as_text().unwrap_or_default().to_owned()
}
