//! Clause 3 for restores: what an operation replaced is recorded, and put back where it is as the operation left it.

use super::Host;
use super::change::{Change, all, branch, operation, update};
use super::observed::Observed;
use super::world::load_keyed;
use crate::domain::{FieldName, Mode, Value};
use crate::protocol::{Branch, Expected, NewValue, Source, Write};

const MARK: &str = "2026-03-01T12:00:00.000Z";

fn replace(field: &str, value: impl Into<Value>) -> Write {
    Write::Replace(vec![(field.into(), NewValue::Value(value.into()))])
}

fn put_back(field: &str) -> Write {
    Write::Update(vec![(field.into(), NewValue::Former)])
}

fn fields(names: &[&str]) -> Vec<FieldName> {
    names.iter().map(|name| (*name).into()).collect()
}

fn replaced(names: &[&str]) -> Source {
    Source::Replaced { fields: fields(names) }
}

/// Marks a client as deleted and empties the reference of its invoices.
fn mark(client: &str, number: u128) -> Change {
    Change::of(&[client])
        .operation(number)
        .mode(Mode::SoftDelete)
        .referrers("invoices.client_id", 0)
        .step(1, replace("client_id", Value::Null))
        .step(0, replace("deleted_at", MARK))
}

/// Takes back what [`mark`] did under an operation. Set 1 are the marked clients, and set 3 the invoices as the operation
/// left them, whose client comes back.
fn unmark(client: &str, undoes: u128, number: u128) -> Change {
    let reference = "invoices.client_id".into();
    let former = Source::FormerReferrers { reference, fields: fields(&["client_id"]), of: all(1) };
    Change::of(&[client])
        .operation(number)
        .mode(Mode::Restore)
        .undoing(operation(undoes))
        .set("clients", vec![branch(replaced(&["deleted_at"]))])
        .set("invoices", vec![branch(replaced(&["client_id"]))])
        .set("invoices", vec![Branch { within: vec![all(2)], ..branch(former) }])
        .step(3, put_back("client_id"))
        .step(1, put_back("deleted_at"))
}

async fn applied(host: &dyn Host, change: Change) -> Observed {
    let result = host.store().apply(&change.build()).await;
    result.expect("nothing blocks it");
    Observed::by(host).await
}

/// Marks and references get the values that they had.
pub async fn clause_3_replaced_values_are_put_back(host: &dyn Host) {
    load_keyed(host).await;
    let before = Observed::by(host).await;
    let marked = applied(host, mark("c1", 1)).await;
    assert_eq!(marked.value("invoices", "i1", "client_id"), Value::Null);
    let change = unmark("c1", 1, 2).expect(all(1), Expected::Exactly(1)).expect(all(3), Expected::Exactly(2));
    let after = applied(host, change).await;
    assert_eq!(after.kinds, before.kinds);
}

/// A row that was changed since the operation is not among those it replaced, and a row that another operation replaced
/// is not either.
pub async fn clause_3_what_was_changed_since_is_not_put_back(host: &dyn Host) {
    load_keyed(host).await;
    applied(host, mark("c1", 1)).await;
    applied(host, mark("c2", 2)).await;
    let change = Change::of_kind("invoices", ["i1".into()]).operation(3).step(0, update("client_id", "c3"));
    applied(host, change).await;
    let change = unmark("c1", 1, 4).expect(all(1), Expected::Exactly(1)).expect(all(3), Expected::Exactly(1));
    let after = applied(host, change).await;
    assert_eq!(after.value("invoices", "i1", "client_id"), "c3".into());
    assert_eq!(after.value("invoices", "i2", "client_id"), "c1".into());
    assert_eq!(after.value("invoices", "i3", "client_id"), Value::Null);
    assert_eq!(after.value("clients", "c1", "deleted_at"), Value::Null);
    assert_ne!(after.value("clients", "c2", "deleted_at"), Value::Null);
}

/// Rows that referred to a row which does not come back are left out.
pub async fn clause_3_rows_whose_former_target_does_not_come_back_are_left_out(host: &dyn Host) {
    load_keyed(host).await;
    applied(host, mark("c1", 1)).await;
    let change = Change::of(&["c1"]).operation(2).step(0, update("deleted_at", Value::Null));
    applied(host, change).await;
    let change = unmark("c1", 1, 3).expect(all(1), Expected::Exactly(0)).expect(all(3), Expected::Exactly(0));
    let after = applied(host, change).await;
    assert_eq!(after.value("invoices", "i1", "client_id"), Value::Null);
}

/// Rows whose id has several fields are found by it.
pub async fn clause_3_values_of_rows_with_ids_of_several_fields_are_put_back(host: &dyn Host) {
    load_keyed(host).await;
    let before = Observed::by(host).await;
    let seats = || [("b1", 2).into(), ("b1", 10).into()];
    let change = Change::of_kind("seats", seats()).step(0, replace("class", "none"));
    applied(host, change).await;
    let change = Change::of_kind("seats", seats())
        .operation(2)
        .undoing(operation(1))
        .set("seats", vec![branch(replaced(&["class"]))])
        .expect(all(1), Expected::Exactly(2))
        .step(1, put_back("class"));
    let after = applied(host, change).await;
    assert_eq!(after.kinds, before.kinds);
}

/// If several steps write a field, the value before the first of them is put back.
pub async fn clause_3_the_value_before_the_first_of_several_steps_is_put_back(host: &dyn Host) {
    load_keyed(host).await;
    let before = Observed::by(host).await;
    let change = Change::of(&["c1"]).step(0, replace("name", "first")).step(0, replace("name", "second"));
    let between = applied(host, change).await;
    assert_eq!(between.value("clients", "c1", "name"), "second".into());
    let change = Change::of(&["c1"])
        .operation(2)
        .undoing(operation(1))
        .set("clients", vec![branch(replaced(&["name"]))])
        .expect(all(1), Expected::Exactly(1))
        .step(1, put_back("name"));
    let after = applied(host, change).await;
    assert_eq!(after.kinds, before.kinds);
}
