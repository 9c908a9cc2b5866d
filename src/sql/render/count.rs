//! Counts: all of a survey in one statement, with one scan for each set.

use std::collections::BTreeMap;

use super::postgres;
use super::set::{Renderer, rank_within};
use crate::protocol::{Ranks, Rows, SetId};
use crate::sql::SqlValue;
use crate::sql::statement::{Statement, Writer};
use crate::store::StoreError;

/// How many sets one statement counts: SQLite takes 500 SELECTs in a UNION.
const AT_ONCE: usize = 200;

/// The first column of the rows that name subjects; sets are numbered from 0.
const SUBJECTS: i64 = -1;

/// What the first of the statements that count asks beside.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beside<'a> {
    /// Which set has the subjects, whose ids are told.
    pub(crate) subjects: Option<SetId>,
    /// The tables whose mark is told.
    pub(crate) mark_of: Option<&'a str>,
}

/// For each set the ranks of which rows are counted.
pub(super) type Asked = BTreeMap<SetId, Vec<Ranks>>;

/// What is counted, and the statements that do it.
pub(crate) struct Counting {
    pub(crate) statements: Vec<Statement>,
    pub(super) asked: Asked,
}

/// How many rows there are.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    asked: Asked,
    found: BTreeMap<SetId, Vec<u64>>,
    /// Numbers that were not counted: the statement that writes these rows says whether they are right.
    foreseen: Vec<(Rows, u64)>,
    /// The ids of the subjects, as they were told.
    pub(crate) subjects: Vec<SqlValue>,
    /// The mark of the tables, if it was asked for.
    pub(crate) mark: Option<String>,
}

impl Renderer<'_> {
    /// How the rows are counted, and with them, in every set whose conditions read values, the rows that
    /// could not be read.
    pub(crate) fn counting(
        &self,
        rows: impl IntoIterator<Item = Rows>,
        beside: Beside<'_>,
    ) -> Result<Counting, StoreError> {
        let asked = self.asked(rows)?;
        let sets: Vec<SetId> = asked.keys().copied().collect();
        let mut statements = Vec::new();
        let mut beside = Some(beside);
        // One part also where there is nothing to count.
        let none = sets.is_empty().then_some(&*sets);
        for sets in sets.chunks(AT_ONCE).chain(none) {
            let mut w = self.writer();
            let first = beside.take().unwrap_or_default();
            let needed: Vec<SetId> = sets.iter().copied().chain(first.subjects).collect();
            self.with(&mut w, &needed)?;
            self.counts(&mut w, sets, &asked)?;
            let mut parts = sets.len();
            let mut union = |w: &mut Writer| {
                w.push(if parts > 0 { "\nUNION ALL " } else { "" });
                parts += 1;
            };
            if let Some(set) = first.subjects {
                union(&mut w);
                w.push("SELECT ").number(SUBJECTS).push(", ");
                w.push(&self.told_id(self.set_kind(set)?, "s.id")?).push(" FROM ");
                self.rows(&mut w, Rows::all(set))?;
            }
            if let Some(tables) = first.mark_of {
                union(&mut w);
                w.push("SELECT ").number(postgres::MARK).push(", ");
                postgres::mark(&mut w, tables);
            }
            if parts > 0 {
                statements.push(w.finish());
            }
        }
        Ok(Counting { statements, asked })
    }

    /// What is asked of each set: these rows, and of a set whose conditions read values whether they could.
    pub(super) fn asked(&self, rows: impl IntoIterator<Item = Rows>) -> Result<Asked, StoreError> {
        let mut asked = Asked::new();
        for rows in rows {
            self.shape(rows.set)?;
            let ranks = asked.entry(rows.set).or_default();
            if !ranks.contains(&rows.ranks) {
                ranks.push(rows.ranks);
            }
        }
        for (set, shape) in &self.shapes {
            if shape.reads {
                asked.entry(*set).or_default();
            }
        }
        Ok(asked)
    }

    /// The queries that count sets, one row for each.
    pub(super) fn counts(&self, w: &mut Writer, sets: &[SetId], asked: &Asked) -> Result<(), StoreError> {
        w.list("\nUNION ALL ", sets, |w, set| {
            let shape = self.shape(*set)?;
            w.push("SELECT ").number(set.0).push(", ");
            let (open, close) = self.dialect.json_array();
            w.push(open);
            w.push(if shape.reads { "count(*) FILTER (WHERE s.rank < 0)" } else { "0" });
            for ranks in asked.get(set).into_iter().flatten() {
                w.push(", count(*)");
                if !shape.lies_within(*ranks) {
                    w.push(" FILTER (WHERE ");
                    rank_within(w, "s.rank", *ranks);
                    w.push(")");
                }
            }
            w.push(close).push(" FROM ");
            self.source(w, *set);
            Ok(())
        })
    }
}

impl Counting {
    /// The counts, from the rows that the statements gave.
    pub(crate) fn read(self, rows: impl IntoIterator<Item = Vec<SqlValue>>) -> Counts {
        let mut counts = Counts { asked: self.asked, ..Counts::default() };
        for row in rows {
            if let Some(mark) = postgres::read_mark(&row) {
                counts.mark = Some(mark.to_owned());
            } else if let [SqlValue::Integer(SUBJECTS), id] = &*row {
                counts.subjects.push(id.clone());
            } else if let [SqlValue::Integer(set), SqlValue::Text(found)] = &*row
                && let Ok(set) = u16::try_from(*set)
            {
                counts.found.insert(SetId(set), serde_json::from_str(found).unwrap_or_default());
            }
        }
        counts
    }
}

impl Counts {
    /// The same with these numbers, which were not asked for.
    pub(crate) fn foreseeing(self, foreseen: Vec<(Rows, u64)>) -> Self {
        Self { foreseen, ..self }
    }

    /// Whether the number of these rows was not counted.
    pub(crate) fn foresees(&self, rows: Rows) -> bool {
        self.foreseen.iter().any(|(known, _)| *known == rows)
    }

    /// How many of these rows there are. They have been asked for.
    pub(crate) fn of(&self, rows: Rows) -> u64 {
        if let Some((_, count)) = self.foreseen.iter().find(|(known, _)| *known == rows) {
            return *count;
        }
        let asked = self.asked.get(&rows.set);
        let position = asked.and_then(|asked| asked.iter().position(|ranks| *ranks == rows.ranks));
        let found = self.found.get(&rows.set);
        // The first number is that of the rows that could not be read.
        let count = position.and_then(|position| found.and_then(|found| found.get(position + 1)));
        count.copied().unwrap_or_default()
    }

    /// The first set with rows that could not be read.
    pub(crate) fn unreadable(&self) -> Option<SetId> {
        let mut found = self.found.iter();
        found.find(|(_, counts)| counts.first().is_some_and(|bad| *bad > 0)).map(|(set, _)| *set)
    }
}
