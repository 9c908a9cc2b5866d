//! The clinic's decisions: who may delete a client, what blocks a deletion, and what happens to the dependent rows.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Faults, FieldType, Mask, Moment, Period, after, all, eq, within};
use client_lifecycle::policy::{
    EffectRule, Guard, KindBuilder, Redirect, anonymize, cascade, delete, keep, retain,
};

pub(crate) fn policy() -> Result<DeletionPolicy, Faults> {
    DeletionPolicy::of("clients")
        .version("2026-11")
        // The clinic's tables. `clients` also contains administrators, who are not clients.
        .kind("clients", |kind| {
            kind.id("user_id").status("status").deleted_at("deleted_at").filter(eq("role", "USER"))
        })
        .kind("bookings", |kind| {
            kind.field("starts_at", FieldType::Timestamp).nullable("comment").personal("comment", Mask::Null)
        })
        .kind("sales", |kind| kind.field("issued_at", FieldType::Timestamp))
        .kind("sessions", KindBuilder::volatile)
        // The references.
        .reference("consents.client_id", "clients")
        .reference("revokes.client_id", "clients")
        .reference("revokes.consent_id", "consents")
        .reference("questionnaires.client_id", "clients")
        .reference_with("bookings.client_id", "clients", |reference| reference.nullable())
        .reference("booking_items.booking_id", "bookings")
        .reference("debts.client_id", "clients")
        .reference_with("sales.client_id", "clients", |reference| reference.nullable())
        .reference("sessions.client_id", "clients")
        .hard_delete(|mode| {
            mode.allow("ADMIN")
                .reason_required()
                .guard(
                    Guard::block("outstanding_debts", "debts")
                        .when(eq("status", "PENDING"))
                        .message("the client has unsettled debts")
                        .remedy("settle or write off the debts"),
                )
                .guard(
                    Guard::block("upcoming_booking", "bookings")
                        .when(all([eq("status", "BOOKED"), after("starts_at", Moment::Now)]))
                        .message("the client is still expected at the clinic")
                        .remedy("cancel the booking, or wait until it has taken place"),
                )
                .guard(
                    Guard::warn("recent_purchase", "sales")
                        .when(within("issued_at", Period::days(30)))
                        .message("the client has bought something in the last 30 days"),
                )
                .rule("consents.client_id", cascade())
                .rule("revokes.client_id", cascade())
                .rule("revokes.consent_id", cascade())
                .rule("questionnaires.client_id", cascade())
                .rule("debts.client_id", cascade())
                // Bookings stay for statistics, but without the client.
                .rule(
                    "bookings.client_id",
                    cascade()
                        .when(eq("status", "CANCELLED"))
                        .otherwise(anonymize().on_survive(Redirect::SetNull)),
                )
                .rule("booking_items.booking_id", cascade())
                .rule(
                    "sales.client_id",
                    retain("P6Y")
                        .from("issued_at")
                        .basis("Código de Comercio art. 30")
                        .on_survive(Redirect::SetNull),
                )
                .rule("sessions.client_id", delete())
                .effect(EffectRule::topic("sessions.revoke").on("sessions").fields(["token"]))
                .effect(EffectRule::topic("email.account_deleted").fields(["email"]))
        })
        // For a client who may come back: the record is marked as deleted and signed out, and can be restored.
        .soft_delete(|mode| mode.allow("ADMIN").rule("sessions.client_id", delete()).others(keep()))
        .restore(|mode| mode.allow("ADMIN"))
        // The reversible alternative to a deletion: the client's status becomes OFF, and everything else stays.
        .deactivate(|mode| mode.allow("ADMIN").others(keep()))
        .reactivate(|mode| mode.allow("ADMIN").others(keep()))
        .build()
}
