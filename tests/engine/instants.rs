//! Numbers, infinite dates and the ends of retentions, on every store.

use chrono::{DateTime, Utc};
use client_lifecycle::DeletionPolicy;
use serde_json::{Value, json};

use crate::common::backend::{Backend, On, on_every_store};
use crate::common::request;

fn policy(field_type: &str, rule: &Value) -> DeletionPolicy {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {}, "invoices": { "fields": { "at": field_type, "state": "text" }, "personal": { "name": "null" } } },
        "references": [{ "from": "invoices.client_id", "to": "clients", "nullable": true }],
        "modes": { "hard_delete": { "allow": "any", "rules": { "invoices.client_id": rule } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn retain(period: &str) -> Value {
    json!({ "retain": { "for": period, "from": "at", "basis": "tax" }, "on_survive": "set_null" })
}

fn rows(dates: &[Value]) -> Value {
    let invoices = dates.iter().enumerate();
    let invoices =
        invoices.map(|(id, at)| json!({ "id": id, "client_id": 1, "at": at, "state": "A", "name": "x" }));
    json!({ "clients": [{ "id": 1 }], "invoices": invoices.collect::<Vec<_>>() })
}

/// Deletes the client at an instant. Returns the numbers of the invoices that are left.
async fn left(on: On, policy: &DeletionPolicy, rows: &Value, now: &str) -> Vec<u64> {
    let backend = Backend::with(on, policy, rows).await;
    let lifecycle = backend.lifecycle(policy).await.with_clock(now.parse::<DateTime<Utc>>().unwrap());
    let request = request("clients", "1").acknowledge("undated:invoices.client_id");
    let plan = lifecycle.plan(&request).await.unwrap_or_else(|error| panic!("{error:?}"));
    lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error:?}"));
    let invoices = backend.rows("invoices").await;
    invoices.as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect()
}

on_every_store! {
    async fn numbers_count_in_the_declared_unit(on: On) {
        let dates = [json!(1_433_116_800), json!(1_717_200_000)];
        let now = "2026-11-20T10:00:00Z";
        assert_eq!(left(on, &policy("timestamp", &retain("P6Y")), &rows(&dates), now).await, [1]);
        let dates = [json!(1_433_116_800_000_i64), json!(1_717_200_000_000_i64)];
        assert_eq!(left(on, &policy("timestamp_ms", &retain("P6Y")), &rows(&dates), now).await, [1]);
    }

    async fn a_number_after_the_year_9999_is_a_bad_value(on: On) {
        for (field_type, number, is_bad) in [
            ("timestamp", 253_402_300_799, false),
            ("timestamp", 253_402_300_800, true),
            ("timestamp", 1_717_200_000_000, true),
            ("timestamp", i64::MAX, true),
            ("timestamp", -62_167_219_201, true),
            ("timestamp_ms", 253_402_300_799_999, false),
            ("timestamp_ms", 253_402_300_800_000, true),
            ("timestamp_ms", i64::MIN, true),
        ] {
            for rule in [
                retain("P6Y"),
                json!([{ "when": { "field": "at", "older_than": "P6Y" }, "then": "delete" }, { "then": "set_null" }]),
            ] {
                let policy = policy(field_type, &rule);
                let backend = Backend::with(on, &policy, &rows(&[json!(number)])).await;
                let lifecycle = backend.lifecycle(&policy).await;
                let planned = lifecycle.plan(&request("clients", "1")).await;
                if !is_bad {
                    planned.unwrap_or_else(|error| panic!("{number}: {error:?}"));
                    continue;
                }
                let error = planned.unwrap_err();
                let client_lifecycle::lifecycle::Error::Store(error) = error else { panic!("{number}: {error:?}") };
                assert_eq!(error.code(), "bad_value", "{number}");
                assert_eq!(error.to_string(), format!("`invoices` `0`: the value of `at` is not of type {field_type}"));
                assert!(error.remedy().contains("milliseconds"), "{}", error.remedy());
            }
        }
    }

    async fn infinite_dates_never_make_a_deletion_fail(on: On) {
        let dates = [json!("infinity"), json!("-infinity"), json!("2015-01-01T00:00:00.000Z"), json!("2025-01-01T00:00:00.000Z"), json!(null)];
        let now = "2026-11-20T10:00:00Z";
        let policy_of = |rule: Value| policy("timestamp", &rule);
        assert_eq!(left(on, &policy_of(retain("P6Y")), &rows(&dates), now).await, [0, 3, 4]);
        let when = |test: &str, value: &str| {
            json!([{ "when": { "field": "at", test: value }, "then": "delete" }, { "then": "set_null" }])
        };
        for (test, value, kept) in [
            ("before", "now", vec![0, 4]),
            ("after", "now", vec![1, 2, 3, 4]),
            ("within", "P6Y", vec![1, 2, 4]),
            ("older_than", "P6Y", vec![0, 3, 4]),
            ("eq", "infinity", vec![1, 2, 3, 4]),
            ("ne", "infinity", vec![0, 4]),
            ("lt", "infinity", vec![0, 4]),
            ("le", "-infinity", vec![0, 2, 3, 4]),
            ("gt", "-infinity", vec![1, 4]),
        ] {
            assert_eq!(left(on, &policy_of(when(test, value)), &rows(&dates), now).await, kept, "{test} {value}");
        }
        // Only the finite date has an end.
        let policy = policy_of(retain("P6Y"));
        let backend = Backend::with(on, &policy, &rows(&dates[..4])).await;
        let lifecycle = backend.lifecycle(&policy).await.with_clock(now.parse::<DateTime<Utc>>().unwrap());
        let plan = lifecycle.plan(&request("clients", "1")).await.unwrap();
        assert!(plan.to_string().contains("indefinitely (the first until 2031-01-02) under tax"), "{plan}");
        assert_eq!(serde_json::to_value(&plan).unwrap()["steps"][0]["until"], json!(null), "{plan}");
        let receipt = lifecycle.apply(&request("clients", "1"), &plan).await.unwrap();
        assert_eq!(receipt.open[0].until, None);
    }

    async fn six_years_include_the_anniversary(on: On) {
        let dates = ["2020-11-30T23:30:00-03:00", "2020-12-01T00:30:00+02:00", "2020-11-30T23:59:59.999Z", "2020-12-01T00:00:00Z"];
        let (policy, rows) = (policy("timestamp", &retain("P6Y")), rows(&dates.map(|at| json!(at))));
        for (now, kept) in [
            ("2026-11-30T00:00:00Z", vec![0, 1, 2, 3]),
            ("2026-11-30T23:59:59.999Z", vec![0, 1, 2, 3]),
            ("2026-12-01T00:00:00Z", vec![0, 3]),
            ("2026-12-01T23:59:59.999Z", vec![0, 3]),
            ("2026-12-02T00:00:00Z", vec![]),
        ] {
            assert_eq!(left(on, &policy, &rows, now).await, kept, "{now}");
        }
    }

    async fn hours_are_exact(on: On) {
        let (policy, rows) = (policy("timestamp", &retain("PT48H")), rows(&[json!("2026-11-18T10:00:00.000Z")]));
        assert_eq!(left(on, &policy, &rows, "2026-11-20T09:59:59.999Z").await, [0]);
        assert_eq!(left(on, &policy, &rows, "2026-11-20T10:00:00Z").await, [0; 0]);
    }

    async fn a_retention_may_count_from_the_end_of_a_calendar_period(on: On) {
        let dates = ["2018-01-01T00:00:00.000Z", "2018-12-31T23:59:59.999Z", "2019-01-01T00:00:00.000Z"].map(|at| json!(at));
        for (calendar, now, kept) in [
            ("year", "2024-12-31T23:59:59.999Z", vec![0, 1, 2]),
            ("year", "2025-01-01T00:00:00Z", vec![2]),
            ("year", "2026-01-01T00:00:00Z", vec![]),
            ("quarter", "2024-04-01T00:00:00Z", vec![1, 2]),
            ("quarter", "2025-03-31T23:59:59.999Z", vec![2]),
            ("month", "2024-01-31T23:59:59.999Z", vec![0, 1, 2]),
            ("month", "2024-02-01T00:00:00Z", vec![1, 2]),
        ] {
            let mut rule = retain("P6Y");
            rule["retain"]["from_end_of"] = json!(calendar);
            assert_eq!(left(on, &policy("timestamp", &rule), &rows(&dates), now).await, kept, "{calendar} at {now}");
        }
    }

    async fn entries_after_a_retention_decide_when_it_is_over(on: On) {
        let old = "2010-01-01T00:00:00.000Z";
        let rows = json!({ "clients": [{ "id": 1 }], "invoices": [
            { "id": 0, "client_id": 1, "at": "2025-01-01T00:00:00.000Z", "state": "A", "name": "x" },
            { "id": 1, "client_id": 1, "at": old, "state": "A", "name": "x" },
            { "id": 2, "client_id": 1, "at": old, "state": "B", "name": "x" },
            { "id": 3, "client_id": 1, "state": "B", "name": "x" } ] });
        let a = json!({ "field": "state", "eq": "A" });
        let conditional = json!({ "when": a, "retain": { "for": "P6Y", "from": "at", "basis": "tax" } });
        let long = json!({ "retain": { "for": "P30Y", "from": "at", "basis": "law" } });
        let anonymize = json!({ "then": "anonymize" });
        for (entries, kept, masked) in [
            (json!([retain("P6Y"), anonymize]), vec![0, 1, 2, 3], vec![1, 2]),
            (json!([retain("P6Y"), { "when": a, "then": "anonymize" }]), vec![0, 1, 3], vec![1]),
            (json!([retain("P6Y"), { "when": a, "then": "set_null" }, { "then": "delete" }]), vec![0, 1, 3], vec![]),
            (json!([conditional, anonymize]), vec![0, 1, 2, 3], vec![1, 2, 3]),
            (json!([conditional, long]), vec![0, 1, 2, 3], vec![]),
            (json!([conditional, { "then": "delete" }]), vec![0], vec![]),
            (json!([long, retain("P6Y")]), vec![0, 1, 2, 3], vec![]),
            (json!([retain("P6Y"), conditional]), vec![0, 3], vec![]),
        ] {
            let policy = policy("timestamp", &entries);
            let backend = Backend::with(on, &policy, &rows).await;
            let lifecycle = backend.lifecycle(&policy).await;
            let lifecycle = lifecycle.with_clock("2026-11-20T10:00:00Z".parse::<DateTime<Utc>>().unwrap());
            let request = request("clients", "1").acknowledge("undated:invoices.client_id");
            let plan = lifecycle.plan(&request).await.unwrap();
            lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{entries}: {error:?}\n{plan}"));
            let invoices = backend.rows("invoices").await;
            let ids = |filter: &dyn Fn(&&Value) -> bool| -> Vec<u64> {
                invoices.as_array().unwrap().iter().filter(filter).map(|row| row["id"].as_u64().unwrap()).collect()
            };
            assert_eq!(ids(&|_| true), kept, "{entries}: {plan}");
            assert_eq!(ids(&|row| row["name"].is_null()), masked, "{entries}: {plan}");
        }
        let blocking = policy("timestamp", &json!([retain("P6Y"), "restrict"]));
        let backend = Backend::with(on, &blocking, &rows).await;
        let plan = backend.lifecycle(&blocking).await.plan(&request("clients", "1")).await.unwrap();
        assert_eq!(plan.blockers[0].count, 2, "{plan}");
    }
}
