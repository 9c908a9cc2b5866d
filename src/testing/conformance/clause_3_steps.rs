//! Clause 3: steps run in the given order, on the rows their sets had before the first step.

use super::Host;
use super::change::{Change, all, branch, pseudonyms, ranked, referrers, update, when};
use super::observed::Observed;
use super::world::{client, debt, item, load, load_all};
use crate::domain::{Mask, Value, eq, older_than};
use crate::protocol::{Branch, Expected, NewValue, RankCase, Ranks, Source, Write};
use crate::store::StoreError;

async fn applied(host: &dyn Host, change: Change) -> Observed {
    let result = host.store().apply(&change.build()).await;
    result.expect("nothing blocks it");
    Observed::by(host).await
}

/// When two steps write the same field, the second value stays.
pub async fn clause_3_steps_run_in_the_given_order(host: &dyn Host) {
    load_all(host).await;
    let change = Change::of(&["c1"])
        .step(0, update("status", "FIRST"))
        .step(0, update("name", "Both"))
        .step(0, update("status", "SECOND"));
    let after = applied(host, change).await;
    assert!(after.value("clients", "c1", "status") == Value::from("SECOND"));
    assert!(after.value("clients", "c1", "name") == Value::from("Both"));
    assert!(after.value("clients", "c2", "status") == Value::from("ON"));
}

/// A set selected by a condition keeps its rows when a step changes the field of the condition.
pub async fn clause_3_a_set_keeps_the_rows_it_had(host: &dyn Host) {
    load_all(host).await;
    let pending = Branch {
        cases: vec![when(eq("status", "PENDING"), 0)],
        ..branch(referrers("debts.client_id", all(0)))
    };
    let change = Change::of(&["c1"])
        .set("debts", vec![pending])
        .step(1, update("status", "CANCELLED"))
        .step(1, Write::Delete);
    let after = applied(host, change).await;
    assert_eq!(after.ids("debts"), ["d3", "d4"]);
}

/// A set found through a reference keeps its rows when a step sets the reference to null.
pub async fn clause_3_rows_stay_reached_when_their_reference_is_emptied(host: &dyn Host) {
    load_all(host).await;
    let change = Change::of(&["c1"])
        .referrers("invoices.client_id", 0)
        .step(1, update("client_id", Value::Null))
        .step(1, update("number", "kept"))
        .referrers("debts.client_id", 0)
        .referrers("bookings.client_id", 0)
        .referrers("items.booking_id", 3)
        .step(4, Write::Delete)
        .step(3, Write::Delete)
        .step(2, Write::Delete)
        .step(0, Write::Delete);
    let after = applied(host, change).await;
    for id in ["i1", "i2"] {
        assert!(after.value("invoices", id, "client_id").is_null());
        assert!(after.value("invoices", id, "number") == Value::from("kept"));
    }
    assert!(after.value("invoices", "i3", "number") == Value::from("2026/i3"));
    assert_eq!(after.ids("clients"), ["c2", "c3"]);
}

/// A row that is found by several branches, or below several rows, gets the lowest of its ranks.
pub async fn clause_3_a_row_found_twice_keeps_its_lowest_rank(host: &dyn Host) {
    load_all(host).await;
    let pending = Branch {
        cases: vec![when(eq("status", "PENDING"), 1), RankCase::always(3)],
        ..branch(referrers("debts.client_id", all(0)))
    };
    let named = Branch {
        cases: vec![RankCase::always(2)],
        ..branch(Source::Ids(vec!["d2".into(), "d3".into(), "d4".into()]))
    };
    let change = Change::of(&["c1"])
        .set("debts", vec![pending, named])
        .expect(ranked(1, 1), Expected::Exactly(2))
        .expect(ranked(1, 2), Expected::Exactly(2))
        .expect(ranked(1, 3), Expected::Exactly(0))
        .step_on(ranked(1, 1), Write::Delete);
    let after = applied(host, change).await;
    assert_eq!(after.ids("debts"), ["d3", "d4"]);
}

/// `within` and `except` compare with earlier sets. A case without a rank excludes the row.
pub async fn clause_3_rows_are_left_out_of_sets(host: &dyn Host) {
    load_all(host).await;
    let no_rank = RankCase { below: Ranks::ALL, when: Some(eq("status", "SETTLED")), rank: None };
    let narrowed = Branch {
        source: Source::Members(all(1)),
        within: vec![all(2)],
        except: vec![all(3)],
        switched: false,
        cases: vec![no_rank, RankCase::always(0)],
    };
    let ids = |ids: &[&str]| branch(Source::Ids(ids.iter().map(|id| (*id).into()).collect()));
    let change = Change::of(&["c1", "c2"])
        .referrers("debts.client_id", 0)
        .set("debts", vec![ids(&["d1", "d2", "d3"])])
        .set("debts", vec![ids(&["d2"])])
        .set("debts", vec![narrowed])
        .step(4, Write::Delete);
    let after = applied(host, change).await;
    assert_eq!(after.ids("debts"), ["d2", "d3", "d4"]);
}

/// `Repeated` finds rows that equal a row of a lower rank, or a row of the same rank with a lower id.
pub async fn clause_3_repeated_rows_are_found(host: &dyn Host) {
    load_all(host).await;
    let ids = |ids: &[&str], rank| Branch {
        cases: vec![RankCase::always(rank)],
        ..branch(Source::Ids(ids.iter().map(|id| (*id).into()).collect()))
    };
    let repeated = |fields: &[&str]| {
        let fields = fields.iter().map(|field| (*field).into()).collect();
        branch(Source::Repeated { fields, of: all(1) })
    };
    // `d2` equals `d1`. All four are equal without fields, and none with a field that is null.
    let change = Change::of(&["c1"])
        .set("debts", vec![ids(&["d1", "d2", "d4"], 1), ids(&["d3"], 0)])
        .set("debts", vec![repeated(&[])])
        .set("debts", vec![repeated(&["client_id", "status"])])
        .set("bookings", vec![ids(&["b1", "b2", "b3"], 0)])
        .set("bookings", vec![branch(Source::Repeated { fields: vec!["notes".into()], of: all(4) })])
        .expect(all(2), Expected::Exactly(3))
        .expect(all(5), Expected::Exactly(0))
        .step(3, Write::Delete);
    let after = applied(host, change).await;
    assert_eq!(after.ids("debts"), ["d1", "d3", "d4"]);
}

/// The rank of a row can depend on the rank of its parent.
pub async fn clause_3_a_case_depends_on_the_rank_of_the_parent(host: &dyn Host) {
    load_all(host).await;
    let split = Branch {
        cases: vec![when(eq("client_id", "c1"), 4), RankCase::always(5)],
        ..branch(referrers("bookings.client_id", all(0)))
    };
    let below = Branch {
        cases: vec![RankCase { below: Ranks::only(5), when: None, rank: Some(0) }],
        ..branch(referrers("items.booking_id", all(1)))
    };
    let change = Change::of(&["c1", "c2"])
        .set("bookings", vec![split])
        .set("items", vec![below])
        .step(2, Write::Delete);
    let after = applied(host, change).await;
    assert_eq!(after.ids("items"), ["1", "2", "3", "4"]);
}

/// `ReferencedBy` finds the rows that other rows refer to. Null references are not followed.
pub async fn clause_3_references_are_followed_both_ways(host: &dyn Host) {
    load_all(host).await;
    let invoices = branch(Source::Ids(vec!["i3".into(), "i4".into()]));
    let clients = branch(Source::ReferencedBy { reference: "invoices.client_id".into(), of: all(1) });
    let change = Change::of(&["c1"])
        .set("invoices", vec![invoices])
        .set("clients", vec![clients])
        .step(2, update("name", "referred to"));
    let after = applied(host, change).await;
    for (id, is_meant) in [("c1", false), ("c2", true), ("c3", false)] {
        let renamed = after.value("clients", id, "name") == Value::from("referred to");
        assert_eq!(renamed, is_meant, "`{id}`");
    }
}

/// A chain of rows that refer to rows of their own kind is followed to its end.
pub async fn clause_3_a_cycle_of_kinds_is_followed_to_its_end(host: &dyn Host) {
    load_all(host).await;
    let first = branch(Source::Ids(vec![1.into()]));
    let parts = branch(referrers("items.part_of", all(1)));
    let change = Change::of(&["c1"])
        .cycle("items", vec![first, parts])
        .expect(all(1), Expected::Exactly(3))
        .step(1, Write::Delete);
    let after = applied(host, change).await;
    assert_eq!(after.ids("items"), ["4", "5"]);
}

/// While a cycle grows, a row is followed with every rank it was found with. In the end it has the lowest rank.
pub async fn clause_3_a_row_of_a_cycle_is_followed_with_all_its_ranks(host: &dyn Host) {
    load_all(host).await;
    let named = |id: i64, rank| Branch {
        cases: vec![RankCase::always(rank)],
        ..branch(Source::Ids(vec![id.into()]))
    };
    let below = |from: u16, rank| Branch {
        cases: vec![RankCase::always(rank)],
        ..branch(referrers("items.part_of", ranked(1, from)))
    };
    // Item 2 is found with rank 5, and below item 1 with rank 1. Item 3 is found only below item 2 with rank 5.
    let branches = vec![named(1, 0), named(2, 5), below(0, 1), below(5, 5)];
    let change = Change::of(&["c1"])
        .cycle("items", branches)
        .expect(ranked(1, 0), Expected::Exactly(1))
        .expect(ranked(1, 1), Expected::Exactly(1))
        .expect(ranked(1, 5), Expected::Exactly(1))
        .step_on(ranked(1, 5), Write::Delete);
    let after = applied(host, change).await;
    assert_eq!(after.ids("items"), ["1", "2", "4", "5"]);
}

/// The sets of a cycle grow from each other. A row that refers to itself does not stop them.
pub async fn clause_3_the_sets_of_a_cycle_grow_from_each_other(host: &dyn Host) {
    load_all(host).await;
    let loops = [(6, 6), (7, 6)].map(|(id, part_of)| item(id, "b3", Some(part_of)));
    load(host, "items", loops.into()).await;
    let first = branch(Source::Ids(vec![1.into(), 6.into()]));
    let odd = branch(referrers("items.part_of", all(2)));
    let even = branch(referrers("items.part_of", all(1)));
    let change = Change::of(&["c1"])
        .cycle_of("items", vec![vec![first, odd], vec![even]])
        .expect(all(1), Expected::Exactly(4))
        .expect(all(2), Expected::Exactly(3))
        .set("items", vec![branch(Source::Ids(vec![2.into()]))])
        .step(1, update("part_of", Value::Null))
        .step(2, update("part_of", Value::Null))
        .step(1, Write::Delete)
        .step(3, Write::Delete);
    // From item 1 or 6, items 1, 3, 6 and 7 are an even number of references away; items 2, 6 and 7 an odd number.
    let after = applied(host, change).await;
    assert_eq!(after.ids("items"), ["4", "5"]);
}

/// Conditions on instants compare with the time of the request.
pub async fn clause_3_conditions_use_the_instant_of_the_request(host: &dyn Host) {
    load_all(host).await;
    let period = |text: &str| text.parse().expect("a period");
    let cases =
        vec![when(older_than("due_at", period("P60D")), 0), when(older_than("due_at", period("P30D")), 1)];
    let due = Branch { cases, ..branch(referrers("debts.client_id", all(0))) };
    let change = Change::of(&["c1"])
        .set("debts", vec![due])
        .expect(ranked(1, 0), Expected::Exactly(0))
        .expect(ranked(1, 1), Expected::Exactly(3))
        .step(1, Write::Delete);
    let after = applied(host, change).await;
    assert_eq!(after.ids("debts"), ["d4"]);
}

/// Masks are computed from the values before the operation.
pub async fn clause_3_masks_are_computed_from_the_row(host: &dyn Host) {
    load_all(host).await;
    let masks = [
        ("email", Mask::PlaceholderEmail),
        ("name", Mask::Text("anonymized".into())),
        ("phone", Mask::Truncate(3)),
        ("birth_date", Mask::Year),
    ];
    let values = masks.map(|(field, mask)| (field.into(), NewValue::Masked(mask)));
    let change = Change::of(&["c1"]).step(0, Write::Update(values.into()));
    let before = {
        let year = update("birth_date", "1984-01-01");
        let expected = Change::of(&["c2"]).step(0, year).operation(2);
        applied(host, expected).await
    };
    let after = applied(host, change).await;
    let value = |field| after.value("clients", "c1", field);
    assert!(value("email") == Value::from("c1@anonymized.invalid"));
    assert!(value("name") == Value::from("anonymized"));
    assert!(value("phone") == Value::from("600"));
    assert!(value("birth_date") == before.value("clients", "c2", "birth_date"));
}

/// With one key, only equal values of the same field get equal pseudonyms. Null stays null. A store without keyed
/// masks reports that and changes nothing.
pub async fn clause_3_equal_values_have_equal_pseudonyms(host: &dyn Host) {
    load_all(host).await;
    let same = Change::of(&["c1", "c2"]).step(0, update("name", "600123456")).operation(2);
    applied(host, same).await;
    let none = Change::of(&["c3"]).step(0, update("phone", Value::Null)).operation(3);
    let before = applied(host, none).await;
    let change = Change::of(&["c1", "c2", "c3"])
        // The pseudonym of `name` is computed from the value before this step.
        .set("clients", vec![branch(Source::Ids(vec!["c3".into()]))])
        .step(1, update("name", "600123456"))
        .step(0, pseudonyms(&["name", "phone"]))
        .keyed();
    let result = host.store().apply(&change.build()).await;
    let after = Observed::by(host).await;
    if let Err(error) = result {
        assert!(matches!(error, StoreError::Unsupported(_)), "{error}");
        return before.assert_same(&after, "a keyed mask that is not supported");
    }
    let value = |id, field| after.value("clients", id, field);
    let text = |id, field| value(id, field).as_text().map(str::to_owned).expect("a pseudonym");
    let pseudonym = text("c1", "name");
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    assert!(pseudonym.len() == 64 && pseudonym.chars().all(is_hex), "64 lower-case hexadecimal digits");
    assert!(text("c2", "name") == pseudonym, "equal values");
    assert!(text("c3", "name") != pseudonym, "different values, also after an earlier step");
    assert!(text("c1", "phone") != pseudonym, "the same value in another field");
    assert!(text("c1", "phone") == text("c2", "phone"), "equal values");
    assert!(value("c3", "phone").is_null(), "null stays null");
    assert!(value("c1", "email") == before.value("clients", "c1", "email"));
}

/// New rows exist before the first step, with their fields. If anything fails, they are not written.
pub async fn clause_3_new_rows_are_written(host: &dyn Host) {
    load_all(host).await;
    let before = Observed::by(host).await;
    let new = |number| {
        let free = Change::of(&["c9"]).expect(all(0), Expected::Exactly(0)).operation(number);
        free.insert("clients", client("c9")).insert("debts", debt("d9", "c9", "PENDING"))
    };
    let refused = new(1).expect(all(0), Expected::Exactly(1));
    host.store().apply(&refused.build()).await.expect_err("a precondition fails");
    before.assert_same(&Observed::by(host).await, "new rows after a failed precondition");
    host.store().apply(&new(2).build()).await.expect("the client does not exist yet");
    let after = Observed::by(host).await;
    assert!(after.value("clients", "c9", "email") == "c9@example.org".into());
    assert!(after.value("clients", "c9", "deleted_at").is_null());
    assert!(after.value("debts", "d9", "amount") == 100.into());
    assert_eq!(after.operations, 1);
    host.store().apply(&new(3).build()).await.expect_err("the client exists now");
    after.assert_same(&Observed::by(host).await, "a row that already exists");
}

/// Every step that increments a version counts.
pub async fn clause_3_a_version_counts_every_step(host: &dyn Host) {
    load_all(host).await;
    let next = || Write::Update(vec![("amount".into(), NewValue::Next)]);
    let change = Change::of(&["c1"]).referrers("debts.client_id", 0).step(1, next()).step(1, next());
    host.store().apply(&change.build()).await.expect("applied");
    let after = Observed::by(host).await;
    assert!(after.value("debts", "d1", "amount") == 102.into());
    assert!(after.value("debts", "d4", "amount") == 100.into());
}
