//! The duration of the pure decision, from the answers of a store to a plan, for 50 references and 5 modes.
//!
//! `cargo bench --bench decision` prints medians and minima in microseconds; `-- --test` runs each measurement once.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench is a separate program")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use client_lifecycle::domain::{Actor, Mode, Request};
use client_lifecycle::protocol::{Answer, Survey};
use client_lifecycle::{DeletionPolicy, Plan};
use serde_json::{Map, Value, json};

const REFERENCES: usize = 50;
const ROUNDS: usize = 2_001;

/// Makes a policy with fifty kinds. Half of them refer to the subject; each of the other kinds refers to a kind of the
/// first half. The policy has guards, a retention period, redirects and effects.
fn policy() -> DeletionPolicy {
    let (mut kinds, mut references, mut rules) = (Map::new(), Vec::new(), Map::new());
    kinds.insert(
        "clients".into(),
        json!({ "status": "status", "deleted_at": "deleted_at", "personal": { "email": "placeholder_email" } }),
    );
    for number in 0..REFERENCES {
        let kind = format!("k{number:02}");
        let to = if number % 2 == 0 { "clients".into() } else { format!("k{:02}", number - 1) };
        kinds.insert(kind.clone(), json!({ "deleted_at": "deleted_at", "status": "status" }));
        let nullable = number % 10 == 9;
        references.push(json!({ "from": format!("{kind}.parent_id"), "to": to, "nullable": nullable }));
        let rule = match number % 10 {
            9 => {
                json!({ "retain": { "for": "P6Y", "from": "issued_at", "basis": "law" }, "on_survive": "set_null" })
            }
            4 => {
                json!([{ "when": { "field": "state", "eq": "OPEN" }, "then": "restrict" }, "cascade"])
            }
            _ => json!("cascade"),
        };
        rules.insert(format!("{kind}.parent_id"), rule);
    }
    let mode = |rules: Value| {
        json!({
            "allow": [ { "role": "ADMIN" } ],
            "guards": [ { "name": "open", "on": "k04", "when": { "field": "state", "eq": "OPEN" }, "severity": "block" } ],
            "effects": [ { "topic": "gone" } ],
            "rules": rules
        })
    };
    let document = json!({
        "subject": "clients", "kinds": kinds, "references": references,
        "modes": {
            "hard_delete": mode(rules.into()),
            "soft_delete": mode(json!({ "*": "cascade" })),
            "anonymize": mode(json!({ "*": "keep" })),
            "deactivate": mode(json!({ "*": "cascade" })),
            "reactivate": mode(json!({ "*": "cascade" }))
        }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap()
}

fn decide(policy: &DeletionPolicy, request: &Request, survey: &Survey) -> Plan {
    policy.inquire(request, chrono::DateTime::UNIX_EPOCH).unwrap().plan(survey).unwrap()
}

fn main() {
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { ROUNDS };
    let policy = policy();
    println!("decision for {REFERENCES} references, microseconds (median / minimum of {rounds})");
    for mode in Mode::REMOVALS {
        let request = Request::new(mode, "clients", "c1").by(Actor::new("ana", "ADMIN"));
        let inquiry = policy.inquire(&request, chrono::DateTime::UNIX_EPOCH).unwrap();
        let answers = inquiry.query().questions.iter().map(|_| Answer::count(3)).collect();
        let survey = Survey::new(vec!["c1".into()], answers);
        let mut times: Vec<Duration> = (0..rounds)
            .map(|_| {
                let start = Instant::now();
                black_box(decide(&policy, &request, black_box(&survey)));
                start.elapsed()
            })
            .collect();
        times.sort();
        let micros = |time: Option<&Duration>| time.unwrap().as_secs_f64() * 1e6;
        println!("  {mode:<12} {:>7.1} / {:>7.1}", micros(times.get(rounds / 2)), micros(times.first()));
    }
}
