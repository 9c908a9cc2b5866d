//! A policy built in Rust equals the same policy read from a document, and is written as the document was.
#![allow(clippy::match_bool, reason = "what is true and what is false stand side by side")]

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{FieldType, Lock, Mask, Mode, eq, is_null};
use client_lifecycle::policy::{
    Allow, EffectRule, Guard, ModeBuilder, OnSurvive, Parent, Redirect, anonymize, cascade, delete, keep,
    protect, reassign, restrict, retain, set_default, set_null, soft_delete,
};
use serde_json::{Value, json};

/// A policy document that uses every feature.
fn document() -> Value {
    let mut document = json!({
        "version": "2026-11", "subject": "clients",
        "kinds": {
            "clients": {
                "table": "users", "id": "user_id", "status": "state", "deleted_at": "gone_at", "tombstone": true,
                "volatile": true, "filter": { "field": "role", "eq": "USER" }, "shard_key": "user_id",
                "fields": {
                    "email": { "type": "text", "nullable": true, "unique": true, "column": "e_mail", "default": "none" },
                    "role": "text" },
                "personal": { "email": "null" } },
            "staff": { "id": "staff_no" }
        },
        "references": [],
        "excluded": [ { "table": "log", "because": "no personal data" },
                      { "reference": "visits.client_id", "because": "may dangle" } ],
        "modes": {}
    });
    let rules = json!({
        "a.client_id": "cascade", "b.client_id": "delete", "c.client_id": "soft_delete", "d.client_id": "restrict",
        "e.client_id": "protect", "f.client_id": "anonymize", "g.client_id": { "anonymize": { "note": "null" } },
        "h.client_id": { "retain": { "for": "P6Y", "from": "at", "basis": "tax" }, "on_survive": "tombstone" },
        "i.client_id": "set_null", "j.client_id": { "set_default": 0 }, "k.client_id": "set_default",
        "l.client_id": "reassign", "m.client_id": { "reassign": { "to": "c0" } },
        "n.client_id": { "then": "keep", "on_survive": "set_null" },
        "o.client_id": { "then": "keep", "on_survive": { "set_default": 0 } },
        "p.client_id": { "then": "keep", "on_survive": { "reassign": { "to": "c0" } } },
        "q.client_id": { "then": "keep", "on_survive": "set_default" },
        "r.client_id": { "then": "keep", "on_survive": "reassign" },
        "s.client_id": [ { "when": { "field": "x", "is_null": true }, "then": "restrict", "because": "why not" },
                         { "parent": "retain", "then": "delete" }, { "parent": "anonymize", "then": "keep" },
                         { "then": "cascade" } ],
        "*": "keep"
    });
    for name in rules.as_object().unwrap().keys().filter(|name| *name != "*") {
        let (kind, _) = name.split_once('.').unwrap();
        document["kinds"][kind] = json!({});
        let reference = json!({ "from": name, "to": "clients", "nullable": true });
        document["references"].as_array_mut().unwrap().push(reference);
    }
    for kind in ["c", "f"] {
        document["kinds"][kind] =
            json!({ "deleted_at": "deleted_at", "personal": { "mail": "placeholder_email" } });
    }
    for kind in ["k", "q"] {
        document["kinds"][kind] = json!({ "fields": { "client_id": { "default": "c0" } } });
    }
    document["references"].as_array_mut().unwrap().extend([
        json!({ "from": "t.client_id", "to": "clients", "lock": "table" }),
        json!({ "from": "t.staff_no", "to": "staff", "lock": "writer" }),
    ]);
    document["kinds"]["t"] = json!({});
    document["modes"]["hard_delete"] = json!({
        "allow": [ { "role": "ADMIN" }, { "role": "RESALE", "scope": "managed_by" }, { "self": true } ],
        "reason": "required",
        "guards": [
            { "name": "stop", "on": "a", "severity": "block" },
            { "name": "look", "on": "a", "via": ["a.client_id"], "when": { "field": "x", "is_null": true },
              "severity": "warn", "message": "there are some", "remedy": "remove them" },
            { "name": "know", "on": "clients", "severity": "note" } ],
        "rules": rules,
        "effects": [ { "topic": "gone" },
                     { "topic": "a.gone", "on": "a", "via": ["a.client_id"], "when": { "field": "x", "is_null": true },
                       "fields": ["id", "token"] } ]
    });
    let keep = json!({ "allow": "any", "rules": { "*": "keep" } });
    for mode in ["deactivate", "reactivate", "soft_delete", "anonymize"] {
        document["modes"][mode] = keep.clone();
    }
    document["modes"]["reactivate"]["allow"] = json!("authenticated");
    document
}

fn built() -> DeletionPolicy {
    let mut policy = DeletionPolicy::of("clients")
        .version("2026-11")
        .kind("clients", |kind| {
            kind.table("users")
                .id("user_id")
                .status("state")
                .deleted_at("gone_at")
                .tombstone()
                .volatile()
                .filter(eq("role", "USER"))
                .shard_key("user_id")
                .field("email", FieldType::Text)
                .nullable("email")
                .unique("email")
                .column("email", "e_mail")
                .default("email", "none")
                .field("role", FieldType::Text)
                .personal("email", Mask::Null)
        })
        .kind("staff", |kind| kind.id("staff_no"))
        .exclude_table("log", "no personal data")
        .exclude_reference("visits.client_id", "may dangle");
    for kind in "abcdefghijklmnopqrs".chars() {
        policy =
            policy.reference_with(format!("{kind}.client_id"), "clients", |reference| reference.nullable());
    }
    for kind in ["c", "f"] {
        policy =
            policy.kind(kind, |kind| kind.deleted_at("deleted_at").personal("mail", Mask::PlaceholderEmail));
    }
    for kind in ["k", "q"] {
        policy = policy.kind(kind, |kind| kind.default("client_id", "c0"));
    }
    policy
        .reference_with("t.client_id", "clients", |reference| reference.lock(Lock::Table))
        .reference_with("t.staff_no", "staff", |reference| reference.lock(Lock::Writer))
        .hard_delete(|mode| {
            mode.allow("ADMIN")
                .allow(Allow::from("RESALE").scope("managed_by"))
                .allow(Allow::oneself())
                .reason_required()
                .guard(Guard::block("stop", "a"))
                .guard(
                    Guard::warn("look", "a")
                        .via(["a.client_id"])
                        .when(is_null("x"))
                        .message("there are some")
                        .remedy("remove them"),
                )
                .guard(Guard::note("know", "clients"))
                .rule("a.client_id", cascade())
                .rule("b.client_id", delete())
                .rule("c.client_id", soft_delete())
                .rule("d.client_id", restrict())
                .rule("e.client_id", protect())
                .rule("f.client_id", anonymize())
                .rule("g.client_id", anonymize().with([("note", Mask::Null)]))
                .rule("h.client_id", retain("P6Y").from("at").basis("tax").on_survive(OnSurvive::Tombstone))
                .rule("i.client_id", set_null())
                .rule("j.client_id", set_default().to(0))
                .rule("k.client_id", set_default())
                .rule("l.client_id", reassign())
                .rule("m.client_id", reassign().to("c0"))
                .rule("n.client_id", keep().on_survive(Redirect::SetNull))
                .rule("o.client_id", keep().on_survive(Redirect::SetDefault(Some(0.into()))))
                .rule("p.client_id", keep().on_survive(Redirect::Reassign(Some("c0".into()))))
                .rule("q.client_id", keep().on_survive(Redirect::SetDefault(None)))
                .rule("r.client_id", keep().on_survive(Redirect::Reassign(None)))
                .rule(
                    "s.client_id",
                    restrict()
                        .when(is_null("x"))
                        .rationale("why not")
                        .otherwise(delete().below(Parent::Retain))
                        .otherwise(keep().below(Parent::Anonymize))
                        .otherwise(cascade()),
                )
                .others(keep())
                .effect(EffectRule::topic("gone"))
                .effect(
                    EffectRule::topic("a.gone")
                        .on("a")
                        .via(["a.client_id"])
                        .when(is_null("x"))
                        .fields(["id", "token"]),
                )
        })
        .deactivate(|mode| mode.allow_any().others(keep()))
        .reactivate(|mode| mode.allow_authenticated().others(keep()))
        .soft_delete(|mode| mode.allow_any().others(keep()))
        .anonymize(|mode| mode.allow_any().others(keep()))
        .build()
        .unwrap_or_else(|faults| panic!("{faults}"))
}

fn read(document: &Value) -> DeletionPolicy {
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn built_and_written_policies_are_equal() {
    assert_eq!(built(), read(&document()));
}

#[test]
fn a_policy_is_written_as_it_was_read_with_the_types_that_its_conditions_imply() {
    let mut expected = document();
    expected["kinds"]["h"]["fields"]["at"] = json!("timestamp");
    expected["kinds"]["f"]["fields"]["mail"] = json!("text");
    expected["kinds"]["c"]["fields"]["mail"] = json!("text");
    // A rule sets `note` to null, so the written policy declares the column.
    expected["kinds"]["g"]["fields"]["note"] = json!({});
    for mode in expected["modes"].as_object_mut().unwrap().values_mut() {
        // A rule given by its name alone is written as an entry.
        for rule in mode["rules"].as_object_mut().unwrap().values_mut().filter(|rule| rule.is_string()) {
            *rule = json!({ "then": rule });
        }
    }
    let written = serde_json::to_value(read(&document())).unwrap();
    for part in ["version", "subject", "excluded", "references"] {
        assert_eq!(written[part], expected[part]);
    }
    for part in ["kinds", "modes"] {
        let names = |value: &Value| value[part].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&written), names(&expected));
        for name in names(&expected) {
            assert_eq!(written[part][&name], expected[part][&name], "{name}");
        }
    }
    assert_eq!(read(&written), read(&document()));
    let deserialized: DeletionPolicy = serde_json::from_value(document()).unwrap();
    assert_eq!(deserialized, read(&document()));
}

#[test]
fn a_minimal_policy_has_a_minimal_document() {
    let little = json!({
        "subject": "clients", "kinds": { "clients": {} }, "references": [],
        "modes": { "hard_delete": { "allow": "any", "rules": {} } }
    });
    assert_eq!(serde_json::to_value(read(&little)).unwrap(), little);
    let mut versioned = little.clone();
    versioned["version"] = json!("1");
    assert_eq!(serde_json::to_value(read(&versioned)).unwrap(), versioned);
    assert_ne!(read(&versioned), read(&little));
    let built = DeletionPolicy::of("clients").hard_delete(ModeBuilder::allow_any).build();
    assert_eq!(built.unwrap(), read(&little));
}

#[test]
fn policies_are_equal_if_all_their_parts_are() {
    let policy = read(&document());
    assert_eq!(policy, policy.clone());
    for (pointer, value) in [
        ("/version", json!("2026-12")),
        ("/subject", json!("staff")),
        ("/kinds/a", json!({ "table": "aa" })),
        ("/modes/deactivate/reason", json!("required")),
    ] {
        let mut other = document();
        if value == "staff" {
            // Another subject needs another policy: most parts of the document do not fit it.
            let mut little = json!({ "kinds": { "clients": {}, "staff": {} }, "modes": { "hard_delete": { "allow": "any" } } });
            little["subject"] = json!("clients");
            let clients = read(&little);
            little["subject"] = value;
            assert_ne!(clients, read(&little));
            continue;
        }
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        other.pointer_mut(parent).unwrap()[key] = value;
        assert_ne!(policy, read(&other), "{pointer}");
    }
}

#[test]
fn the_parts_of_a_policy_are_accessible() {
    let policy = read(&document());
    assert_eq!(policy.version(), "2026-11");
    assert_eq!(policy.subject().as_str(), "clients");
    assert_eq!(policy.modes().count(), 5);
    assert_eq!(policy.mode(Mode::HardDelete).unwrap().guards.len(), 3);
    let little = DeletionPolicy::of("clients").hard_delete(ModeBuilder::allow_any).build().unwrap();
    assert_eq!(little.modes().collect::<Vec<_>>(), [Mode::HardDelete]);
    assert_eq!(little.mode(Mode::SoftDelete), None);
    assert!(format!("{little:?}").starts_with("DeletionPolicy { version: \""));
    assert!(format!("{little:?}").contains("\", subject: `clients`, map: "));
}

#[test]
fn a_data_map_can_be_shared_by_policies() {
    let map = read(&document()).map().clone();
    let other =
        DeletionPolicy::of("clients").map(&map).deactivate(|mode| mode.allow_any().others(keep())).build();
    assert_eq!(*other.unwrap().map(), map);
}

#[test]
fn allow_any_is_not_restricted_by_further_roles() {
    let allowed = |any_first: bool| {
        let policy = DeletionPolicy::of("clients").hard_delete(|mode| {
            if any_first { mode.allow_any().allow("ADMIN") } else { mode.allow("ADMIN").allow_any() }
        });
        serde_json::to_value(policy.build().unwrap()).unwrap()["modes"]["hard_delete"]["allow"].clone()
    };
    assert_eq!((allowed(true), allowed(false)), (json!("any"), json!("any")));
}

#[test]
fn an_invalid_rule_lists_the_valid_ones() {
    for (rule, said) in [
        (
            json!(7),
            "expected the name of a rule such as `cascade`, an object such as {\"then\": \"cascade\"}, or a list",
        ),
        (json!([7]), "expected the name of a rule such as `cascade`, or an object"),
        (json!({ "then": 7 }), "expected the name of a rule such as `cascade`, or an object"),
        (
            json!({ "then": "keep", "on_survive": 7 }),
            "expected `set_null`, `set_default`, `reassign` or `tombstone`, or an object",
        ),
        (
            json!({ "then": "keep", "on_survive": "keep" }),
            "unknown word for `on_survive` `keep`; expected `set_null`",
        ),
        (
            json!({ "then": "keep", "on_survive": { "then": "keep" } }),
            "`on_survive` is `set_null`, `set_default`, `reassign` or `tombstone`",
        ),
        (json!({ "when": { "field": "x", "eq": 1 } }), "an entry needs exactly one rule"),
        (json!({ "then": { "then": "keep", "parent": "retain" } }), "belong beside `then`"),
        (json!({ "anonymize": { "x": "null" }, "then": "keep" }), "an entry needs exactly one rule"),
    ] {
        let mut document = document();
        document["modes"]["hard_delete"]["rules"]["a.client_id"] = rule;
        let faults = DeletionPolicy::from_json(&document.to_string()).unwrap_err().to_string();
        assert!(faults.contains(said), "{faults}");
    }
    let mut document = document();
    document["modes"]["hard_delete"]["allow"] = json!(7);
    let faults = DeletionPolicy::from_json(&document.to_string()).unwrap_err().to_string();
    assert!(faults.contains("`any`, `authenticated` or a list such as [{\"role\": \"ADMIN\"}]"), "{faults}");
}

fn cascade_with(written: &str, instead: &str) -> String {
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {} },
        "references": [ { "from": "debts.client_id", "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let document = document.to_string();
    assert!(document.contains(written), "{document}");
    DeletionPolicy::from_json(&document.replace(written, instead)).unwrap_err().to_string()
}

#[test]
fn two_rules_for_one_reference_are_a_fault() {
    let twice = r#""debts.client_id": "restrict", "debts.client_id": "cascade""#;
    assert!(cascade_with(r#""*":"cascade""#, twice).contains("duplicate key `debts.client_id`"));
    let kinds = r#""debts":{"volatile":true},"debts":{}"#;
    assert!(cascade_with(r#""debts":{}"#, kinds).contains("duplicate key `debts`"));
}

/// A text mask would replace the id of the referenced row.
#[test]
fn a_personal_field_that_is_a_reference_is_a_fault() {
    let masked = r#""debts":{"personal":{"client_id":{"text":"anonymized"}}}"#;
    assert!(cascade_with(r#""debts":{}"#, masked).starts_with("kinds.debts.personal.client_id: "));
}
