//! Verifying the rows of a store: references to records that do not exist, and values that should be masked.

#![allow(clippy::exhaustive_structs, reason = "a new part must fail to compile in every store")]

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::domain::{DataMap, FieldName, KindName, RecordId, ReferenceName};

/// What a store is to verify.
#[derive(Debug, Clone)]
pub struct VerifyQuery {
    /// The kinds and references.
    pub map: Arc<DataMap>,
    /// The kind of the subjects. Its filter does not limit which rows refer to others.
    pub subject: KindName,
    /// The maximum number of rows to report for each reference and each field.
    pub limit: u16,
}

/// Rows that should not be as they are.
///
/// ```
/// use client_lifecycle::protocol::{Inconsistency, Inconsistent};
/// let found = Inconsistency::new("debts", Inconsistent::Dangling("debts.client_id".into()), vec![7.into()], 100);
/// assert_eq!(found.to_string(), "1 row of `debts` refers over `debts.client_id` to a record that does not exist: `7`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Inconsistency {
    /// The kind of the rows.
    pub kind: KindName,
    /// What is wrong with them.
    pub what: Inconsistent,
    /// The number of rows that were found.
    pub count: usize,
    /// Whether there may be more rows than were found, because the limit was reached.
    pub more: bool,
    /// The first ids of these rows.
    pub sample: Vec<RecordId>,
}

/// What is wrong with rows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inconsistent {
    /// They refer over this reference to a record that does not exist.
    Dangling(ReferenceName),
    /// Their record was anonymized, but this personal field is not masked.
    Unmasked(FieldName),
}

impl Serialize for Inconsistent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Dangling(reference) => serializer.collect_map([("dangling", reference.as_str())]),
            Self::Unmasked(field) => serializer.collect_map([("unmasked", field.as_str())]),
        }
    }
}

/// The maximum number of ids in a sample.
const SAMPLE: usize = 5;

impl Inconsistency {
    /// Describes rows, given the ids of at most `limit` of them, and of one more if there are more.
    #[must_use]
    pub fn new(kind: impl Into<KindName>, what: Inconsistent, mut ids: Vec<RecordId>, limit: u16) -> Self {
        let more = ids.len() > limit.into();
        ids.truncate(limit.into());
        let count = ids.len();
        ids.truncate(SAMPLE);
        Self { kind: kind.into(), what, count, more, sample: ids }
    }
}

impl fmt::Display for Inconsistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, what, count, more, sample } = self;
        let least = if *more { "at least " } else { "" };
        let (rows, refer, are) = if *count == 1 { ("row", "refers", "is") } else { ("rows", "refer", "are") };
        write!(f, "{least}{count} {rows} of `{kind}` ")?;
        match what {
            Inconsistent::Dangling(reference) => {
                write!(f, "{refer} over `{reference}` to a record that does not exist")?;
            }
            Inconsistent::Unmasked(field) => write!(f, "{are} anonymized, but `{field}` is not masked")?,
        }
        for (position, id) in sample.iter().enumerate() {
            write!(f, "{} `{id}`", if position == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}
