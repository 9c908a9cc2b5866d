//! Lists of ids in a field, as references with `each` hold them.

use serde_json::Value as Json;

use super::{FieldName, KeyComparison, RecordId, Value};

/// A field that should hold a list of ids, but holds something else. The error does not show the value.
///
/// A list is null or a JSON array. Its elements are integers, text, or null.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` is not a list of ids")]
#[non_exhaustive]
pub struct BadIdList {
    /// The field.
    pub field: FieldName,
}

/// The type that errors expect in a field with a list of ids.
pub(crate) const LIST_OF_IDS: &str = "list of ids";

/// Returns the ids in a list, in their order; `None` if the value is not a list of ids. A null list has no elements,
/// and null elements are left out.
pub(crate) fn ids_in_list(value: &Value) -> Option<Vec<RecordId>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Json(Json::Array(list)) => {
            let elements = list.iter().filter(|element| !element.is_null());
            elements.map(id_of).collect()
        }
        _ => None,
    }
}

/// Returns the list without the elements that `is_reached` accepts. A `new` id replaces the first of them, unless the
/// list already contains it. The other elements keep their order. Returns `None` if the value is not a list of ids.
pub(crate) fn changed_list(
    value: &Value,
    compare: KeyComparison,
    is_reached: impl Fn(&RecordId) -> bool,
    new: Option<&RecordId>,
) -> Option<Value> {
    ids_in_list(value)?;
    let Value::Json(Json::Array(list)) = value else { return Some(value.clone()) };
    let is_out = |element: &Json| id_of(element).is_some_and(|id| is_reached(&compare.fold(id)));
    let is_new = |element: &Json| {
        id_of(element).zip(new).is_some_and(|(id, new)| compare.fold(id) == compare.fold(new.clone()))
    };
    let mut open = new.filter(|_| !list.iter().any(|element| !is_out(element) && is_new(element)));
    let mut changed = Vec::with_capacity(list.len());
    for element in list {
        if !is_out(element) {
            changed.push(element.clone());
        } else if let Some(new) = open.take() {
            changed.push(serde_json::to_value(new).ok()?);
        }
    }
    Some(Value::Json(Json::Array(changed)))
}

fn id_of(element: &Json) -> Option<RecordId> {
    match Value::from(element.clone()) {
        Value::Integer(id) => Some(id.into()),
        Value::Text(id) => Some(id.into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn list(value: Json) -> Value {
        Value::from(value)
    }

    fn without(value: Json, out: &[RecordId], new: Option<i64>) -> Option<Value> {
        let new = new.map(RecordId::from);
        changed_list(&list(value), KeyComparison::Exact, |id| out.contains(id), new.as_ref())
    }

    #[test]
    fn every_occurrence_is_taken_out_and_the_rest_keeps_its_order() {
        let changed = without(json!([3, 1, null, 2, 1]), &[1.into()], None);
        assert!(changed == Some(list(json!([3, null, 2]))));
        assert!(without(json!([1]), &[1.into()], None) == Some(list(json!([]))));
        assert!(without(json!(null), &[1.into()], None) == Some(Value::Null));
    }

    #[test]
    fn a_new_id_takes_the_first_place_and_is_never_in_the_list_twice() {
        let out = [RecordId::from(1), 2.into()];
        assert!(without(json!([3, 1, 4, 2]), &out, Some(9)) == Some(list(json!([3, 9, 4]))));
        assert!(without(json!([1, 3, 9]), &out, Some(9)) == Some(list(json!([3, 9]))));
        assert!(without(json!([1, 9]), &[9.into(), 1.into()], Some(9)) == Some(list(json!([9]))));
    }

    #[test]
    fn case_is_ignored_if_the_reference_ignores_it() {
        let is_ana = |id: &RecordId| *id == RecordId::from("ana");
        let fold = KeyComparison::IgnoreAsciiCase;
        let changed = changed_list(&list(json!(["ANA", "Eva"])), fold, is_ana, Some(&"eva".into()));
        assert!(changed == Some(list(json!(["Eva"]))));
    }

    #[test]
    fn anything_else_is_not_a_list_of_ids() {
        for bad in [json!(1), json!("[1]"), json!({}), json!([[1]]), json!([true]), json!([1.5]), json!([{}])]
        {
            assert!(ids_in_list(&list(bad.clone())).is_none(), "{bad}");
            assert!(without(bad.clone(), &[1.into()], None).is_none(), "{bad}");
        }
    }
}
