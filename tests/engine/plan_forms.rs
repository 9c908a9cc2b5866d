//! Plans as Markdown and Mermaid, and receipts as text.

use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::plan::Plan;
use client_lifecycle::protocol::Receipt;
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
use insta::assert_snapshot;
use serde_json::{Value, json};

async fn planned(debts: &Value, acknowledged: &[&str]) -> (Plan, Option<Receipt>) {
    let document = json!({
        "version": "7|8", "subject": "clients",
        "kinds": { "clients": { "tombstone": true, "personal": { "name": "null" } }, "notes": {}, "debts": {}, "logs": {},
                   "invoices": { "fields": { "issued_at": "timestamp" } } },
        "references": [
            { "from": "debts.client_id", "to": "clients" },
            { "from": "notes.debt_id", "to": "debts", "nullable": true },
            { "from": "logs.client_id", "to": "clients", "nullable": true },
            { "from": "invoices.client_id", "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any",
            "guards": [ { "name": "look", "on": "notes", "severity": "warn", "message": "a | b" },
                        { "name": "more", "on": "debts", "severity": "warn", "message": "\"x\"\n<y>" } ],
            "rules": { "debts.client_id": debts, "notes.debt_id": "cascade", "logs.client_id": "set_null",
                       "invoices.client_id": { "retain": { "for": "P6Y", "from": "issued_at", "basis": "tax" } } },
            "effects": [ { "topic": "gone" } ] } }
    });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let rows = json!({
        "clients": [ { "id": "c|1", "name": "Ana" } ], "debts": [ { "id": 1, "client_id": "c|1" } ],
        "notes": [ { "id": 1, "debt_id": 1 }, { "id": 2, "debt_id": 1 } ], "logs": [ { "id": 1, "client_id": "c|1" } ],
        "invoices": [ { "id": 1, "client_id": "c|1", "issued_at": "2025-01-01T00:00:00Z" } ]
    });
    let store = MemoryStore::from_json(policy.map(), &rows).unwrap();
    let now: chrono::DateTime<chrono::Utc> = "2026-11-20T10:00:00Z".parse().unwrap();
    let lifecycle = Lifecycle::open(store, policy).await.unwrap().with_clock(now);
    let mut request = Request::hard_delete("clients", "c|1").by(Actor::new("ana", "ADMIN"));
    for name in acknowledged {
        request = request.acknowledge(*name);
    }
    request = request.operation(uuid::Uuid::from_u128(1));
    let plan = lifecycle.plan(&request).await.unwrap();
    let receipt = lifecycle.apply(&request, &plan).await.ok();
    (plan, receipt)
}

fn without_digest(text: &str, plan: &Plan) -> String {
    text.replace(plan.digest.as_str(), "[digest]")
}

#[tokio::test]
async fn an_executable_plan_and_its_receipt() {
    let (plan, receipt) = planned(&json!("cascade"), &["look", "more"]).await;
    assert_snapshot!(without_digest(&plan.markdown(), &plan), @r#"
    ## hard_delete of `clients` `c\|1`

    Nothing stands in the way. Outcome: tombstone.

    | rows | warning | what | acknowledged |
    |--:|---|---|---|
    | 2 | look | a \| b | yes |
    | 1 | more | "x" <y> | yes |

    | rows | kind | becomes | why | until |
    |--:|---|---|---|---|
    | 2 | notes | delete | cascade over notes.debt_id -> debts.client_id |  |
    | 1 | logs | set_null | set_null over logs.client_id |  |
    | 1 | invoices | retain | retain over invoices.client_id: tax | 2031-01-02T00:00:00.000Z |
    | 1 | debts | delete | cascade over debts.client_id |  |
    | 1 | clients | tombstone | asked to go, has to stay |  |

    1 × `gone` will be sent.

    Policy 7\|8, digest `[digest]`.
    "#);
    assert_snapshot!(plan.mermaid(), @r#"
    flowchart TD
      k0["clients<br/>1 tombstone"]
      k1["debts<br/>1 delete"]
      k2["invoices<br/>1 retain"]
      k3["logs<br/>1 set_null"]
      k4["notes<br/>2 delete"]
      k0 -->|"debts.client_id"| k1
      k0 -->|"invoices.client_id"| k2
      k0 -->|"logs.client_id"| k3
      k1 -->|"notes.debt_id"| k4
    "#);
    assert_snapshot!(without_digest(&receipt.unwrap().to_string(), &plan), @"
    Receipt: hard_delete of `clients` `c|1` - it had to stay as an anonymized TOMBSTONE, because rows that survive refer to it
    Done. 1 item stays open until its date has come.

    What went
            2  notes     delete       notes.debt_id -> debts.client_id
            1  debts     delete       debts.client_id

    What stayed, without the person
            1  clients   tombstone    asked to go, has to stay

    What stayed
            1  invoices  retain       invoices.client_id

    References that changed, in rows that stayed
            1  logs      set_null     logs.client_id

    What has to be deleted once its date has come
            1  invoices  until 2031-01-02, retained: tax

    Done as of 2026-11-20T10:00:00.000Z.
    Operation 00000000-0000-0000-0000-000000000001
    Digest [digest]
    ");
    assert_eq!(plan.obstacles(), "");
}

#[tokio::test]
async fn a_blocked_plan() {
    let (plan, receipt) = planned(&json!("protect"), &["look"]).await;
    assert_eq!(receipt, None);
    assert_snapshot!(without_digest(&plan.markdown(), &plan), @r#"
    ## hard_delete of `clients` `c\|1`

    **Not possible yet.** Outcome: tombstone.

    | rows | blocks | why | first |
    |--:|---|---|---|
    | 1 | protect | 1 row of `debts` needs the record that `debts.client_id` refers to | delete it, or let it refer to another record |

    | rows | warning | what | acknowledged |
    |--:|---|---|---|
    | 2 | look | a \| b | yes |
    | 1 | more | "x" <y> | no |

    | rows | kind | becomes | why | until |
    |--:|---|---|---|---|
    | 1 | logs | set_null | set_null over logs.client_id |  |
    | 1 | invoices | retain | retain over invoices.client_id: tax | 2031-01-02T00:00:00.000Z |
    | 1 | clients | tombstone | asked to go, has to stay |  |

    1 × `gone` will be sent.

    Policy 7\|8, digest `[digest]`.
    "#);
    assert_snapshot!(plan.mermaid(), @r#"
    flowchart TD
      k0["clients<br/>1 tombstone"]
      k1["debts<br/>1 BLOCK: protect"]
      k2["invoices<br/>1 retain"]
      k3["logs<br/>1 set_null"]
      k0 -->|"invoices.client_id"| k2
      k0 -->|"logs.client_id"| k3
    "#);
    assert_eq!(
        plan.obstacles(),
        "1 row of `debts` needs the record that `debts.client_id` refers to; warning `more` not acknowledged"
    );
}
