//! What is asked of rows beyond their number: ids, spans of time, and which value could not be read.

use super::condition::{column, fields_read};
use super::set::{Renderer, id_of};
use super::stored::milliseconds;
use crate::domain::{FieldName, FieldType, Kind, KindName};
use crate::protocol::{Question, Rows, SetId, Stratum};
use crate::sql::Dialect;
use crate::sql::statement::{Statement, Writer};
use crate::store::StoreError;

impl Renderer<'_> {
    /// The set that holds the subjects.
    pub(crate) fn first_set(&self) -> Option<SetId> {
        let mut sets = self.query.sets.iter().flat_map(Stratum::sets);
        sets.next().map(|set| set.id)
    }

    /// The samples and spans of these questions: rows of the question's number, what it is (0 an id, 1 a span) and
    /// three values. `None` where there is nothing to ask.
    pub(crate) fn details(&self, questions: &[(usize, &Question)]) -> Result<Option<Statement>, StoreError> {
        let mut w = self.writer();
        let sets: Vec<SetId> = questions.iter().map(|(_, question)| question.rows.set).collect();
        self.with(&mut w, &sets)?;
        let mut parts = 0;
        let union = |w: &mut Writer, parts: &mut usize| {
            if *parts > 0 {
                w.push("\nUNION ALL ");
            }
            *parts += 1;
        };
        for (number, question) in questions {
            let number = i64::try_from(*number).unwrap_or(i64::MAX);
            if question.sample > 0 {
                union(&mut w, &mut parts);
                w.push("SELECT ").number(number);
                let kind = self.set_kind(question.rows.set)?;
                let id = self.told_id(kind, "b.id")?;
                w.push(", 0, ").push(&id).push(", ").push(self.no_text());
                w.push(", 0 FROM (SELECT s.id AS id FROM ");
                self.rows(&mut w, question.rows)?;
                w.push(" ORDER BY ").push(&self.order(kind, "s.id")?);
                w.push(" LIMIT ").number(question.sample).push(") AS b");
            }
            if let Some(field) = &question.span {
                union(&mut w, &mut parts);
                w.push("SELECT ").number(number).push(", 1, ");
                self.span(&mut w, question.rows, field)?;
            }
        }
        Ok((parts > 0).then(|| w.finish()))
    }

    fn span(&self, w: &mut Writer, rows: Rows, field: &FieldName) -> Result<(), StoreError> {
        let kind = self.set_kind(rows.set)?;
        let stored = column(w, kind, field);
        let bad = self.bad(w, kind, field, FieldType::Timestamp)?.unwrap_or_else(|| "FALSE".into());
        let (at, text) = match self.dialect {
            Dialect::Sqlite => (milliseconds(&stored), ""),
            Dialect::Postgres => (self.milliseconds_typed(kind, field, &stored)?, "::text"),
        };
        w.push(&format!("min({at}){text}, max({at}){text}, count(*) FILTER (WHERE {bad}) FROM "));
        w.table(kind.table_name()).push(" AS r WHERE ");
        self.is_one(w, kind, rows)
    }

    /// The first row of a set in which a condition found a value that is not of its field's type: its id,
    /// and for each of the fields whether it is this one.
    pub(crate) fn unreadable(&self, set: SetId) -> Result<(Statement, Vec<FieldName>), StoreError> {
        let mut fields: Vec<FieldName> = self
            .shape(set)?
            .branches
            .iter()
            .flat_map(|branch| &branch.cases)
            .filter_map(|case| case.when.as_ref())
            .flat_map(|when| fields_read(when).into_iter().cloned())
            .collect();
        fields.sort();
        fields.dedup();
        let kind = self.set_kind(set)?;
        let mut w = self.writer();
        self.with(&mut w, &[set])?;
        let id = id_of(&w, kind);
        w.push("SELECT ").push(&self.told_id(kind, &id)?);
        for field in &fields {
            let bad = self.bad(&w, kind, field, kind.type_of(field))?.unwrap_or_else(|| "FALSE".into());
            w.push(", CASE WHEN ").push(&bad).push(" THEN 1 ELSE 0 END");
        }
        w.push(" FROM ").table(kind.table_name());
        w.push(" AS r WHERE ").push(&id);
        w.push(" IN (SELECT s.id FROM ");
        let and = self.source(&mut w, set);
        w.push(and).push("s.rank < 0) ORDER BY ").push(&self.order(kind, &id)?).push(" LIMIT 1");
        Ok((w.finish(), fields))
    }

    /// The first of some rows whose field is no instant.
    pub(crate) fn undated(&self, rows: Rows, field: &FieldName) -> Result<(Statement, KindName), StoreError> {
        let kind = self.set_kind(rows.set)?;
        let mut w = self.writer();
        self.with(&mut w, &[rows.set])?;
        let id = id_of(&w, kind);
        let bad = self.bad(&w, kind, field, FieldType::Timestamp)?.unwrap_or_else(|| "FALSE".into());
        w.push("SELECT ").push(&self.told_id(kind, &id)?).push(" FROM ");
        w.table(kind.table_name()).push(" AS r WHERE ");
        self.is_one(&mut w, kind, rows)?;
        w.push(" AND ").push(&bad).push(" ORDER BY ").push(&self.order(kind, &id)?).push(" LIMIT 1");
        Ok((w.finish(), kind.name.clone()))
    }

    /// An id as it is told: on PostgreSQL, where a column has one type, as the text of its JSON.
    pub(super) fn told_id(&self, kind: &Kind, id: &str) -> Result<String, StoreError> {
        self.known(kind, &kind.id)?;
        Ok(match self.dialect {
            Dialect::Sqlite => id.to_owned(),
            Dialect::Postgres if self.column_type(kind, &kind.id)?.name == "bpchar" => {
                // Without the spaces that fill it up.
                format!("to_json({id}::text)::text")
            }
            Dialect::Postgres => format!("to_json({id})::text"),
        })
    }

    /// What makes text of JSON.
    pub(super) fn as_text(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "",
            Dialect::Postgres => "::text",
        }
    }

    fn no_text(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "NULL",
            Dialect::Postgres => "NULL::text",
        }
    }

    /// What orders ids of a kind: integers by value, text by its UTF-8 bytes.
    pub(super) fn order(&self, kind: &Kind, id: &str) -> Result<String, StoreError> {
        Ok(match self.dialect {
            Dialect::Sqlite => format!("{id} COLLATE BINARY"),
            Dialect::Postgres => self.column_type(kind, &kind.id)?.order(id),
        })
    }

    /// How many of some rows are still there.
    pub(crate) fn remaining(&self, kind: &KindName, rows: Rows) -> Result<Statement, StoreError> {
        let kind = self.kind(kind)?;
        let mut w = self.writer();
        self.with(&mut w, &[rows.set])?;
        w.push("SELECT count(*) FROM ").table(kind.table_name());
        w.push(" AS r WHERE ");
        self.is_one(&mut w, kind, rows)?;
        Ok(w.finish())
    }
}
