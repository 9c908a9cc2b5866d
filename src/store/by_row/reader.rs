//! Looking records up by rows.

use async_trait::async_trait;

use super::ByRow;
use super::declared_ids::as_declared;
use super::evaluate::bad_value;
use crate::domain::{Kind, Record, RecordId};
use crate::store::reader::typed;
use crate::store::{Page, ReadQuery, Reader, Records, StoreError, Which};

/// How many records are looked at at once where not all of them are wanted.
const PAGE: usize = 500;

#[async_trait]
impl<R: Records> Reader for ByRow<R> {
    async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError> {
        let ReadQuery { map, kind, fields: _, which, when: _, now: _, after, limit } = query;
        let kind =
            map.kind(kind).ok_or_else(|| StoreError::Unknown { what: "kind", name: kind.to_string() })?;
        let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
        let mut found = match which {
            Which::All => return self.listed(query, kind, limit).await,
            Which::Ids(ids) => {
                let ids = ids.iter().map(|id| as_declared(kind, id)).collect::<Result<Vec<_>, _>>()?;
                self.records().get(kind, &ids).await?
            }
            Which::WithText { field, text } => self.records().holding(kind, field, text).await?,
        };
        found.retain(|row| after.as_ref().is_none_or(|after| row.id > *after));
        found.sort_by(|a, b| a.id.cmp(&b.id));
        let mut wanted = Vec::new();
        for row in found {
            if wanted.len() < limit && holds(query, kind, &row)? {
                wanted.push(asked_for(query, kind, &row)?);
            }
        }
        Ok(wanted)
    }
}

impl<R: Records> ByRow<R> {
    /// The next records of a kind for which the condition holds.
    async fn listed(&self, query: &ReadQuery, kind: &Kind, limit: usize) -> Result<Vec<Record>, StoreError> {
        let mut wanted = Vec::new();
        let mut after: Option<RecordId> = query.after.clone();
        while wanted.len() < limit {
            let found = self.records().page(kind, Page { after: after.as_ref(), limit: PAGE }).await?;
            after = found.last().map(|row| row.id.clone());
            let is_last = found.len() < PAGE;
            for row in found {
                if wanted.len() < limit && holds(query, kind, &row)? {
                    wanted.push(asked_for(query, kind, &row)?);
                }
            }
            if is_last {
                break;
            }
        }
        Ok(wanted)
    }
}

fn holds(query: &ReadQuery, kind: &Kind, row: &Record) -> Result<bool, StoreError> {
    let held = query.when.as_ref().map(|when| when.holds(kind, row, query.now));
    match held {
        None => Ok(true),
        Some(held) => held.map(|held| held == Some(true)).map_err(|bad| bad_value(kind, row, bad)),
    }
}

fn asked_for(query: &ReadQuery, kind: &Kind, row: &Record) -> Result<Record, StoreError> {
    let mut wanted = Record::new(row.id.clone());
    for field in &query.fields {
        wanted.fields.insert(field.clone(), typed(kind, &row.id, field, row.get(field))?);
    }
    Ok(wanted)
}
