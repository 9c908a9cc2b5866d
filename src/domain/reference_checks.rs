//! Checks of references, and of kinds that share a table, when a data map is built.

use std::collections::BTreeSet;

use super::{
    Comparison, Condition, DataMap, Fault, FaultCode, Faults, FieldName, FieldType, Kind, KindName,
    Reference, TableName, Value,
};

/// Checks every reference of a map, and every pair of references or kinds that share rows.
pub(super) fn check_references(map: &DataMap, faults: &mut Faults) {
    for reference in map.references() {
        check_kinds(map, reference, faults);
        check_fields(map, reference, faults);
        check_list(map, reference, faults);
        check_masks(map, reference, faults);
    }
    let references: Vec<&Reference> = map.references().collect();
    for (reference, other) in pairs(&references) {
        if reference.from == other.from
            && same_fields(reference, other)
            && !map
                .kind(&reference.from)
                .is_some_and(|kind| excludes(kind, reference.when.as_ref(), other.when.as_ref()))
        {
            faults.push(
                Fault::new(
                    FaultCode::ConflictingRoles,
                    format!("references.{}", other.name),
                    format!("a row could refer over `{}` and over `{}`", reference.name, other.name),
                )
                .remedy("give both an `if` with different values of one field (`eq` or `in`)"),
            );
        }
    }
    let kinds: Vec<&Kind> = map.kinds().collect();
    for (kind, other) in pairs(&kinds) {
        // A row that two kinds contain would be decided about twice, and written by whichever step comes first.
        let is_shared = kind.table_name() == other.table_name();
        if is_shared && !excludes(kind, kind.filter.as_ref(), other.filter.as_ref()) {
            faults.push(
                Fault::new(
                    FaultCode::ConflictingRoles,
                    format!("kinds.{}.table", other.name),
                    format!(
                        "a row of the table could be a record of `{}` and of `{}`",
                        kind.name, other.name
                    ),
                )
                .remedy("give both kinds a `filter` with different values of one field (`eq` or `in`)"),
            );
        }
    }
}

fn pairs<T>(all: &[T]) -> impl Iterator<Item = (&T, &T)> {
    all.iter().enumerate().flat_map(|(at, one)| all.iter().skip(at + 1).map(move |other| (one, other)))
}

fn same_fields(a: &Reference, b: &Reference) -> bool {
    let fields = |reference: &Reference| reference.fields.iter().cloned().collect::<BTreeSet<FieldName>>();
    fields(a) == fields(b)
}

/// Returns whether no row of the kind can meet both conditions, because they require different values of one field.
fn excludes(kind: &Kind, a: Option<&Condition>, b: Option<&Condition>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return false };
    let b = required_values(b);
    required_values(a).iter().any(|(field, values)| {
        let mut others = b.iter().filter(|(other, _)| other == field);
        let differs = |a: &Value, b: &Value| are_different(kind.declared_type(field), a, b);
        others.any(|(_, others)| values.iter().all(|value| others.iter().all(|other| differs(value, other))))
    })
}

/// Returns whether two values of a field certainly differ, however they are written: 1 and `true` are one Boolean.
fn are_different(field_type: Option<FieldType>, a: &Value, b: &Value) -> bool {
    match (field_type, a, b) {
        (Some(FieldType::Uuid), Value::Text(a), Value::Text(b)) => !a.eq_ignore_ascii_case(b),
        (Some(field_type), a, b) => match (field_type.read(a), field_type.read(b)) {
            (Ok(a), Ok(b)) => field_type.compare(&a, &b).is_some_and(std::cmp::Ordering::is_ne),
            _ => false,
        },
        (None, Value::Text(a), Value::Text(b)) => a != b,
        (None, Value::Integer(a), Value::Integer(b)) => a != b,
        (None, Value::Boolean(a), Value::Boolean(b)) => a != b,
        (None, ..) => false,
    }
}

/// Returns the fields that a condition restricts to certain values, each with these values.
fn required_values(condition: &Condition) -> Vec<(&FieldName, Vec<&Value>)> {
    match condition {
        Condition::Compare { field, is: Comparison::Equal, value } => vec![(field, vec![value])],
        Condition::OneOf { field, values } => vec![(field, values.iter().collect())],
        Condition::All(conditions) => conditions.iter().flat_map(required_values).collect(),
        _ => Vec::new(),
    }
}

/// Checks that both kinds of a reference are declared.
fn check_kinds(map: &DataMap, reference: &Reference, faults: &mut Faults) {
    let key = reference.key.as_deref().unwrap_or_default();
    for (kind, field) in [(&reference.from, None), (&reference.to, key.first())] {
        if map.kind(kind).is_some() {
            continue;
        }
        let remedy = match kind_of_table(map, kind, field) {
            Some(known) => {
                format!("references name kinds, not tables: write `{known}`, the kind of that table")
            }
            None => "declare it under `kinds`".to_owned(),
        };
        let path = format!("references.{}", reference.name);
        faults
            .push(Fault::new(FaultCode::UnknownKind, path, format!("unknown kind `{kind}`")).remedy(remedy));
    }
}

/// Finds the kind whose table was named in place of the kind. The table in `crm.clients` may have been read as a field.
fn kind_of_table<'a>(
    map: &'a DataMap,
    written: &KindName,
    field: Option<&FieldName>,
) -> Option<&'a KindName> {
    let whole = TableName::from(written.as_str());
    let with_field = field.map(|field| TableName::from(format!("{written}.{field}")));
    let is_named = |table: &TableName| *table == whole || with_field.as_ref() == Some(table);
    map.kinds().find(|kind| is_named(&kind.table_name())).map(|kind| &kind.name)
}

/// Checks that a reference has as many fields as the key that it holds.
fn check_fields(map: &DataMap, reference: &Reference, faults: &mut Faults) {
    let path = format!("references.{}", reference.name);
    let fields: BTreeSet<&FieldName> = reference.fields.iter().collect();
    if fields.is_empty() || fields.len() < reference.fields.len() {
        let message = "a reference needs fields, each of them once";
        faults.push(
            Fault::new(FaultCode::ReferenceName, &path, message).remedy("for example `debts.client_id`"),
        );
    }
    let Some(to) = map.kind(&reference.to) else { return };
    let key = reference.key.as_deref().unwrap_or_else(|| to.id.fields());
    if key.is_empty() {
        let message = format!("`{}` has no id, so nothing can refer to its rows", to.name);
        faults.push(
            Fault::new(FaultCode::MissingIdentity, path, message)
                .remedy(format!("declare `kinds.{}.id`, or refer to unique fields", to.name)),
        );
    } else if key.len() != reference.fields.len() {
        let message = format!(
            "the reference has {} fields, but the key of `{}` has {}",
            reference.fields.len(),
            to.name,
            key.len()
        );
        faults.push(
            Fault::new(FaultCode::ReferenceKey, path, message)
                .remedy("list one field for each field of the key, in the same order"),
        );
    }
}

/// Checks that the field of a list has no other role, except other lists, and that no reference leads to a list.
fn check_list(map: &DataMap, reference: &Reference, faults: &mut Faults) {
    let path = format!("references.{}", reference.name);
    let is_list = |kind: &Kind, field: &FieldName| {
        map.references_from(&kind.name).any(|other| other.each && other.fields.contains(field))
    };
    let mut fault = |message: String, remedy: &str| {
        faults.push(Fault::new(FaultCode::ListReference, &path, message).remedy(remedy));
    };
    if let Some(to) = map.kind(&reference.to)
        && let Some(field) = map.key_of(reference).iter().find(|field| is_list(to, field))
    {
        let message = format!("`{}.{field}` is a list of ids, so it identifies no record", to.name);
        fault(message, "refer to the id, or to a unique field that holds one value");
    }
    let Some(kind) = map.kind(&reference.from).filter(|_| reference.each) else { return };
    let Some(field) = reference.only_field() else {
        return fault(
            "a list is one field, but the reference has several".into(),
            "name one field, or remove `each`",
        );
    };
    let mut others = map.references_from(&kind.name).filter(|other| other.fields.contains(field));
    let kept = [&kind.created_at, &kind.updated_at, &kind.version, &kind.shard_key];
    let status = kind.status.as_ref().map(|status| &status.field);
    let deleted = kind.deleted_at.as_ref().map(|deleted| &deleted.field);
    if kind.id.contains(field) {
        fault(
            format!("`{field}` is part of the id of `{}`, so it cannot be a list", kind.name),
            "remove `each`, or choose another id",
        );
    } else if let Some(other) = others.find(|other| !other.each || other.fields.len() > 1) {
        fault(
            format!("`{field}` is a list here, but a single value in `{}`", other.name),
            "declare `each` for both, or use separate fields",
        );
    } else if kept.into_iter().flatten().chain(status).chain(deleted).any(|own| own == field) {
        fault(format!("`{field}` also has another role"), "use a separate field");
    }
    if let Some(declared) = kind.declared_type(field).filter(|declared| *declared != FieldType::Json) {
        let message = format!("`{field}` holds a list of ids, but is declared as {declared}");
        faults.push(
            Fault::new(FaultCode::FieldType, &path, message)
                .remedy("remove its type under `fields`, or set it to `json`"),
        );
    }
}

/// Checks that no field that holds an id has a mask. A copy of another field, such as an e-mail address, may have one:
/// once it is masked, the row no longer refers to anything.
fn check_masks(map: &DataMap, reference: &Reference, faults: &mut Faults) {
    let kind = map.kind(&reference.from);
    let Some(kind) = kind.filter(|_| reference.key.is_none() || reference.each) else {
        return;
    };
    for field in reference.fields.iter().filter(|field| kind.personal.contains_key(*field)) {
        let message = "a reference cannot be masked: the mask would not refer to any record";
        faults.push(
            Fault::new(FaultCode::MaskedKey, format!("kinds.{}.personal.{field}", kind.name), message)
                .remedy("set `on_survive` in the rule of the reference"),
        );
    }
}
