//! Checking a data map against the records.

use crate::domain::{DataMap, Fault, FaultCode, Kind};
use crate::store::{Records, StoreError, SystemTable, system_tables};

/// Returns a fault for every kind that the records do not have, and those that the backend finds; sorted by path.
pub(super) async fn check(records: &impl Records, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
    let mut faults = Vec::new();
    for kind in map.kinds() {
        if system_tables::is_reserved(&kind.name) {
            faults.push(
                Fault::new(
                    FaultCode::ReservedName,
                    format!("kinds.{}", kind.name),
                    "the name is reserved for a table of this crate",
                )
                .remedy("choose another name for the kind, and set `table` to its table"),
            );
        } else {
            faults.extend(missing(records, kind, "create it, or correct the name").await?);
        }
    }
    for kind in SystemTable::ALL.iter().map(|table| table.kind()) {
        faults.extend(missing(records, &kind, "create it: this crate stores its own records there").await?);
    }
    faults.extend(records.describe(map).await?);
    faults.sort();
    faults.dedup();
    Ok(faults)
}

async fn missing(records: &impl Records, kind: &Kind, remedy: &str) -> Result<Option<Fault>, StoreError> {
    match records.get(kind, &[]).await {
        Ok(_) => Ok(None),
        Err(StoreError::Unknown { .. }) => Ok(Some(
            Fault::new(
                FaultCode::UnknownKind,
                format!("kinds.{}", kind.name),
                format!("the store has no kind `{}`", kind.name),
            )
            .remedy(remedy),
        )),
        Err(error) => Err(error),
    }
}
