//! Ids from outside, as the map declares them: backends need not know that text may stand for an integer.

use crate::domain::{FieldType, Kind, RecordId};
use crate::store::StoreError;

/// The id as rows of the kind hold it. What nobody declared is left to the backend.
pub(super) fn as_declared(kind: &Kind, id: &RecordId) -> Result<RecordId, StoreError> {
    if kind.declared_type(&kind.id) != Some(FieldType::Integer) || id.as_integer().is_some() {
        return Ok(id.clone());
    }
    let text = id.to_string();
    // `007` and `+7` are not how 7 is written.
    let integer = text.parse().ok().filter(|it: &i64| it.to_string() == text);
    integer.map(RecordId::from).ok_or_else(|| StoreError::WrongId {
        kind: kind.name.clone(),
        id: id.clone(),
        expected: "integers",
    })
}
