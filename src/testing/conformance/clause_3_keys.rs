//! Clause 3 for other keys and references: ids of several fields or of none, keys other than the id, text without
//! regard to case, and references with a condition.

use super::Host;
use super::change::{Change, all, branch, pseudonyms, referrers, update, when};
use super::observed::Observed;
use super::world::{client, load, load_keyed, sign_up};
use crate::domain::{Value, eq};
use crate::protocol::{Branch, Expected, Source, Write};
use crate::store::StoreError;

const MEALS_OF_SEATS: &str = "meals.booking_id+seat";

async fn applied(host: &dyn Host, change: Change) -> Observed {
    let result = host.store().apply(&change.build()).await;
    result.expect("nothing blocks it");
    Observed::by(host).await
}

/// Only the meals of one seat go. Other seats have the same booking, or the same number. A meal whose reference is
/// partly null belongs to no seat.
pub async fn clause_3_all_fields_of_a_key_are_compared(host: &dyn Host) {
    load_keyed(host).await;
    let change = Change::of_kind("seats", [("b1", 2).into()])
        .referrers(MEALS_OF_SEATS, 0)
        .step(1, Write::Delete)
        .step(0, Write::Delete);
    let after = applied(host, change).await;
    assert_eq!(after.texts("meals", "course"), ["cake", "fish", "rice", "tea"]);
    assert_eq!(after.ids("seats"), [r#"["b1",10]"#, r#"["b2",2]"#, r#"["b3",1]"#]);
}

/// A field of the id is a reference too, and rows refer to the id as a whole.
pub async fn clause_3_a_field_of_an_id_can_be_a_reference(host: &dyn Host) {
    load_keyed(host).await;
    let change = Change::of(&["c1"])
        .referrers("bookings.client_id", 0)
        .referrers("seats.booking_id", 1)
        .referrers(MEALS_OF_SEATS, 2)
        .referrers("profiles.client_id", 0)
        .expect(all(4), Expected::Exactly(1))
        .step(4, update("handle", "of a client that goes"))
        .step(3, Write::Delete)
        .step(2, Write::Delete);
    let change = change.set("sign_ups", vec![branch(Source::Ids(vec!["s2".into(), "s5".into()]))]);
    let empty = Change::of_kind("sign_ups", ["s2".into(), "s5".into()]).operation(2);
    applied(host, empty.step(0, update("handle", Value::Null))).await;
    let after = applied(host, change).await;
    assert_eq!(after.ids("seats"), [r#"["b3",1]"#]);
    assert_eq!(after.texts("meals", "course"), ["cake", "tea"]);
    assert_eq!(after.texts("profiles", "handle"), ["c1", "of a client that goes"]);
}

/// Rows without an id are updated and emptied, each of several equal rows.
pub async fn clause_3_rows_without_an_id_are_updated(host: &dyn Host) {
    load_keyed(host).await;
    let change = Change::of_kind("seats", [("b1", 2).into(), ("b2", 2).into()])
        .referrers(MEALS_OF_SEATS, 0)
        .step(1, update("course", "water"))
        .step(1, update("seat", Value::Null));
    let after = applied(host, change).await;
    assert_eq!(after.texts("meals", "course"), ["cake", "fish", "tea", "water", "water", "water", "water"]);
    let seated = after.kinds["meals"].values().filter(|meal| !meal["seat"].is_null()).count();
    assert_eq!(seated, 2);
}

/// Rows without an id get pseudonyms too. A store without keyed masks reports that and changes nothing.
pub async fn clause_3_rows_without_an_id_get_pseudonyms(host: &dyn Host) {
    load_keyed(host).await;
    let before = Observed::by(host).await;
    let change = Change::of_kind("seats", [("b1", 2).into(), ("b1", 10).into()])
        .referrers(MEALS_OF_SEATS, 0)
        .step(1, pseudonyms(&["course"]))
        .keyed();
    let result = host.store().apply(&change.build()).await;
    let after = Observed::by(host).await;
    if let Err(error) = result {
        assert!(matches!(error, StoreError::Unsupported(_)), "{error}");
        return before.assert_same(&after, "a keyed mask that is not supported");
    }
    let mut pseudonyms = after.texts("meals", "course");
    pseudonyms.retain(|course| course.len() == 64);
    assert_eq!(pseudonyms.len(), 4, "of three soups and a fish");
    pseudonyms.dedup();
    assert_eq!(pseudonyms.len(), 2, "equal values have equal pseudonyms");
}

/// A sign-up holds the handle of a profile. The handle of another profile is the id of this one.
pub async fn clause_3_a_reference_to_another_key_does_not_hold_ids(host: &dyn Host) {
    load_keyed(host).await;
    let change = Change::of(&["c1"])
        .referrers("profiles.client_id", 0)
        .referrers("sign_ups.handle", 1)
        .step(2, Write::Delete)
        .step(1, Write::Delete);
    let after = applied(host, change).await;
    assert_eq!(after.ids("sign_ups"), ["s1", "s3", "s4"]);
    assert_eq!(after.ids("profiles"), ["c2"]);
}

/// The letters A to Z are compared without regard to case, on both sides; other letters are not.
pub async fn clause_3_text_is_compared_without_case(host: &dyn Host) {
    load_keyed(host).await;
    let clients = [("c4", "C4@Example.ORG"), ("c5", "Ä@example.org")];
    load(host, "clients", clients.map(|(id, email)| client(id).with("email", email)).into()).await;
    let sign_ups = [
        sign_up("s6", "c4@eXample.org", None),
        sign_up("s7", "ä@example.org", None),
        sign_up("s8", "Ä@EXAMPLE.org", None),
    ];
    load(host, "sign_ups", sign_ups.into()).await;
    let change = Change::of(&["c1", "c4", "c5"]).referrers("sign_ups.email", 0).step(1, Write::Delete);
    assert_eq!(applied(host, change).await.ids("sign_ups"), ["s3", "s4", "s5", "s7"]);
}

/// A set found over a value keeps its rows when an earlier step masks that value.
pub async fn clause_3_masking_a_value_loses_no_row_that_holds_it(host: &dyn Host) {
    load_keyed(host).await;
    let change = Change::of(&["c1"])
        .referrers("sign_ups.email", 0)
        .step(0, update("email", "masked@example.org"))
        .step(1, update("email", "masked too"));
    let after = applied(host, change).await;
    let expected = ["c10@example.org", "c2@example.org", "c3@example.org", "masked too", "masked too"];
    assert_eq!(after.texts("sign_ups", "email"), expected);
}

/// A comment refers to a client or to a booking of the same id, or to nothing, as its type says.
pub async fn clause_3_a_condition_decides_what_a_row_refers_to(host: &dyn Host) {
    load_keyed(host).await;
    load(host, "clients", vec![client("b1")]).await;
    let of = |reference: &str, owner_type: &str, of: u16| Branch {
        cases: vec![when(eq("owner_type", owner_type), 0)],
        ..branch(referrers(reference, all(of)))
    };
    let change = Change::of(&["b1"])
        .set("comments", vec![of("comments.on_client", "client", 0)])
        .set("bookings", vec![branch(Source::Ids(vec!["b1".into(), "b2".into()]))])
        .set("comments", vec![of("comments.on_booking", "booking", 2)])
        .expect(all(3), Expected::Exactly(1))
        .step(1, Write::Delete);
    assert_eq!(applied(host, change).await.ids("comments"), ["k1", "k2", "k3", "k4", "k5"]);
}

/// A condition narrows the rows of any kind, whether they refer or are referred to.
pub async fn clause_3_rows_outside_a_filter_are_not_reached(host: &dyn Host) {
    load_keyed(host).await;
    let first_class = |source| Branch { cases: vec![when(eq("class", "first"), 0)], ..branch(source) };
    let referred = Source::ReferencedBy { reference: MEALS_OF_SEATS.into(), of: all(4) };
    let change = Change::of(&["c1"])
        .referrers("bookings.client_id", 0)
        .set("seats", vec![first_class(referrers("seats.booking_id", all(1)))])
        .referrers(MEALS_OF_SEATS, 2)
        .referrers("meals.client_id", 0)
        .set("seats", vec![first_class(referred)])
        .expect(all(2), Expected::Exactly(1))
        .expect(all(3), Expected::Exactly(3))
        .expect(all(4), Expected::Exactly(2))
        .expect(all(5), Expected::Exactly(0))
        .step(3, Write::Delete);
    assert_eq!(applied(host, change).await.texts("meals", "course"), ["cake", "fish", "rice", "tea"]);
}
