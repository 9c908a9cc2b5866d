//! The digest of a plan covers everything that a person relies on when confirming the plan, and nothing else.

use chrono::{DateTime, TimeDelta, Utc};
use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::protocol::{Digest, Expected};
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
use serde_json::{Value, json};

fn document() -> Value {
    json!({
        "version": "7", "subject": "unions",
        "kinds": { "unions": {}, "members": {}, "notes": {}, "debts": {}, "sessions": { "volatile": true } },
        "references": [
            { "from": "members.union_id", "to": "unions" }, { "from": "notes.union_id", "to": "unions" },
            { "from": "debts.union_id", "to": "unions" }, { "from": "sessions.union_id", "to": "unions" } ],
        "modes": { "hard_delete": { "allow": "any",
            "guards": [ { "name": "look", "on": "notes", "severity": "warn" } ],
            "rules": { "members.union_id": "reassign", "notes.union_id": "cascade", "debts.union_id": "protect",
                       "sessions.union_id": "cascade" } } }
    })
}

fn rows() -> Value {
    let of_u1 = |id: &str| json!({ "id": id, "union_id": "u1" });
    json!({
        "unions": [ { "id": "u1" }, { "id": "u2" }, { "id": "u3" } ], "members": [of_u1("m1")], "notes": [of_u1("n1")],
        "debts": [of_u1("d1")], "sessions": [of_u1("s1")]
    })
}

fn request() -> Request {
    Request::hard_delete("unions", "u1").by(Actor::new("ana", "ADMIN")).reassign("members.union_id", "u2")
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

async fn digest(document: &Value, rows: &Value, request: &Request, now: DateTime<Utc>) -> Digest {
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let store = MemoryStore::from_json(policy.map(), rows).unwrap();
    let lifecycle = Lifecycle::open(store, policy).await.unwrap().with_clock(now);
    lifecycle.plan(request).await.unwrap().digest
}

async fn with(change: impl FnOnce(&mut Value, &mut Value, &mut Request)) -> Digest {
    let (mut document, mut rows, mut request) = (document(), rows(), request());
    change(&mut document, &mut rows, &mut request);
    digest(&document, &rows, &request, now()).await
}

fn add(rows: &mut Value, kind: &str, id: &str) {
    rows[kind].as_array_mut().unwrap().push(json!({ "id": id, "union_id": "u1" }));
}

#[tokio::test]
async fn the_digest_is_64_hexadecimal_digits_and_reproducible() {
    let digest = with(|_, _, _| {}).await;
    assert_eq!(digest.as_str().len(), 64);
    assert!(digest.as_str().bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    assert_eq!(digest, with(|_, _, _| {}).await);
    assert_eq!(digest.to_string(), digest.as_str());
    assert_eq!(format!("{digest:?}"), digest.as_str());
    assert_eq!(digest, Digest::try_from(&*digest.as_str().to_uppercase()).unwrap());
}

#[tokio::test]
async fn the_digest_covers_steps_blockers_warnings_targets_subjects_and_the_version() {
    let first = with(|_, _, _| {}).await;
    for (what, other) in [
        ("one more row of a step", with(|_, rows, _| add(rows, "members", "m2")).await),
        ("one more row that blocks", with(|_, rows, _| add(rows, "debts", "d2")).await),
        ("one more row to warn of", with(|_, rows, _| add(rows, "notes", "n2")).await),
        ("no volatile row", with(|_, rows, _| rows["sessions"] = json!([])).await),
        (
            "another target",
            with(|_, _, request| *request = request.clone().reassign("members.union_id", "u3")).await,
        ),
        ("another version", with(|document, _, _| document["version"] = json!("8")).await),
        (
            "another subject",
            with(|_, rows, request| {
                *rows = serde_json::from_str(&rows.to_string().replace("u1", "u9")).unwrap();
                *request = Request::hard_delete("unions", "u9")
                    .by(Actor::new("ana", "ADMIN"))
                    .reassign("members.union_id", "u2");
            })
            .await,
        ),
    ] {
        assert_ne!(first, other, "{what}");
    }
}

/// A policy under which members are masked, with a guard and an event.
fn masking() -> Value {
    json!({
        "version": "7", "subject": "unions",
        "kinds": { "unions": {}, "members": { "personal": { "email": "placeholder_email", "name": { "text": "nobody" } } } },
        "references": [ { "from": "members.union_id", "to": "unions", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any",
            "guards": [ { "name": "busy", "on": "members", "severity": "block", "when": { "field": "state", "eq": "BUSY" } },
                        { "name": "away", "on": "members", "severity": "note", "when": { "field": "state", "eq": "AWAY" } } ],
            "rules": { "members.union_id": "anonymize" },
            "effects": [ { "topic": "members.left", "on": "members", "fields": ["email"] }, { "topic": "union.gone" } ] } }
    })
}

async fn masked(change: impl FnOnce(&mut Value)) -> Digest {
    let mut document = masking();
    change(&mut document);
    let member =
        json!({ "id": "m1", "union_id": "u1", "email": "m@example.org", "name": "Maria", "state": "ON" });
    let rows = json!({ "unions": [{ "id": "u1" }], "members": [member] });
    let request = Request::hard_delete("unions", "u1").by(Actor::new("ana", "ADMIN"));
    digest(&document, &rows, &request, now()).await
}

#[tokio::test]
async fn the_digest_covers_whatever_is_written_under_an_unchanged_version() {
    let first = masked(|_| {}).await;
    let mode = |document: &mut Value, place: &str, value: Value| {
        *document["modes"]["hard_delete"].pointer_mut(place).unwrap() = value;
    };
    for (what, other) in [
        ("one mask less", masked(|it| it["kinds"]["members"]["personal"] = json!({ "email": "null" })).await),
        (
            "another mask",
            masked(|it| it["kinds"]["members"]["personal"]["name"] = json!({ "text": "x" })).await,
        ),
        (
            "a filter",
            masked(|it| it["kinds"]["members"]["filter"] = json!({ "field": "state", "eq": "ON" })).await,
        ),
        (
            "masks of the rule",
            masked(|it| {
                mode(it, "/rules", json!({ "*": { "anonymize": { "email": "placeholder_email" } } }));
            })
            .await,
        ),
        (
            "another condition",
            masked(|it| mode(it, "/guards/0/when", json!({ "field": "state", "eq": "ON!" }))).await,
        ),
        (
            "another note",
            masked(|it| mode(it, "/guards/1/when", json!({ "field": "state", "eq": "ON!" }))).await,
        ),
        ("another severity", masked(|it| mode(it, "/guards/0/severity", json!("warn"))).await),
        ("one guard less", masked(|it| mode(it, "/guards", json!([]))).await),
        ("other fields", masked(|it| mode(it, "/effects/0/fields", json!(["email", "name"]))).await),
        ("another topic", masked(|it| mode(it, "/effects/1/topic", json!("union.deleted"))).await),
        ("one event less", masked(|it| mode(it, "/effects", json!([]))).await),
    ] {
        assert_ne!(first, other, "{what}");
    }
}

#[tokio::test]
async fn the_digest_does_not_cover_other_modes_permissions_rationales_and_the_order_of_declarations() {
    let first = masked(|_| {}).await;
    let mode =
        |document: &mut Value, place: &str, value: Value| document["modes"]["hard_delete"][place] = value;
    let because = json!({ "*": { "then": "anonymize", "because": "they keep their account" } });
    let rule = json!({ "*": "anonymize" });
    let by_name = masked(|it| mode(it, "rules", rule)).await;
    for (what, (one, other)) in [
        ("another mode", (&first, masked(|it| it["modes"]["update"] = json!({ "allow": "any" })).await)),
        ("permissions", (&first, masked(|it| mode(it, "allow", json!([{ "role": "ADMIN" }]))).await)),
        ("a rationale", (&by_name, masked(|it| mode(it, "rules", because)).await)),
        (
            "the order of guards",
            (
                &first,
                masked(|it| it["modes"]["hard_delete"]["guards"].as_array_mut().unwrap().reverse()).await,
            ),
        ),
        (
            "the order of events",
            (
                &first,
                masked(|it| it["modes"]["hard_delete"]["effects"].as_array_mut().unwrap().reverse()).await,
            ),
        ),
    ] {
        assert_eq!(*one, other, "{what}");
    }
}

#[test]
fn without_a_version_of_its_own_a_policy_has_a_hash_of_its_document() {
    let version = |change: &dyn Fn(&mut Value)| {
        let mut document = document();
        document.as_object_mut().unwrap().remove("version");
        change(&mut document);
        let policy =
            DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
        // A document that is written and read again is the same policy, and does not pin the version.
        let written = serde_json::to_value(&policy).unwrap();
        assert!(written.get("version").is_none());
        assert_eq!(DeletionPolicy::from_json(&written.to_string()).unwrap().version(), policy.version());
        policy.version().to_owned()
    };
    let first = version(&|_| {});
    assert_eq!(first.len(), 16);
    assert_eq!(first, version(&|document| document["references"].as_array_mut().unwrap().reverse()));
    assert_ne!(first, version(&|document| document["modes"]["update"] = json!({ "allow": "any" })));
    assert_ne!(first, version(&|document| document["kinds"]["notes"]["volatile"] = json!(true)));
    assert_ne!(
        first,
        version(&|document| document["modes"]["hard_delete"]["allow"] = json!([{ "role": "ADMIN" }]))
    );
}

#[tokio::test]
async fn a_plan_is_not_applied_under_a_policy_that_masks_less() {
    let member =
        json!({ "id": "m1", "union_id": "u1", "email": "m@example.org", "name": "Maria", "state": "ON" });
    let rows = json!({ "unions": [{ "id": "u1" }], "members": [member] });
    let opened = async |document: &Value| {
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let store = MemoryStore::from_json(policy.map(), &rows).unwrap();
        Lifecycle::open(store, policy).await.unwrap()
    };
    let mut less = masking();
    less["kinds"]["members"]["personal"] = json!({ "name": "null" });
    let request = Request::hard_delete("unions", "u1").by(Actor::new("ana", "ADMIN"));
    let plan = opened(&masking()).await.plan(&request).await.unwrap();
    let other = opened(&less).await;
    assert_eq!(other.apply(&request, &plan).await.unwrap_err().code(), "foreign_plan");
    assert_eq!(other.confirm(&request, &plan.digest).await.unwrap_err().code(), "conflict");
}

#[tokio::test]
async fn the_digest_does_not_cover_volatile_counts_samples_actor_and_time() {
    let first = with(|_, _, _| {}).await;
    for (what, other) in [
        ("one more volatile row", with(|_, rows, _| add(rows, "sessions", "s2")).await),
        ("another sample", with(|_, rows, _| rows["debts"][0]["id"] = json!("d9")).await),
        ("acknowledged", with(|_, _, request| *request = request.clone().acknowledge("look")).await),
        (
            "somebody else",
            with(|_, _, request| *request = request.clone().by(Actor::new("bob", "STAFF"))).await,
        ),
        ("tomorrow", digest(&document(), &rows(), &request(), now() + TimeDelta::days(1)).await),
    ] {
        assert_eq!(first, other, "{what}");
    }
}

#[test]
fn an_expectation_of_some_rows_accepts_one_or_more() {
    assert!(Expected::Some.accepts(1) && Expected::Some.accepts(2) && !Expected::Some.accepts(0));
    assert!(
        Expected::Exactly(2).accepts(2)
            && !Expected::Exactly(2).accepts(1)
            && !Expected::Exactly(2).accepts(3)
    );
}
