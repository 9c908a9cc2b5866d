//! Presets adapted to other schemas.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::clients::{Language, presets};
use client_lifecycle::domain::{FieldType, Mask, Mode, eq};
use client_lifecycle::policy::{
    EffectRule, Guard, KindBuilder, PolicyBuilder, cascade, delete, keep, set_null,
};

fn presets() -> Vec<PolicyBuilder> {
    vec![
        presets::clinic(Language::English),
        presets::keep_consent_proof(presets::clinic(Language::Spanish)),
        presets::notifications(),
        presets::vpn(),
        presets::unions(),
    ]
}

#[test]
fn every_kind_of_every_preset_can_be_left_out() {
    for preset in presets() {
        let policy = preset.clone().build().unwrap();
        let others = policy.map().kinds().filter(|kind| kind.name != *policy.subject());
        for kind in others {
            let smaller =
                preset.clone().without(&kind.name).build().unwrap_or_else(|faults| panic!("{faults}"));
            let document = serde_json::to_string(&smaller).unwrap();
            assert!(!document.contains(&format!("\"{}", kind.name)), "{} in {document}", kind.name);
            assert_eq!(smaller.map().kinds().count(), policy.map().kinds().count() - 1);
        }
    }
}

#[test]
fn a_preset_without_all_other_kinds_covers_only_the_subject() {
    for preset in presets() {
        let policy = preset.clone().build().unwrap();
        let others = policy.map().kinds().map(|kind| &kind.name).filter(|name| *name != policy.subject());
        let alone = others.fold(preset, PolicyBuilder::without).build().unwrap();
        assert_eq!(alone.map().kinds().count(), 1);
        assert_eq!(alone.map().references().count(), 0);
    }
}

fn chain() -> PolicyBuilder {
    DeletionPolicy::of("clients")
        .reference("bookings.client_id", "clients")
        .reference("items.booking_id", "bookings")
        .reference("notes.item_id", "items")
        .reference("notes.client_id", "clients")
        .reference_with("clients.officer_id", "officers", |reference| reference.nullable())
        .hard_delete(|mode| {
            mode.allow("ADMIN")
                .guard(Guard::block("a", "notes").via([
                    "bookings.client_id",
                    "items.booking_id",
                    "notes.item_id",
                ]))
                .guard(Guard::block("b", "notes").via(["notes.client_id"]))
                .rule("bookings.client_id", cascade())
                .rule("items.booking_id", cascade())
                .rule("notes.item_id", cascade())
                .rule("notes.client_id", delete())
                .rule("clients.officer_id", keep())
                .effect(EffectRule::topic("t").on("items"))
                .effect(EffectRule::topic("u").on("notes"))
        })
}

#[test]
fn kinds_that_depend_only_on_a_removed_kind_are_removed_too() {
    let policy = chain().without("bookings").build().unwrap();
    let kinds: Vec<_> = policy.map().kinds().map(|kind| kind.name.as_str()).collect();
    assert_eq!(kinds, ["clients", "notes", "officers"]);
    let mode = policy.mode(Mode::HardDelete).unwrap();
    assert_eq!(mode.guards.iter().map(|guard| &*guard.name).collect::<Vec<_>>(), ["b"]);
    assert_eq!(mode.effects.iter().map(|effect| &*effect.topic).collect::<Vec<_>>(), ["u"]);
    let policy = chain().without("officers").build().unwrap();
    assert!(policy.map().references().all(|reference| reference.name != "clients.officer_id"));
}

#[test]
fn the_parents_of_a_removed_kind_stay() {
    let policy = DeletionPolicy::of("clients")
        .reference("bookings.client_id", "clients")
        .reference("items.booking_id", "bookings")
        .hard_delete(|mode| mode.allow("ADMIN").others(cascade()))
        .without("items")
        .build()
        .unwrap();
    assert_eq!(
        policy.map().kinds().map(|kind| kind.name.as_str()).collect::<Vec<_>>(),
        ["bookings", "clients"]
    );
}

#[test]
fn a_removed_field_is_removed_from_the_whole_declaration_of_its_kind() {
    let full = |kind: KindBuilder| {
        kind.field("note", FieldType::Text)
            .field("plan", FieldType::Text)
            .personal("note", Mask::Null)
            .status("state")
            .deleted_at("gone_at")
            .created_at("born_at")
            .updated_at("changed_at")
            .version("version")
    };
    let kind = |left_out: &'static str| {
        let policy = DeletionPolicy::of("clients")
            .kind("clients", |kind| full(kind).without(left_out))
            .hard_delete(|mode| mode.allow("ADMIN"))
            .build()
            .unwrap_or_else(|faults| panic!("{left_out}: {faults}"));
        serde_json::to_value(&policy).unwrap()["kinds"]["clients"].clone()
    };
    let whole = kind("nothing of this name");
    for field in ["note", "plan", "state", "gone_at", "born_at", "changed_at", "version"] {
        let without = kind(field);
        assert_ne!(without, whole, "the kind declared {field}");
        assert!(
            !without.to_string().contains(&format!("\"{field}\":"))
                && !without.to_string().contains(&format!(":\"{field}\"")),
            "{field} in {without}"
        );
        for (key, said) in whole.as_object().unwrap() {
            if said != field && !matches!(&**key, "fields" | "personal") {
                assert_eq!(&without[key], said, "`{key}` without {field}");
            }
        }
    }
}

#[test]
fn a_mode_that_is_already_offered_can_be_extended() {
    let policy = presets::vpn()
        .hard_delete(|mode| {
            mode.allow("MASTER")
                .without_guard("pending_transactions")
                .without_effect("devices.revoke")
                .overrule("subscriptions.customer_id", delete())
                .guard(Guard::note("big", "logs"))
        })
        .build()
        .unwrap();
    let original = presets::vpn().build().unwrap();
    assert_eq!(policy.mode(Mode::SoftDelete), original.mode(Mode::SoftDelete));
    let (mode, before) = (policy.mode(Mode::HardDelete).unwrap(), original.mode(Mode::HardDelete).unwrap());
    assert_eq!(mode.reason, before.reason);
    assert_eq!(
        mode.guards.iter().map(|guard| &*guard.name).collect::<Vec<_>>(),
        ["active_subscription", "big"]
    );
    assert_eq!(mode.effects.len(), before.effects.len() - 1);
    assert_eq!(mode.rules.named.len(), before.rules.named.len());
    assert_ne!(mode.allow, before.allow);
}

#[test]
fn an_added_table_needs_a_rule_in_every_mode_with_named_rules() {
    let policy = presets::notifications()
        .reference_with("logins.user_id", "users", |reference| reference.nullable())
        .kind("logins", |kind| kind.field("at", FieldType::Timestamp))
        .hard_delete(|mode| mode.rule("logins.user_id", set_null()))
        .soft_delete(|mode| mode.rule("logins.user_id", keep()))
        .build();
    assert!(policy.is_ok());
}

#[test]
fn unknown_parts_cannot_be_left_out() {
    let faults = presets::unions()
        .without("clubs")
        .without("unions")
        .without_mode(Mode::Anonymize)
        .soft_delete(|mode| {
            mode.without_guard("active_lones")
                .effect(EffectRule::topic("union.gone"))
                .without_effect("union.deleted")
                .overrule("clubs.union_id", keep())
                .guard(Guard::note("x", "members").when(eq("y", 1)))
        })
        .build()
        .unwrap_err();
    let paths: Vec<_> = faults.iter().map(|fault| &*fault.path).collect();
    assert_eq!(
        paths,
        [
            "kinds.clubs",
            "kinds.unions",
            "modes.anonymize",
            "modes.soft_delete.effects",
            "modes.soft_delete.guards",
            "modes.soft_delete.rules.clubs.union_id",
            "modes.soft_delete.rules.clubs.union_id",
        ]
    );
}
