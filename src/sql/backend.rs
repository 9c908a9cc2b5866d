//! The differences between the databases. Everything else is written once.

use std::collections::BTreeMap;
use std::fmt;

use super::connection::{AccessMode, SqlValue};
use super::render::renderer::{Field, Renderer};
use super::render::shape::{Materialization, Shape};
use super::statement::{Statement, Writer, quote};
use super::table_schema::{ColumnType, QueryColumns, TableSchema};
use crate::domain::{Comparison, FieldType, KindName, Mask, RecordId, Reference, Value};
use crate::protocol::{ChangeSet, NamedSet, Ranks, Receipt, Rows, SetId, SurveyQuery};
use crate::store::StoreError;

/// For each set, the ranks to count.
pub(crate) type Asked = BTreeMap<SetId, Vec<Ranks>>;

/// How a change set is carried out. The outcome is the same each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ApplyStrategy {
    /// One statement counts, writes, reports and records.
    SingleStatement,
    /// Each kind has statements of its own. The number of rows they write is compared with the plan afterwards.
    PerKind,
    /// Like `PerKind`, but counts everything before the first write, so that an error can name the difference.
    Counted,
}

/// The statements that lock what a change set depends on, in order. They are separate statements, so that later
/// counts see the rows as of the locks.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    /// Texts that no row may hold. The row does not exist yet, so operations that claim the same text queue here. A
    /// unique index keeps other writers out.
    pub(crate) texts: Vec<Statement>,
    /// Tables whose references have no other protection.
    pub(crate) tables: Vec<Statement>,
    /// The subjects, if the statement that records the operation locks them.
    pub(crate) subjects: Option<Rows>,
    /// Rows, outermost first. Each statement returns their number.
    pub(crate) rows: Vec<Statement>,
    /// Whether to repeat `rows` until no more rows are found: until rows of a cycle are locked, new rows may be
    /// inserted below them.
    pub(crate) repeat: bool,
}

/// Steps that are carried out together.
#[derive(Debug)]
pub(crate) struct Block {
    /// Their positions in the change set.
    pub(crate) steps: Vec<usize>,
    /// Records the rows under the operation, before they are written.
    pub(crate) mark: Option<Statement>,
    pub(crate) write: BlockWrite,
}

/// The statement of a block.
#[derive(Debug)]
pub(crate) enum BlockWrite {
    /// The rows are only counted.
    Nothing,
    /// Affects the rows of one step.
    Execute(Statement),
    /// Returns a JSON array: the number of rows that each step has written.
    Query(Statement),
}

/// The words in which the databases differ.
pub(crate) struct Spelling {
    /// The text before and after integers that makes a JSON array of them, as text.
    pub(crate) json_array: (&'static str, &'static str),
    /// The text before the arguments of the function that makes a JSON object.
    pub(crate) json_object: &'static str,
    /// The text before, between and after JSON objects that merges them into one.
    pub(crate) joined_objects: [&'static str; 3],
    /// The text before and after a bound JSON array that reads its elements as rows `j`, with an ordering `key` and a
    /// `value`.
    pub(crate) json_rows: (&'static str, &'static str),
    /// The text before an id, before a query for ids, and after the query, in the condition that the id is among these.
    /// The condition takes linear time, whatever the planner expects of the query.
    pub(crate) among: [&'static str; 3],
    /// The clause that locks the parent of a new row like a foreign key does: deletions wait, other writers do not.
    pub(crate) parent_lock: &'static str,
    /// The columns of the table of pseudonyms, and their suffix.
    pub(crate) pseudonym_columns: &'static str,
    // The types of the columns of the library's tables.
    pub(crate) integer: &'static str,
    pub(crate) text: &'static str,
    pub(crate) operation: &'static str,
    /// An id of the host, with a space before it.
    pub(crate) record: &'static str,
    pub(crate) at: &'static str,
    pub(crate) json: &'static str,
    /// An integer key that the database generates.
    pub(crate) sequence: &'static str,
    /// The suffix of the columns of a table that is read by its key alone.
    pub(crate) by_key: &'static str,
}

/// The back end of one database: its syntax, types, locks and order of statements. The current row is called `r`;
/// `stored` is an expression for the value of a column.
pub(crate) trait Backend: fmt::Debug + Send + Sync {
    // Spelling.

    fn spelling(&self) -> &'static Spelling;
    /// Returns the placeholder of the value at a position, counted from 1.
    fn placeholder(&self, position: usize) -> String;
    /// Quotes the name of a table.
    fn table(&self, name: &str) -> String {
        quote(name)
    }
    /// Qualifies the name of a table that exists for one connection or transaction.
    fn temporary(&self, name: &str) -> String;
    /// Binds a value, with a cast if the database would have to guess the type.
    fn bind(&self, w: &mut Writer, value: SqlValue) {
        w.placeholder(value);
    }
    /// Returns the cast to a type, on databases whose expressions have types.
    fn cast(&self, _type_name: &str) -> String {
        String::new()
    }
    /// Replaces characters that JSON allows, but text of the database does not.
    fn json_text(&self, json: String) -> String {
        json
    }

    // Transactions and the library's tables.

    /// Returns the statements that begin a transaction.
    fn begin(&self, access: AccessMode) -> &'static [&'static str];
    /// Returns the query that keeps other processes from migrating at the same time. Its second column is 1 if there
    /// is a schema to create tables in.
    fn migration_lock(&self) -> Option<&'static str> {
        None
    }
    /// Renders a stored timestamp as text.
    fn timestamp_text(&self, stored: &str) -> String {
        stored.to_owned()
    }
    /// Converts the id of a record to its form in the library's tables.
    fn recorded_id(&self, r: &Renderer<'_>, kind: &KindName, id: &RecordId) -> Result<SqlValue, StoreError>;
    /// Returns all forms that the library's tables may hold for an id.
    fn recorded_ids(&self, id: &RecordId) -> Vec<SqlValue>;
    /// Writes the audit entry `entry` with the current fields of its subject, `j.value`; `object` writes them.
    fn entry_with_snapshot(
        &self,
        w: &mut Writer,
        entry: String,
        id: &str,
        object: &dyn Fn(&mut Writer, &str) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    // The schema.

    /// Returns the cache key for the schema of these columns; `None` if it is not cached.
    fn cache_key(&self, _columns: &QueryColumns<'_>) -> Result<Option<String>, StoreError> {
        Ok(None)
    }
    /// Renders the statements that read the types of columns.
    fn schema_statements(&self, columns: &QueryColumns<'_>) -> Result<Vec<Statement>, StoreError>;
    /// Reads the schema from the rows that they return.
    fn read_schema(
        &self,
        columns: &QueryColumns<'_>,
        rows: Vec<Vec<SqlValue>>,
    ) -> Result<TableSchema, StoreError>;
    /// Writes an expression for the version of the tables of a cache key.
    fn schema_version(&self, w: &mut Writer, _cache_key: &str) {
        w.push("NULL");
    }
    /// Returns the most likely type of a column whose type was not read.
    fn likely_type(&self, field: Field<'_>) -> Result<ColumnType, StoreError>;

    // Sets.

    /// Decides which sets are written to a temporary table; the others are common table expressions.
    fn materializations(
        &self,
        _query: &SurveyQuery,
        _changes: Option<&ChangeSet>,
        _shapes: &BTreeMap<SetId, Shape<'_>>,
    ) -> BTreeMap<SetId, Materialization> {
        BTreeMap::new()
    }
    /// Renders the statements that write the members of these sets.
    fn materialize(&self, _r: &Renderer<'_>) -> Result<Vec<Statement>, StoreError> {
        Ok(Vec::new())
    }
    /// Writes the common table expressions of the sets of a cycle that is not materialized.
    fn cycle(&self, _r: &Renderer<'_>, _w: &mut Writer, _sets: &[NamedSet]) -> Result<(), StoreError> {
        Ok(())
    }
    /// Returns whether temporary tables stay with the connection. Otherwise they end with the transaction.
    fn keeps_temporary_tables(&self) -> bool {
        true
    }
    /// Returns whether the statement that writes rows finds them by the conditions of their set.
    fn finds_rows_itself(&self, r: &Renderer<'_>, rows: Rows) -> bool;
    /// Returns whether rows are best found by passing ids to an index as one array.
    fn is_found_by_index(&self, _field: Field<'_>, _id: Field<'_>) -> Result<bool, StoreError> {
        Ok(false)
    }
    /// Renders a reference for comparison with the ids it refers to, as a foreign key compares them.
    fn reference(
        &self,
        _r: &Renderer<'_>,
        stored: &str,
        _reference: &Reference,
    ) -> Result<String, StoreError> {
        Ok(stored.to_owned())
    }
    /// Renders text in lower case, ASCII letters only.
    fn lower(&self, field: Field<'_>) -> Result<String, StoreError> {
        Ok(format!("lower({})", field.column()))
    }
    /// Writes the condition that the id of the row `r` is one of these. The number of bound values does not depend on
    /// the number of ids.
    fn one_of(&self, w: &mut Writer, id: Field<'_>, ids: &[RecordId]) -> Result<(), StoreError>;
    /// Renders the condition by which a walk gets from the id `parent` to the rows that hold it in `held`.
    fn leads_on(&self, held: &str, parent: &str) -> String;

    // Values.

    /// Renders an id for the result of a query.
    fn answered_id(&self, id: Field<'_>, stored: &str) -> Result<String, StoreError>;
    /// Reads an id from the result of a query.
    fn read_id(&self, answer: &SqlValue) -> Option<RecordId>;
    /// Renders the sort key of ids: integers by value, text by its UTF-8 bytes.
    fn id_order(&self, id: Field<'_>, stored: &str) -> Result<String, StoreError>;
    /// Writes the condition that an id comes after another, which may be an id that no row can have.
    fn is_after(&self, w: &mut Writer, id: Field<'_>, after: &RecordId) -> Result<(), StoreError>;
    /// Renders an id as the table of pseudonyms stores it, and the sort key of its pages.
    fn page_key(&self, id: &str) -> (String, String);
    /// Renders an id of `r` as the table of pseudonyms stores it, so that an index finds it.
    fn pseudonym_id(&self, id: &str) -> String;
    /// Checks that a field can hold a pseudonym.
    fn check_pseudonym(&self, _field: Field<'_>) -> Result<(), StoreError> {
        Ok(())
    }
    /// Writes a comparison of a field with a value of its declared type.
    fn compare(
        &self,
        w: &mut Writer,
        field: Field<'_>,
        is: Comparison,
        value: &Value,
    ) -> Result<(), StoreError>;
    /// Writes the condition that a field equals one of several values of its declared type.
    fn compare_any(&self, w: &mut Writer, field: Field<'_>, values: &[Value]) -> Result<(), StoreError> {
        w.push("(");
        w.list(" OR ", values, |w, value| self.compare(w, field, Comparison::Equal, value))?;
        w.push(")");
        Ok(())
    }
    /// Renders whether a stored value is not of a type, never NULL; `None` if the column cannot hold such a value.
    fn is_invalid(&self, field: Field<'_>, declared: FieldType) -> Result<Option<String>, StoreError>;
    /// Renders a timestamp as milliseconds since 1970, rounded half up; NULL for other values.
    fn milliseconds(&self, field: Field<'_>) -> Result<String, StoreError>;
    /// Renders a stored value as an argument of the function that makes a JSON object.
    fn json_value(&self, field: Field<'_>) -> Result<String, StoreError>;
    /// Writes the id of a new row.
    fn new_id(&self, w: &mut Writer, field: Field<'_>, id: &RecordId) -> Result<(), StoreError>;
    /// Writes a new value in the form in which the column stores values.
    fn new_value(&self, w: &mut Writer, field: Field<'_>, value: &Value) -> Result<(), StoreError>;
    /// Writes the masked value of a field.
    fn mask(&self, w: &mut Writer, field: Field<'_>, mask: &Mask) -> Result<(), StoreError>;

    // Operations.

    /// Chooses the first strategy for a change set. `single_statement_limit` is the maximum number of planned rows
    /// for one statement.
    fn strategy(&self, changes: &ChangeSet, single_statement_limit: u64) -> ApplyStrategy;
    /// Renders the locks of a change set. A database with one writer at a time needs none.
    fn locks(&self, _r: &Renderer<'_>, _changes: &ChangeSet) -> Result<Locks, StoreError> {
        Ok(Locks::default())
    }
    /// Renders the statement that records the operation. It returns 1 if the operation is new, and the version of the
    /// tables of `cache_key`. It also locks the subjects if the locks say so.
    fn note(
        &self,
        r: &Renderer<'_>,
        receipt: &Receipt,
        cache_key: Option<&str>,
        locks: &Locks,
    ) -> Result<Statement, StoreError>;
    /// Renders the steps, in their order.
    fn blocks(&self, r: &Renderer<'_>, changes: &ChangeSet) -> Result<Vec<Block>, StoreError>;
    /// Renders the statement that counts, writes, reports and records; `None` if the database has no such statement.
    fn single_statement(
        &self,
        _r: &Renderer<'_>,
        _changes: &ChangeSet,
        _asked: &Asked,
    ) -> Result<Option<Statement>, StoreError> {
        Ok(None)
    }
    /// Returns the statement that defers foreign keys to commit, for deletions that no order satisfies.
    fn defer_foreign_keys(&self, _changes: &ChangeSet) -> Option<&'static str> {
        None
    }
    /// Returns whether other transactions may write while one writes.
    fn has_concurrent_writers(&self) -> bool;
}
