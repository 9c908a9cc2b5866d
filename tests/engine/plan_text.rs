//! Plans as text.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use chrono::{DateTime, Utc};
use client_lifecycle::domain::{Actor, Mode, Reason, Request};
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
use insta::assert_snapshot;
use serde_json::{Value, json};

const NOW: &str = "2026-11-20T10:00:00Z";

/// Returns the text of a plan, without the digest.
async fn text(policy: &Value, rows: &Value, request: Request) -> String {
    let mut policy = policy.clone();
    for kind in rows.as_object().unwrap().keys() {
        // Declare kinds that the policy does not mention, because most need no details.
        if policy["kinds"][kind].is_null() {
            policy["kinds"][kind] = json!({});
        }
    }
    let policy = DeletionPolicy::from_json(&policy.to_string()).unwrap();
    let store = MemoryStore::from_json(policy.map(), rows).unwrap();
    let lifecycle =
        Lifecycle::open(store, policy).await.unwrap().with_clock(NOW.parse::<DateTime<Utc>>().unwrap());
    let request = request.by(Actor::new("ana", "ADMIN")).with_reason(Reason::PrivacyRequest);
    let plan = lifecycle.plan(&request).await.unwrap();
    plan.to_string().replace(plan.digest.as_str(), "[digest]")
}

fn client() -> Request {
    Request::hard_delete("clients", "c1")
}

#[tokio::test]
async fn a_plain_deletion() {
    let policy = json!({
        "version": "7", "subject": "clients",
        "kinds": { "clients": {}, "sessions": { "volatile": true } },
        "references": [
            { "from": "orders.client_id", "to": "clients" },
            { "from": "order_items.order_id", "to": "orders" },
            { "from": "sessions.client_id", "to": "clients" },
            { "from": "reviews.client_id", "to": "clients", "nullable": true },
            { "from": "letters.client_id", "to": "clients", "nullable": true } ],
        "modes": { "hard_delete": {
            "allow": "any",
            "rules": {
                "orders.client_id": "cascade", "order_items.order_id": "cascade", "sessions.client_id": "delete",
                "reviews.client_id": "set_null", "letters.client_id": "keep" },
            "effects": [ { "topic": "sessions.revoke", "on": "sessions" }, { "topic": "email.account_deleted" },
                         { "topic": "nobody.is_told", "on": "letters", "when": { "field": "client_id", "is_null": true } } ] } }
    });
    let rows = json!({
        "clients": [ { "id": "c1" }, { "id": "c2" } ],
        "orders": [ { "id": 1, "client_id": "c1" }, { "id": 2, "client_id": "c1" }, { "id": 3, "client_id": "c2" } ],
        "order_items": [ { "id": 1, "order_id": 1 }, { "id": 2, "order_id": 1 }, { "id": 3, "order_id": 2 } ],
        "sessions": [ { "id": 1, "client_id": "c1" } ],
        "reviews": [ { "id": 1, "client_id": "c1" } ],
        "letters": [ { "id": 1, "client_id": "c1" }, { "id": 2, "client_id": "c1" } ]
    });
    assert_snapshot!(text(&policy, &rows, client()).await, @"
    Plan: hard_delete of `clients` `c1`
    Nothing stands in the way. Nothing has been changed yet.

    What goes
            1  sessions     delete       sessions.client_id
            3  order_items  delete       order_items.order_id -> orders.client_id (cascade)
            2  orders       delete       orders.client_id (cascade)
            1  clients      delete       as asked

    What stays
            2  letters      keep         letters.client_id

    References that change, in rows that stay
            1  reviews      set_null     reviews.client_id
            2  letters      set_null     letters.client_id (keep)

    Events for other systems
            1  sessions.revoke
            1  email.account_deleted

    Policy version 7, judged at 2026-11-20T10:00:00.000Z.
    Digest [digest]
    ");
}

#[tokio::test]
async fn blocked_by_a_guard_and_by_restrict_at_two_levels() {
    let policy = json!({
        "version": "7", "subject": "clients",
        "kinds": { "clients": {}, "bookings": { "fields": { "starts_at": "timestamp" } } },
        "references": [
            { "from": "bookings.client_id", "to": "clients" },
            { "from": "debts.client_id", "to": "clients" },
            { "from": "claims.debt_id", "to": "debts" } ],
        "modes": { "hard_delete": {
            "allow": "any",
            "guards": [
                { "name": "upcoming_bookings", "on": "bookings", "when": { "field": "starts_at", "after": "now" },
                  "severity": "block", "message": "the client is expected", "remedy": "cancel the bookings" } ],
            "rules": {
                "bookings.client_id": "cascade",
                "debts.client_id": [
                    { "when": { "field": "status", "eq": "PENDING" }, "then": "restrict" }, { "then": "cascade" } ],
                "claims.debt_id": "restrict" } } }
    });
    let rows = json!({
        "clients": [ { "id": "c1" } ],
        "bookings": [ { "id": 1, "client_id": "c1", "starts_at": "2026-11-27T16:00:00Z" },
                      { "id": 2, "client_id": "c1", "starts_at": "2025-11-27T16:00:00Z" } ],
        "debts": [ { "id": 1, "client_id": "c1", "status": "PAID" },
                   { "id": 2, "client_id": "c1", "status": "PENDING" } ],
        "claims": (1..=7).map(|id| json!({ "id": id, "debt_id": 1 })).collect::<Vec<_>>()
    });
    assert_snapshot!(text(&policy, &rows, client()).await, @r#"
    Plan: hard_delete of `clients` `c1`
    BLOCKED by 3 obstacles. Nothing has been changed.

    What blocks
            1  upcoming_bookings: the client is expected
               `bookings` `1`
               first: cancel the bookings
            7  restrict: 7 rows of `claims` need the record that `claims.debt_id` refers to
               `claims` `1`, `2`, `3`, `4`, `5`, ...
               first: delete them, or let them refer to another record
            1  restrict: 1 row of `debts` with status = "PENDING" needs the record that `debts.client_id` refers to
               `debts` `2`
               first: change it so that status = "PENDING" no longer holds, or delete it

    What goes
            1  debts     delete       debts.client_id (cascade)
            2  bookings  delete       bookings.client_id (cascade)
            1  clients   delete       as asked

    Policy version 7, judged at 2026-11-20T10:00:00.000Z.
    Digest [digest]
    "#);
}

#[tokio::test]
async fn warnings_before_and_after_they_are_acknowledged() {
    let policy = json!({
        "version": "7", "subject": "clients",
        "kinds": { "clients": {}, "sales": { "fields": { "sold_at": "timestamp" } } },
        "references": [ { "from": "sales.client_id", "to": "clients" } ],
        "modes": { "hard_delete": {
            "allow": "any",
            "guards": [
                { "name": "recent_sales", "on": "sales", "when": { "field": "sold_at", "within": "P30D" },
                  "severity": "warn", "message": "the client has bought something this month",
                  "remedy": "set the account OFF, which can be undone" },
                { "name": "good_client", "on": "sales", "when": { "field": "cents", "ge": 100_000 },
                  "severity": "note", "message": "the client has spent a lot", "remedy": "" } ],
            "rules": { "sales.client_id": "cascade" } } }
    });
    let rows = json!({
        "clients": [ { "id": "c1" } ],
        "sales": [ { "id": 1, "client_id": "c1", "sold_at": "2026-11-18T09:00:00Z", "cents": 500 },
                   { "id": 2, "client_id": "c1", "sold_at": "2020-01-18T09:00:00Z", "cents": 250_000 } ]
    });
    assert_snapshot!(text(&policy, &rows, client()).await, @"
    Plan: hard_delete of `clients` `c1`
    NOT YET: 1 warning has to be acknowledged. Nothing has been changed.

    What to look at first
            1  recent_sales: the client has bought something this month (not acknowledged)
               or: set the account OFF, which can be undone

    What goes
            2  sales    delete       sales.client_id (cascade)
            1  clients  delete       as asked

    Good to know
            1  good_client: the client has spent a lot

    Policy version 7, judged at 2026-11-20T10:00:00.000Z.
    Digest [digest]
    ");
    let acknowledged = client().acknowledge("recent_sales");
    assert_snapshot!(text(&policy, &rows, acknowledged).await, @"
    Plan: hard_delete of `clients` `c1`
    Nothing stands in the way. Nothing has been changed yet.

    What to look at first
            1  recent_sales: the client has bought something this month (acknowledged)
               or: set the account OFF, which can be undone

    What goes
            2  sales    delete       sales.client_id (cascade)
            1  clients  delete       as asked

    Good to know
            1  good_client: the client has spent a lot

    Policy version 7, judged at 2026-11-20T10:00:00.000Z.
    Digest [digest]
    ");
}

#[tokio::test]
async fn retained_rows_have_a_date_or_none() {
    let policy = json!({
        "version": "7", "subject": "clients",
        "kinds": { "clients": {}, "invoices": { "fields": { "issued_at": "timestamp" } },
                   "treatments": { "fields": { "ended_at": "timestamp" } },
                   "consents": { "fields": { "signed_at": "timestamp" } } },
        "references": [
            { "from": "invoices.client_id", "to": "clients", "nullable": true },
            { "from": "treatments.client_id", "to": "clients", "nullable": true },
            { "from": "consents.client_id", "to": "clients", "nullable": true } ],
        "modes": { "hard_delete": {
            "allow": "any",
            "rules": {
                "invoices.client_id": { "retain": {
                    "for": "P6Y", "from": "issued_at", "basis": "Código de Comercio art. 30" }, "on_survive": "set_null" },
                "treatments.client_id": { "retain": {
                    "for": "P5Y", "from": "ended_at", "basis": "Ley 41/2002 art. 17" }, "on_survive": "set_null" },
                "consents.client_id": { "retain": {
                    "for": "P3Y", "from": "signed_at", "basis": "Ley Orgánica 3/2018 art. 72" } } } } }
    });
    let rows = json!({
        "clients": [ { "id": "c1" } ],
        "invoices": [ { "id": 1, "client_id": "c1", "issued_at": "2015-03-01T10:00:00Z" },
                      { "id": 2, "client_id": "c1", "issued_at": "2024-03-01T10:00:00Z" },
                      { "id": 3, "client_id": "c1", "issued_at": "2025-07-15T10:00:00Z" },
                      { "id": 4, "client_id": "c1", "issued_at": null } ],
        "treatments": [ { "id": 1, "client_id": "c1", "ended_at": null },
                        { "id": 2, "client_id": "c1", "ended_at": null } ],
        "consents": [ { "id": 1, "client_id": "c1", "signed_at": "2026-01-31T10:00:00Z" } ]
    });
    let acknowledged = client().acknowledge("undated:treatments.client_id");
    assert_snapshot!(text(&policy, &rows, acknowledged).await, @"
    Plan: hard_delete of `clients` `c1`
    NOT YET: 1 warning has to be acknowledged. Nothing has been changed.

    What to look at first
            2  undated:treatments.client_id: rows of `treatments` have no date from which P5Y runs, so they stay indefinitely (Ley 41/2002 art. 17) (acknowledged)
               or: give them a date, or accept that they stay
            1  undated:invoices.client_id: rows of `invoices` have no date from which P6Y runs, so they stay indefinitely (Código de Comercio art. 30) (not acknowledged)
               or: give them a date, or accept that they stay

    What goes
            1  invoices    delete       invoices.client_id, no longer retained under Código de Comercio art. 30
            1  clients     delete       as asked

    What has to stay for now, and may be deleted after its date
            2  treatments  retain       treatments.client_id
               indefinitely under Ley 41/2002 art. 17, because there is no date to count from
            3  invoices    retain       invoices.client_id
               until 2031-07-16 (the first until 2030-03-02) under Código de Comercio art. 30; 1 of them without a date, and so indefinitely
            1  consents    retain       consents.client_id
               until 2029-02-01 under Ley Orgánica 3/2018 art. 72

    References that change, in rows that stay
            2  treatments  set_null     treatments.client_id (retain)
            3  invoices    set_null     invoices.client_id (retain)
            1  consents    set_null     consents.client_id (retain)

    Policy version 7, judged at 2026-11-20T10:00:00.000Z.
    Digest [digest]
    ");
}

#[tokio::test]
async fn a_tombstone_names_the_rows_that_force_it() {
    let policy = json!({
        "version": "7", "subject": "clients",
        "kinds": { "clients": { "tombstone": true, "status": "status",
                                "personal": { "name": { "text": "anonymized" }, "email": "placeholder_email" } },
                   "invoices": { "fields": { "issued_at": "timestamp" } } },
        "references": [
            { "from": "invoices.client_id", "to": "clients" },
            { "from": "receipts.client_id", "to": "clients" },
            { "from": "consents.client_id", "to": "clients" } ],
        "modes": { "hard_delete": {
            "allow": "any",
            "rules": {
                "invoices.client_id": { "retain": { "for": "P6Y", "from": "issued_at", "basis": "tax law" } },
                "receipts.client_id": "keep",
                "consents.client_id": "cascade" } } }
    });
    let rows = json!({
        "clients": [ { "id": "c1", "status": "ON", "name": "Ana", "email": "ana@example.com" } ],
        "invoices": [ { "id": 1, "client_id": "c1", "issued_at": "2024-03-01T10:00:00Z" },
                      { "id": 2, "client_id": "c1", "issued_at": "2024-03-01T12:00:00Z" } ],
        "receipts": [ { "id": 1, "client_id": "c2" } ],
        "consents": [ { "id": 1, "client_id": "c1" } ]
    });
    assert_snapshot!(text(&policy, &rows, client()).await, @"
    Plan: hard_delete of `clients` `c1` - it has to stay as an anonymized TOMBSTONE, because rows that survive refer to it
    Nothing stands in the way. Nothing has been changed yet.

    What goes
            1  consents  delete       consents.client_id (cascade)

    What stays, without the person
            1  clients   tombstone    asked to go, has to stay
               forced by 2 over invoices.client_id: `1`, `2`

    What has to stay for now, and may be deleted after its date
            2  invoices  retain       invoices.client_id
               until 2030-03-02 under tax law

    Policy version 7, judged at 2026-11-20T10:00:00.000Z.
    Digest [digest]
    ");
}

#[tokio::test]
async fn a_soft_delete() {
    let policy = json!({
        "version": "7", "subject": "clients",
        "kinds": { "clients": { "deleted_at": "deleted_at" }, "bookings": { "deleted_at": "deleted_at" },
                   "sessions": {}, "sales": {} },
        "references": [
            { "from": "bookings.client_id", "to": "clients" },
            { "from": "sessions.client_id", "to": "clients" },
            { "from": "sales.client_id", "to": "clients" } ],
        "modes": { "soft_delete": {
            "allow": "any",
            "rules": { "bookings.client_id": "cascade", "sessions.client_id": "delete", "*": "keep" } } }
    });
    let rows = json!({
        "clients": [ { "id": "c1", "deleted_at": null } ],
        "bookings": [ { "id": 1, "client_id": "c1", "deleted_at": null },
                      { "id": 2, "client_id": "c1", "deleted_at": "2025-01-01T00:00:00Z" } ],
        "sessions": [ { "id": 1, "client_id": "c1" } ],
        "sales": [ { "id": 1, "client_id": "c1" }, { "id": 2, "client_id": "c1" } ]
    });
    let request = Request::soft_delete("clients", "c1");
    assert_snapshot!(text(&policy, &rows, request).await, @"
    Plan: soft_delete of `clients` `c1`
    Nothing stands in the way. Nothing has been changed yet.

    What goes
            1  sessions  delete       sessions.client_id

    What is marked or switched, and can come back
            1  bookings  soft_delete  bookings.client_id (cascade)
            1  clients   soft_delete  as asked

    What stays
            2  sales     keep         sales.client_id

    Policy version 7, judged at 2026-11-20T10:00:00.000Z.
    Digest [digest]
    ");
}

#[tokio::test]
async fn a_batch_shows_the_first_subjects() {
    let policy = json!({
        "version": "7", "subject": "clients",
        "kinds": { "clients": {} },
        "references": [ { "from": "consents.client_id", "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "consents.client_id": "cascade" } } }
    });
    let numbers = 1..=12;
    let rows = json!({
        "clients": numbers.clone().map(|id| json!({ "id": id })).collect::<Vec<_>>(),
        "consents": numbers.clone().map(|id| json!({ "id": id, "client_id": id })).collect::<Vec<_>>()
    });
    let request = Request::batch(Mode::HardDelete, "clients", numbers);
    assert_snapshot!(text(&policy, &rows, request).await, @"
    Plan: hard_delete of `clients` `1`, `2`, `3` and 9 more
    Nothing stands in the way. Nothing has been changed yet.

    What goes
           12  consents  delete       consents.client_id (cascade)
           12  clients   delete       as asked

    Policy version 7, judged at 2026-11-20T10:00:00.000Z.
    Digest [digest]
    ");
}
