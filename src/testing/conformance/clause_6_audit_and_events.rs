//! Clause 6: audit entries and events are written in the transaction of the change set.

use super::change::{Change, all, operation, update};
use super::observed::Observed;
use super::world::{load_all, load_keyed};
use super::{Host, Recorded};
use crate::domain::{AuditOutcome, Value};
use crate::protocol::{Expected, NewValue, Write};

fn recorded(number: u128, subject: &str, outcome: AuditOutcome) -> Recorded {
    Recorded { operation: operation(number), subject: subject.into(), outcome }
}

/// A change set with two subjects writes two audit entries.
pub async fn clause_6_one_entry_for_each_subject(host: &dyn Host) {
    load_all(host).await;
    let change = Change::of(&["c2", "c3"]).step(0, update("status", "OFF"));
    host.store().apply(&change.build()).await.expect("applied");
    let after = Observed::by(host).await;
    let expected = ["c2", "c3"].map(|subject| recorded(1, subject, AuditOutcome::Done));
    assert_eq!(after.audit, expected);
    assert_eq!(after.operations, 1);
}

/// Events have the values from before the operation, even of rows that are updated and then deleted.
pub async fn clause_6_one_event_for_each_row_with_the_values_from_before(host: &dyn Host) {
    load_all(host).await;
    let change = Change::of(&["c1"])
        .referrers("debts.client_id", 0)
        .event("debts.gone", 1, &["status", "client_id"])
        .event("client.changed", 0, &["name"])
        .step(1, update("status", "CANCELLED"))
        .step(1, Write::Delete)
        .step(0, update("name", "x"));
    host.store().apply(&change.build()).await.expect("applied");
    let events = Observed::by(host).await.events;
    let keys: Vec<(&str, String)> =
        events.iter().map(|event| (&*event.topic, event.record.to_string())).collect();
    let expected =
        [("client.changed", "c1"), ("debts.gone", "d1"), ("debts.gone", "d2"), ("debts.gone", "d3")];
    assert_eq!(keys, expected.map(|(topic, id)| (topic, id.to_owned())));
    assert!(events[0].fields["name"] == Value::from("Name of c1"));
    for (event, status) in events[1..].iter().zip(["PENDING", "PENDING", "SETTLED"]) {
        assert!(event.fields["status"] == Value::from(status), "from before");
        assert!(event.fields["client_id"] == Value::from("c1"));
        assert_eq!(event.fields.len(), 2, "only the requested fields");
        assert_eq!(event.operation, operation(1));
    }
}

/// A failed change set writes neither an audit entry nor an event.
pub async fn clause_6_no_entry_or_event_is_written_after_a_failure(host: &dyn Host) {
    load_all(host).await;
    let change = Change::erase("c1").event("client.gone", 0, &["name"]).expect(all(0), Expected::Exactly(2));
    let result = host.store().apply(&change.build()).await;
    assert!(result.is_err());
    let after = Observed::by(host).await;
    assert!(after.audit.is_empty() && after.events.is_empty());
    assert_eq!(after.operations, 0);
}

/// A change set without steps is a refused attempt: only its audit entry is written.
pub async fn clause_6_a_refused_attempt_is_recorded_and_nothing_else(host: &dyn Host) {
    load_all(host).await;
    let before = Observed::by(host).await;
    let change = Change::erase("c1").event("client.gone", 0, &["name"]).refused(AuditOutcome::Denied);
    host.store().apply(&change.build()).await.expect("recorded");
    let after = Observed::by(host).await;
    assert_eq!(after.audit, [recorded(1, "c1", AuditOutcome::Denied)]);
    let without_audit = Observed { audit: Vec::new(), ..after };
    before.assert_same(&without_audit, "after a refused attempt");
}

/// Several attempts with the same operation id at the same instant are all recorded, and the operation can still be
/// applied.
pub async fn clause_6_refused_attempts_are_all_kept(host: &dyn Host) {
    load_all(host).await;
    let change = Change::erase("c1");
    let denied = change.clone().refused(AuditOutcome::Denied).build();
    let blocked = change.clone().refused(AuditOutcome::Blocked).build();
    for attempt in [&denied, &denied, &blocked, &denied, &change.build()] {
        host.store().apply(attempt).await.expect("recorded");
    }
    let after = Observed::by(host).await;
    let outcomes: Vec<AuditOutcome> = after.audit.iter().map(|entry| entry.outcome).collect();
    let expected = [
        AuditOutcome::Done,
        AuditOutcome::Blocked,
        AuditOutcome::Denied,
        AuditOutcome::Denied,
        AuditOutcome::Denied,
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(after.ids("clients"), ["c2", "c3"]);
}

/// An attempt on a subject that never existed is recorded too. Marks are written like updates.
pub async fn clause_6_the_subject_of_an_entry_need_not_exist(host: &dyn Host) {
    load_all(host).await;
    let absent = Change::of(&["nobody"]).refused(AuditOutcome::NotFound);
    host.store().apply(&absent.build()).await.expect("recorded");
    let off = vec![("status".into(), NewValue::Value("OFF".into()))];
    let marked = Change::of(&["c1"]).step(0, Write::Mark(off)).operation(2);
    host.store().apply(&marked.build()).await.expect("marked");
    let after = Observed::by(host).await;
    let expected = [recorded(1, "nobody", AuditOutcome::NotFound), recorded(2, "c1", AuditOutcome::Done)];
    assert_eq!(after.audit, expected);
    assert!(after.value("clients", "c1", "status") == Value::from("OFF"));
}

/// An event whose fields are given is written unchanged.
pub async fn clause_6_complete_events_are_written(host: &dyn Host) {
    load_all(host).await;
    let change = Change::of(&["c1"]).complete_event("client.seen", "c1", "name", "a known value");
    host.store().apply(&change.step(0, update("status", "OFF")).build()).await.expect("applied");
    let events = Observed::by(host).await.events;
    assert_eq!(
        (events.len(), &*events[0].topic, events[0].record.to_string()),
        (1, "client.seen", "c1".into())
    );
    assert!(events[0].fields["name"] == Value::from("a known value"));
}

/// Audit entries and events name rows by all fields of their ids.
pub async fn clause_6_ids_of_several_fields_are_recorded(host: &dyn Host) {
    load_keyed(host).await;
    let change = Change::of_kind("seats", [("b1", 2).into(), ("b2", 2).into()])
        .event("seat.changed", 0, &["booking_id", "class"])
        .step(0, update("class", "none"));
    host.store().apply(&change.build()).await.expect("applied");
    let after = Observed::by(host).await;
    let ids = [r#"["b1",2]"#, r#"["b2",2]"#];
    let subjects: Vec<String> = after.audit.iter().map(|entry| entry.subject.to_string()).collect();
    assert_eq!(subjects, ids);
    let records: Vec<String> = after.events.iter().map(|event| event.record.to_string()).collect();
    assert_eq!(records, ids);
    for (event, (booking, class)) in after.events.iter().zip([("b1", "first"), ("b2", "second")]) {
        assert!(event.fields["booking_id"] == Value::from(booking));
        assert!(event.fields["class"] == Value::from(class), "from before");
    }
}
