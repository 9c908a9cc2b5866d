//! Clause 8: errors are distinguished, and only errors that a retry may fix are retryable.

use std::collections::BTreeMap;

use super::Host;
use super::change::{Change, all, branch, referrers, update, when};
use super::world::{load_all, load_keyed, world};
use crate::domain::{DataMap, Field, FieldType, RecordId, lt};
use crate::protocol::{Branch, Expected, Question};
use crate::store::StoreError;

/// A survey about a subject that does not exist returns no subject and zero counts.
pub async fn clause_8_a_missing_subject_is_not_an_error(host: &dyn Host) {
    load_all(host).await;
    let query = Change::of(&["nobody"]).referrers("debts.client_id", 0).ask(all(0)).ask(all(1));
    let survey = host.store().survey(&query.query()).await.expect("an answer");
    assert!(survey.subjects.is_empty());
    assert!(survey.answers.iter().all(|answer| answer.count == 0));
}

/// Answers have the count, the first ids in order, and the first and last instant.
pub async fn clause_8_questions_are_answered(host: &dyn Host) {
    load_all(host).await;
    let items = Question { sample: 2, ..Question::count(all(3)) };
    let due = Question { span: Some("due_at".into()), ..Question::count(all(1)) };
    let query = Change::erase("c1").question(items).question(due);
    let survey = host.store().survey(&query.query()).await.expect("an answer");
    assert_eq!(survey.subjects, [RecordId::from("c1")]);
    assert_eq!(survey.answers[0].count, 4);
    assert_eq!(survey.answers[0].sample, [1, 2].map(RecordId::from));
    let at = "2026-01-05T10:00:00Z".parse().expect("an instant");
    assert_eq!(survey.answers[1].span, Some((at, at)));
}

/// Text that is not an integer cannot be the id of an item, whose ids are integers.
pub async fn clause_8_an_id_of_another_type_is_a_wrong_id(host: &dyn Host) {
    load_all(host).await;
    let query = Change::of_kind("items", ["abc".into()]).ask(all(0));
    match host.store().survey(&query.query()).await {
        Err(error @ StoreError::WrongId { .. }) => assert!(!error.is_retryable()),
        Err(error) => panic!("expected a wrong id, found: {error}"),
        Ok(_) => panic!("a wrong id was ignored"),
    }
}

/// Text with the digits of an integer can be the id of an item.
pub async fn clause_8_an_id_given_as_text_finds_the_integer(host: &dyn Host) {
    load_all(host).await;
    let query = Change::of_kind("items", ["2".into()]).ask(all(0));
    let survey = host.store().survey(&query.query()).await.expect("an answer");
    assert_eq!(survey.subjects, [RecordId::from(2)]);
}

/// Ids of several fields are sorted field by field: integers by value, also after a text.
pub async fn clause_8_ids_of_several_fields_are_sorted_field_by_field(host: &dyn Host) {
    load_keyed(host).await;
    let seats = Question { sample: 3, ..Question::count(all(1)) };
    let query = Change::of_kind("bookings", ["b3", "b2", "b1"].map(RecordId::from))
        .referrers("seats.booking_id", 0)
        .question(seats);
    let survey = host.store().survey(&query.query()).await.expect("an answer");
    assert_eq!(survey.answers[0].count, 4);
    assert_eq!(survey.answers[0].sample, [("b1", 2), ("b1", 10), ("b2", 2)].map(RecordId::from));
}

/// An id of several fields has one value for each of them, of its type.
pub async fn clause_8_an_id_with_other_parts_is_a_wrong_id(host: &dyn Host) {
    load_keyed(host).await;
    let wrong =
        ["b1".into(), 2.into(), ("b1", 2, 3).into(), ("b1", "two").into(), r#"["b1"]"#.into(), "[".into()];
    for id in wrong {
        let query = Change::of_kind("seats", [RecordId::clone(&id)]).ask(all(0));
        match host.store().survey(&query.query()).await {
            Err(error @ StoreError::WrongId { .. }) => assert!(!error.is_retryable()),
            Err(error) => panic!("expected a wrong id for {id:?}, found: {error}"),
            Ok(_) => panic!("the wrong id {id:?} was ignored"),
        }
    }
    for id in [("b1", 2).into(), ("b1", "2").into(), RecordId::from(r#"["b1",2]"#)] {
        let query = Change::of_kind("seats", [id]).ask(all(0));
        let survey = host.store().survey(&query.query()).await.expect("an answer");
        assert_eq!(survey.subjects, [RecordId::from(("b1", 2))]);
    }
}

/// A conflict needs another plan, and an unknown name another data map. A retry helps with neither.
pub async fn clause_8_conflict_and_unknown_are_distinct(host: &dyn Host) {
    load_all(host).await;
    let conflict = Change::erase("c1").expect(all(1), Expected::Exactly(9));
    let unknown = Change::of(&["c1"]).step(0, update("ghost_field", "boo"));
    for (change, code) in [(conflict, "conflict"), (unknown, "unknown_name")] {
        let result = host.store().apply(&change.build()).await;
        let Err(error) = result else {
            panic!("`{code}` was expected");
        };
        assert_eq!(error.code(), code, "{error}");
        assert!(!error.is_retryable(), "`{code}` is not worth a retry");
    }
}

/// A stored value that is not of its declared type is an error.
pub async fn clause_8_a_value_of_another_type_is_refused(host: &dyn Host) {
    load_all(host).await;
    let mut kinds = world().kinds().cloned().collect::<Vec<_>>();
    for kind in kinds.iter_mut().filter(|kind| kind.name == "debts") {
        let declared = Field { field_type: Some(FieldType::Integer), ..Field::default() };
        kind.fields.extend(BTreeMap::from([("status".into(), declared)]));
    }
    let references = world().references().cloned().collect::<Vec<_>>();
    let map = DataMap::new(kinds, references).expect("a map");
    let small =
        Branch { cases: vec![when(lt("status", 3), 0)], ..branch(referrers("debts.client_id", all(0))) };
    let query = Change::of(&["c1"]).map(map).set("debts", vec![small]).ask(all(1));
    let result = host.store().survey(&query.query()).await;
    let Err(error) = result else {
        panic!("text was compared with a number");
    };
    assert!(!error.is_retryable(), "a retry cannot help: {error}");
    assert!(!error.to_string().contains("PENDING"), "the value is shown");
}
