//! Counts: all of a survey in one statement, with one scan for each set.

use std::collections::BTreeMap;

use super::set::{Renderer, rank_within};
use crate::plan::{Ranks, Rows, SetId};
use crate::sql::SqlValue;
use crate::sql::statement::Statement;
use crate::store::StoreError;

/// How many sets one statement counts: SQLite takes 500 SELECTs in a UNION.
const AT_ONCE: usize = 200;

/// What is counted, and the statements that do it.
pub(crate) struct Counting {
    pub(crate) statements: Vec<Statement>,
    asked: BTreeMap<SetId, Vec<Ranks>>,
}

/// How many rows there are.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    asked: BTreeMap<SetId, Vec<Ranks>>,
    found: BTreeMap<SetId, Vec<u64>>,
}

impl Renderer<'_> {
    /// How the rows are counted, and with them, in every set whose conditions read values, the rows that
    /// could not be read.
    pub(crate) fn counting(&self, rows: impl IntoIterator<Item = Rows>) -> Result<Counting, StoreError> {
        let mut asked: BTreeMap<SetId, Vec<Ranks>> = BTreeMap::new();
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
        let sets: Vec<SetId> = asked.keys().copied().collect();
        let mut statements = Vec::new();
        for sets in sets.chunks(AT_ONCE) {
            let mut w = self.writer();
            self.with(&mut w, sets)?;
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
                Ok::<_, StoreError>(())
            })?;
            statements.push(w.finish());
        }
        Ok(Counting { statements, asked })
    }
}

impl Counting {
    /// The counts, from the rows that the statements gave.
    pub(crate) fn read(self, rows: impl IntoIterator<Item = Vec<SqlValue>>) -> Counts {
        let mut found = BTreeMap::new();
        for row in rows {
            let [SqlValue::Integer(set), SqlValue::Text(counts)] = &*row else {
                continue;
            };
            let Ok(set) = u16::try_from(*set) else {
                continue;
            };
            found.insert(SetId(set), serde_json::from_str(counts).unwrap_or_default());
        }
        Counts { asked: self.asked, found }
    }
}

impl Counts {
    /// How many of these rows there are. They have been asked for.
    pub(crate) fn of(&self, rows: Rows) -> u64 {
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
