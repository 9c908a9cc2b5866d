//! Checks the fields whose values the audit entry of a mode keeps.

use crate::domain::{DataMap, Fault, FaultCode, Faults, FieldName, FieldType, KindName, Mode, PersonalIds};
use crate::policy::ModePolicy;

/// Checks that only a mode that erases lists fields, and that none of them is personal. Adds the fields to the map, so
/// that a store checks that it has them.
pub(super) fn check(
    subject: &KindName,
    map: &mut DataMap,
    mode: Mode,
    policy: &ModePolicy,
    faults: &mut Faults,
) {
    let path = format!("modes.{mode}.before");
    if !policy.before.is_empty() && !mode.erases() {
        let message = format!("`before` has no meaning in mode `{mode}`");
        faults.push(
            Fault::new(FaultCode::Misplaced, path, message)
                .remedy("remove it; only `hard_delete` and `anonymize` leave out what is not listed"),
        );
        return;
    }
    for field in &policy.before {
        if let Some(message) = refused(subject, map, field) {
            faults.push(
                Fault::new(FaultCode::UnsendableField, &path, message)
                    .remedy("leave it out; the audit log outlives what is erased"),
            );
        }
        map.know_field(subject, field);
    }
}

/// Returns why the audit log must not keep the values of a field.
fn refused(subject: &KindName, map: &DataMap, field: &FieldName) -> Option<String> {
    let kind = map.kind(subject)?;
    let mut lists = map.references_from(subject).filter(|reference| reference.each);
    if field.as_str().is_empty() {
        Some("a field has no name".into())
    } else if kind.id.contains(field) {
        Some(format!("`{field}` is the id, which every audit entry holds"))
    } else if kind.personal.contains_key(field) || PersonalIds::of(map).has(subject, field) {
        Some(format!("`{field}` is personal, and the audit log keeps no personal values"))
    } else if kind.type_of(field) == FieldType::Json
        && !lists.any(|list| list.key.is_none() && list.fields.contains(field))
    {
        Some(format!("`{field}` is of type json, which may hold personal values"))
    } else {
        None
    }
}
