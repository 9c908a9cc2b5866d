//! Checking that a map fits the records.

use crate::domain::{DataMap, Fault, FaultCode, Kind};
use crate::store::{Records, StoreError, system_tables};

/// Every kind the records do not have, and what they say of the others; sorted by path.
pub(super) async fn check(records: &impl Records, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
    let mut faults = Vec::new();
    for kind in map.kinds() {
        if system_tables::is_reserved(&kind.name) {
            faults.push(
                Fault::new(
                    FaultCode::ReservedName,
                    format!("kinds.{}", kind.name),
                    "the name belongs to a table of the library",
                )
                .remedy("call the kind something else, with `table` for its table"),
            );
        } else {
            faults.extend(missing(records, kind, "create it, or correct the name").await?);
        }
    }
    for kind in system_tables::kinds() {
        faults.extend(missing(records, &kind, "the library needs it; create it").await?);
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
