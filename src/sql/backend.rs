//! The differences between the databases. All other SQL code is shared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::connection::{AccessMode, SqlValue};
use super::list_column::ListColumn;
use super::render::renderer::{Field, ListField, Renderer};
use super::render::shape::{Materialization, Shape};
use super::statement::{Prefix, Statement, Writer};
use super::table_schema::{ColumnType, QueryColumns, SchemaCheck, TableSchema};
use crate::domain::{
    Comparison, FieldName, FieldType, Kind, KindName, Mask, RecordId, Reference, TableName, Value,
};
use crate::protocol::{ChangeSet, NamedSet, Rank, Receipt, Rows, SetId, SurveyQuery};
use crate::store::StoreError;

/// How the rows of a set are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counting {
    /// All together: every requested range contains all ranks of the set. The number is reported under one of them.
    Together(Rank),
    /// All readable rows together, and those with unreadable values.
    Readable(Rank),
    /// By rank.
    ByRank,
}

/// The sets to count.
pub(crate) type Asked = BTreeMap<SetId, Counting>;

/// How a store applies a change set. All strategies have the same result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ApplyStrategy {
    /// One statement counts, writes rows, and records events and audit entries.
    SingleStatement,
    /// Each kind has its own statements. The numbers of rows they write are compared with the plan afterwards.
    PerKind,
    /// Like `PerKind`, but counts all rows before the first write. An error can therefore name the difference.
    Counted,
}

/// The statements that lock the rows a change set depends on, in order. Counting is a separate statement, so that it
/// sees the rows as they are once they are locked.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    /// Texts that no row may hold yet, such as an e-mail address to claim. There is no row to lock, so operations
    /// that claim the same text wait for each other here. Only a unique index stops other writers.
    pub(crate) texts: Vec<Statement>,
    /// Tables whose references are protected neither by a foreign key nor by the host's writers.
    pub(crate) tables: Vec<Statement>,
    /// The subjects, if the statement that records the operation also locks them.
    pub(crate) subjects: Option<Rows>,
    /// Rows, starting with the subject's kind. Each statement returns the number of rows it locked.
    pub(crate) rows: Vec<Statement>,
    /// Whether to repeat `rows` until they lock no further rows. In a cycle, another transaction may add referring
    /// rows until a row is locked.
    pub(crate) repeat: bool,
}

/// Steps that one statement carries out.
#[derive(Debug)]
pub(crate) struct Block {
    /// The positions of the steps in the change set.
    pub(crate) steps: Vec<usize>,
    /// Records the rows under the operation before they are written.
    pub(crate) mark: Option<Statement>,
    pub(crate) write: BlockWrite,
}

/// The statement of a block.
#[derive(Debug)]
pub(crate) enum BlockWrite {
    /// The rows are counted, not written.
    Nothing,
    /// Writes the rows of one step.
    Execute(Statement),
    /// Returns a JSON array with the number of rows that each step has written.
    Query(Statement),
}

/// The parts of SQL that the databases spell differently.
pub(crate) struct Spelling {
    /// The text before the arguments of the function that makes a JSON object.
    pub(crate) json_object: &'static str,
    /// The text before, between and after several JSON objects that merges them into one.
    pub(crate) joined_objects: [&'static str; 3],
    /// The text before and after a bound JSON array that turns it into rows `j`. Each has a `value`, and a `key` that
    /// orders them.
    pub(crate) json_rows: (&'static str, &'static str),
    /// The three parts of a condition that an id is in the result of a query: the text before the id, between the id
    /// and the query, and after the query. The condition takes linear time, whatever the planner estimates.
    pub(crate) among: [&'static str; 3],
    /// The clause that locks the parent of a new row as a foreign key does. Deletions wait for this lock; other
    /// writers do not.
    pub(crate) parent_lock: &'static str,
    /// The column definitions of the table of pseudonyms, and what follows them.
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
    /// What follows the column definitions of a table that is only read by its key.
    pub(crate) by_key: &'static str,
}

/// The SQL of one database: its syntax, types and locks, and how it applies steps. The current row is called `r`.
/// `stored` is an expression for the value of a column.
pub(crate) trait Backend: fmt::Debug + Send + Sync {
    // Spelling.

    fn spelling(&self) -> &'static Spelling;
    /// Returns the placeholder of the value at a position, counted from 1.
    fn placeholder(&self, position: usize) -> String;
    /// Qualifies the name of a temporary table.
    fn temporary(&self, name: &str) -> String;
    /// Binds a value, with a cast if the database could not infer its type.
    fn bind(&self, w: &mut Writer, value: SqlValue) {
        w.placeholder(value);
    }
    /// Returns a cast to a type; empty if the database has no static types.
    fn cast(&self, _type_name: &str) -> String {
        String::new()
    }
    /// Replaces characters that are valid in JSON but not in text of the database.
    fn json_text(&self, json: String) -> String {
        json
    }

    // Transactions and the library's tables.

    /// Returns the statements that begin a transaction.
    fn begin(&self, access: AccessMode) -> &'static [&'static str];
    /// Returns the query that makes other processes wait that migrate at the same time. Its second column is 1 if
    /// there is a schema in which tables can be created.
    fn migration_lock(&self) -> Option<&'static str> {
        None
    }
    /// Renders whether a table or an index of the library exists, as 1 or true.
    fn exists(&self, name: &str) -> String;
    /// Renders a key of the id of a record for unique indexes, if the database limits the size of what it indexes.
    fn record_key(&self, _record: &str) -> Option<String> {
        None
    }
    /// Returns the text before and after an id that makes its hash, by which the audit log is indexed; `None` if the
    /// database indexes ids of any length.
    fn record_hash(&self) -> Option<[&'static str; 2]> {
        None
    }
    /// Renders a stored timestamp as text.
    fn timestamp_text(&self, stored: &str) -> String {
        stored.to_owned()
    }
    /// Converts the id of a record to its form in the library's tables.
    fn recorded_id(&self, r: &Renderer<'_>, kind: &KindName, id: &RecordId) -> Result<SqlValue, StoreError>;
    /// Returns every form in which the library's tables may store an id.
    fn recorded_ids(&self, id: &RecordId) -> Vec<SqlValue>;
    /// Renders an id of `r` in the form in which a JSON array lists the subjects.
    fn listed_id(&self, id: &str) -> String;
    /// Writes the audit entry `entry` with the fields of its subject: a JSON object, or NULL if there is no such row.
    fn entry_with_snapshot(&self, w: &mut Writer, entry: String, fields: &str);

    // What an operation replaces.

    /// Returns the text before and after a value of a field that gives it the form in which it is recorded.
    fn recorded_value(&self, _field: Field<'_>) -> Result<[String; 2], StoreError> {
        Ok([String::new(), String::new()])
    }
    /// Renders a recorded value with the type of its field.
    fn read_recorded(&self, _field: Field<'_>, recorded: &str) -> Result<String, StoreError> {
        Ok(recorded.to_owned())
    }
    /// Renders the condition that a field of `r` equals a recorded value. NULL equals NULL.
    fn equals_recorded(&self, field: Field<'_>, recorded: &str) -> Result<String, StoreError> {
        Ok(format!("{recorded} IS {}", field.column()))
    }
    /// Renders the id of a record together with the value of a field, or with the value `m.after`, so that many of both can be
    /// compared at once. `None` if the database compares them one by one.
    fn recorded_pair(&self, _record: &str, _field: Option<Field<'_>>) -> Result<Option<String>, StoreError> {
        Ok(None)
    }
    /// Renders a recorded id, or an element of it, with the type of the field of the id.
    fn id_of_record(&self, field: Field<'_>, recorded: &str) -> Result<String, StoreError>;
    /// Renders an element of a recorded id of several fields.
    fn element_of_record(&self, position: usize) -> String;

    // The schema.

    /// Returns the key under which the schema of these columns is cached; `None` if it is not cached.
    fn cache_key(&self, _columns: &QueryColumns<'_>) -> Result<Option<String>, StoreError> {
        Ok(None)
    }
    /// Renders the statements that read the column types.
    fn schema_statements(&self, columns: &QueryColumns<'_>) -> Result<Vec<Statement>, StoreError>;
    /// Reads the schema from the rows that these statements returned.
    fn read_schema(
        &self,
        columns: &QueryColumns<'_>,
        rows: Vec<Vec<SqlValue>>,
    ) -> Result<TableSchema, StoreError>;
    /// Renders the query for the foreign keys that refer to tables. Each row has the position of a table, and a text that
    /// changes with its keys. Tables without keys may be left out.
    fn keys_statement(&self, tables: &[TableName]) -> Result<Statement, StoreError>;
    /// Writes the expression that [`TableSchema::is_current`] compares, for the tables in a cache key.
    fn schema_version(&self, w: &mut Writer, _cache_key: &str, _check: SchemaCheck) {
        w.push("NULL");
    }
    /// Returns the most likely type of a column whose real type was not read.
    fn likely_type(&self, field: Field<'_>) -> Result<ColumnType, StoreError>;

    // Sets.

    /// Decides which sets are written to a temporary table. The other sets are common table expressions.
    fn materializations(
        &self,
        _query: &SurveyQuery,
        _changes: Option<&ChangeSet>,
        _shapes: &BTreeMap<SetId, Shape<'_>>,
    ) -> BTreeMap<SetId, Materialization> {
        BTreeMap::new()
    }
    /// Renders the statements that write the materialized sets to the temporary table.
    fn materialize(&self, _r: &Renderer<'_>) -> Result<Vec<Statement>, StoreError> {
        Ok(Vec::new())
    }
    /// Writes the common table expressions of the sets of a cycle that is not materialized.
    fn cycle(&self, _r: &Renderer<'_>, _w: &mut Writer, _sets: &[NamedSet]) -> Result<(), StoreError> {
        Ok(())
    }
    /// Returns whether a temporary table lives as long as the connection. Otherwise, it is dropped with the
    /// transaction.
    fn keeps_temporary_tables(&self) -> bool {
        true
    }
    /// Returns whether the statement that writes these rows can find them by the conditions of their set.
    fn finds_rows_itself(&self, r: &Renderer<'_>, rows: Rows) -> bool;
    /// Returns whether to look the rows up by index, with the ids as one array.
    fn is_found_by_index(&self, _field: Field<'_>, _id: Field<'_>) -> Result<bool, StoreError> {
        Ok(false)
    }
    /// Renders a field of a reference so that it compares with the matching field of the key as in a foreign key.
    fn held(
        &self,
        reference: &Reference,
        held: Field<'_>,
        key: Field<'_>,
        stored: &str,
    ) -> Result<String, StoreError>;
    /// Renders a field of the key so that it compares with the values of [`held`](Self::held).
    fn key(&self, reference: &Reference, key: Field<'_>, stored: &str) -> Result<String, StoreError>;
    /// Describes how a field holds a list of ids. `stored` is the list.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] if the column cannot hold a list of the keys.
    fn list(&self, list: ListField<'_>, stored: &str) -> Result<ListColumn, StoreError>;
    /// Renders the key that the elements of a list hold, in the form in which it is compared.
    fn element_key(&self, list: ListField<'_>, stored: &str) -> Result<String, StoreError>;
    /// Writes a new element of a list or, if `compared`, the form in which it is compared.
    fn new_element(
        &self,
        w: &mut Writer,
        list: ListField<'_>,
        id: &RecordId,
        compared: bool,
    ) -> Result<(), StoreError>;
    /// Renders some fields of a row as the JSON text of an id: `7`, or `[7,"de"]` if there are several.
    fn key_text(
        &self,
        r: &Renderer<'_>,
        kind: &Kind,
        fields: &[FieldName],
        alias: &str,
    ) -> Result<String, StoreError>;
    /// Returns the name of the column with the place of a row (`ctid`, `rowid`), for use if the schema was not read.
    fn place(&self) -> &'static str;
    /// Returns whether a lookup of a row by its place avoids reading the whole table.
    fn finds_places(&self) -> bool;
    /// Renders text with its ASCII letters in lower case.
    fn lower(&self, field: Field<'_>) -> Result<String, StoreError> {
        Ok(format!("lower({})", field.column()))
    }
    /// Writes the condition that the id of the row `r` is among these ids. The number of bound values does not depend
    /// on the number of ids.
    fn one_of(&self, w: &mut Writer, id: Field<'_>, ids: &[RecordId]) -> Result<(), StoreError>;
    /// Writes the condition that the id of the row `r`, which has several fields, is among these ids. The number of
    /// bound values does not depend on the number of ids.
    fn one_of_tuples(
        &self,
        w: &mut Writer,
        r: &Renderer<'_>,
        kind: &Kind,
        ids: &[RecordId],
    ) -> Result<(), StoreError>;
    /// Renders the condition that `held` holds the id `parent`, for a recursive query.
    fn leads_on(&self, held: &str, parent: &str) -> String;

    // Values.

    /// Renders an id for the result of a query.
    fn answered_id(&self, id: Field<'_>, stored: &str) -> Result<String, StoreError>;
    /// Reads an id from the result of a query.
    fn read_id(&self, answer: &SqlValue) -> Option<RecordId>;
    /// Renders the sort key of an id. Integers sort by value, text by its UTF-8 bytes.
    fn id_order(&self, id: Field<'_>, stored: &str) -> Result<String, StoreError>;
    /// Writes the condition that an id comes after `after`, which no row needs to have.
    fn is_after(&self, w: &mut Writer, id: Field<'_>, after: &RecordId) -> Result<(), StoreError>;
    /// Renders an id in the form of the table of pseudonyms, and the sort key for its pages.
    fn page_key(&self, id: &str) -> (String, String);
    /// Renders an id of `r` in the form of the table of pseudonyms, in a way that its index can be used.
    fn pseudonym_id(&self, id: &str) -> String;
    /// Checks that a field can hold a pseudonym.
    fn check_pseudonym(&self, _field: Field<'_>) -> Result<(), StoreError> {
        Ok(())
    }
    /// Renders a field in the form in which conditions compare it, if this form is computed once for each row.
    /// Conditions then read it from the row `n`, where it has the name of the field.
    fn converted(&self, _field: Field<'_>) -> Option<String> {
        None
    }
    /// Renders whether a condition cannot read a field, where [`converted`](Self::converted) values are in the row `n`.
    /// Otherwise like [`is_invalid`](Self::is_invalid) for the declared type.
    fn is_invalid_in_condition(&self, field: Field<'_>) -> Result<Option<String>, StoreError> {
        self.is_invalid(field, field.declared())
    }
    /// Writes a comparison of a field with a value of its declared type. [`converted`](Self::converted) values are in
    /// the row `n`.
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
    /// Renders whether a stored value does not have the type; the result is never NULL. `None` if the column cannot
    /// hold such a value.
    fn is_invalid(&self, field: Field<'_>, declared: FieldType) -> Result<Option<String>, StoreError>;
    /// Renders a timestamp as milliseconds since 1970, rounded half up; NULL for other values.
    fn milliseconds(&self, field: Field<'_>) -> Result<String, StoreError>;
    /// Renders a stored value as an argument of the JSON object function.
    fn json_value(&self, field: Field<'_>) -> Result<String, StoreError>;
    /// Writes the id of a new row.
    fn new_id(&self, w: &mut Writer, field: Field<'_>, id: &RecordId) -> Result<(), StoreError>;
    /// Writes a new value in the form in which the column stores it.
    fn new_value(&self, w: &mut Writer, field: Field<'_>, value: &Value) -> Result<(), StoreError>;
    /// Writes the masked value of a field.
    fn mask(&self, w: &mut Writer, field: Field<'_>, mask: &Mask) -> Result<(), StoreError>;

    /// Renders a written value as a column of the declared type stores it, if the type may change the value.
    fn stored(&self, _declared: &str, value: &str) -> String {
        value.to_owned()
    }

    // Operations.

    /// Chooses the first strategy to try for a change set. `single_statement_limit` is the maximum number of planned
    /// rows for a single statement.
    fn strategy(&self, changes: &ChangeSet, single_statement_limit: u64) -> ApplyStrategy;
    /// Renders the locks of a change set. A database with only one writer at a time needs none.
    fn locks(&self, _r: &Renderer<'_>, _changes: &ChangeSet) -> Result<Locks, StoreError> {
        Ok(Locks::default())
    }
    /// Renders the statement that records the operation. It returns 1 if the operation is new, and the schema version
    /// of the tables in `cache_key`. It also locks the subjects if `locks` says so.
    fn note(
        &self,
        r: &Renderer<'_>,
        receipt: &Receipt,
        cache_key: Option<&str>,
        locks: &Locks,
    ) -> Result<Statement, StoreError>;
    /// Renders the steps in execution order.
    fn blocks(&self, r: &Renderer<'_>, changes: &ChangeSet) -> Result<Vec<Block>, StoreError>;
    /// Returns whether each step is a statement of its own. A constraint then sees the rows after each step; otherwise,
    /// after all steps of the kind.
    fn writes_step_by_step(&self) -> bool {
        false
    }
    /// Renders the statement that does the whole operation; `None` if the database cannot do it in one statement.
    fn single_statement(
        &self,
        _r: &Renderer<'_>,
        _changes: &ChangeSet,
        _asked: &Asked,
    ) -> Result<Option<Statement>, StoreError> {
        Ok(None)
    }
    /// Returns the statement that defers foreign keys to the commit. Needed for deletions that violate foreign keys
    /// in any order.
    fn defer_foreign_keys(&self, _changes: &ChangeSet) -> Option<&'static str> {
        None
    }
    /// Renders the query that locks the rows of a step and returns their number. `None` if the rows cannot change
    /// before the step, or cannot be locked.
    fn lock_step(&self, _r: &Renderer<'_>, _rows: Rows) -> Result<Option<Statement>, StoreError> {
        Ok(None)
    }
    /// Renders the statement that runs deferred triggers now, given their quoted names; `None` if there are none.
    fn run_deferred(&self, _names: &BTreeSet<&str>) -> Option<Statement> {
        None
    }
    /// Renders the query for the names of the tables whose deletions can be counted; `None` if each can.
    fn ordinary_tables(&self) -> Option<Statement> {
        None
    }
    /// Renders the statements that start to count the rows deleted from these tables, by whatever deletes them.
    fn count_deletions(&self, _prefix: &Prefix, _tables: &[TableName]) -> Vec<Statement> {
        Vec::new()
    }
    /// Renders the query for the number of rows that this transaction has deleted. It returns the position of a table,
    /// the name of a relation that stores its rows, the number of rows, and a text that changes if the relation is
    /// truncated. Relations whose deletions are not counted are left out.
    fn deletions(&self, prefix: &Prefix, tables: &[TableName]) -> Result<Statement, StoreError>;
    /// Renders the statements that stop counting.
    fn stop_counting_deletions(&self, _prefix: &Prefix, _tables: &[TableName]) -> Vec<Statement> {
        Vec::new()
    }
    /// Writes a query for the text of the ids of a kind's subjects that were anonymized or became tombstones.
    fn masked_subjects(&self, w: &mut Writer, prefix: &Prefix, kind: &str);
    /// Returns whether several transactions may write at the same time.
    fn has_concurrent_writers(&self) -> bool;
}
