//! Verifies rows: reads all of them, and compares them in memory.

use std::collections::{BTreeMap, HashSet};

use crate::domain::{DataMap, Kind, KindName, Mask, Record, RecordId, Reference};
use crate::protocol::{Disposition, Inconsistency, Inconsistent, Receipt, VerifyQuery};
use crate::store::system_tables::OPERATIONS;
use crate::store::{Page, Records, StoreError, masked};

/// The number of records to read at once.
const PAGE: usize = 500;

/// Reads all rows of the query's kinds, page by page, and returns what is wrong with them.
pub(super) async fn verify_pages(
    records: &impl Records,
    query: &VerifyQuery,
) -> Result<Vec<Inconsistency>, StoreError> {
    let mut all: BTreeMap<KindName, Vec<Record>> = BTreeMap::new();
    for kind in query.map.kinds() {
        all.insert(kind.name.clone(), pages(records, kind).await?);
    }
    let receipts = pages(records, &Kind::named(OPERATIONS)).await?;
    let receipts = receipts.iter().map(Receipt::try_from).collect::<Result<Vec<_>, _>>()?;
    verify(query, &receipts, |kind| all.get(kind).cloned().unwrap_or_default())
}

async fn pages(records: &impl Records, kind: &Kind) -> Result<Vec<Record>, StoreError> {
    let mut found: Vec<Record> = Vec::new();
    loop {
        let after = found.last().map(|row| row.id.clone());
        let page = records.page(kind, Page { after: after.as_ref(), limit: PAGE }).await?;
        let is_last = page.len() < PAGE;
        found.extend(page);
        if is_last {
            return Ok(found);
        }
    }
}

/// Returns what is wrong with rows. `rows` returns the rows of a kind in the order of their ids.
pub(crate) fn verify(
    query: &VerifyQuery,
    receipts: &[Receipt],
    rows: impl Fn(&KindName) -> Vec<Record>,
) -> Result<Vec<Inconsistency>, StoreError> {
    let VerifyQuery { map, limit, .. } = query;
    let at_most = usize::from(*limit) + 1;
    let mut found = Vec::new();
    for reference in map.references() {
        let ids = dangling(query, reference, &rows)?.into_iter().take(at_most).collect::<Vec<_>>();
        let what = Inconsistent::Dangling(reference.name.clone());
        found
            .extend((!ids.is_empty()).then(|| Inconsistency::new(reference.from.clone(), what, ids, *limit)));
    }
    let is_masked =
        |receipt: &&Receipt| matches!(receipt.outcome, Some(Disposition::Anonymize | Disposition::Tombstone));
    for kind in map.kinds() {
        let receipts = receipts.iter().filter(is_masked).filter(|receipt| receipt.kind == kind.name);
        let subjects: HashSet<String> =
            receipts.flat_map(|receipt| &receipt.subjects).map(ToString::to_string).collect();
        let records: Vec<Record> =
            rows(&kind.name).into_iter().filter(|row| subjects.contains(&row.id.to_string())).collect();
        for (field, mask) in kind.personal.iter().filter(|(_, mask)| **mask != Mask::Hmac) {
            let mut ids = Vec::new();
            for row in &records {
                if !row.get(field).is_null() && masked(mask, kind, field, row, None)? != *row.get(field) {
                    ids.push(row.id.clone());
                }
            }
            ids.truncate(at_most);
            let what = Inconsistent::Unmasked(field.clone());
            found.extend((!ids.is_empty()).then(|| Inconsistency::new(kind.name.clone(), what, ids, *limit)));
        }
    }
    Ok(found)
}

/// Returns the ids of rows that refer to a record that does not exist.
fn dangling(
    query: &VerifyQuery,
    reference: &Reference,
    rows: &impl Fn(&KindName) -> Vec<Record>,
) -> Result<Vec<RecordId>, StoreError> {
    let map: &DataMap = &query.map;
    let unknown = || StoreError::unknown("reference", &reference.name);
    let from: &Kind = map.kind(&reference.from).ok_or_else(unknown)?;
    let (held, target) = map.held_key(reference).zip(map.target_key(reference)).ok_or_else(unknown)?;
    let keys: HashSet<RecordId> = rows(&reference.to).iter().filter_map(|row| target.read(row)).collect();
    let filter = from.filter.as_ref().filter(|_| from.name != query.subject);
    let refers = |row: &&Record| {
        let mut conditions = [filter, reference.when.as_ref()].into_iter().flatten();
        conditions.all(|when| matches!(when.holds(from, row, chrono::DateTime::UNIX_EPOCH), Ok(Some(true))))
    };
    let all = rows(&reference.from);
    let dangling = all.iter().filter(refers).filter(|row| {
        // A list that cannot be read refers to nothing that could be named.
        held.read_all(row).unwrap_or_default().iter().any(|key| !keys.contains(key))
    });
    Ok(dangling.map(|row| row.id.clone()).collect())
}
