//! The clients of a clinic: `DELETE` and `PUT /api/clients/{id}`.
//!
//! | | |
//! |---|---|
//! | **subject** | `clients` with role USER; any other record is not found |
//! | **who may** | ADMIN; [`any_signed_in`] allows every actor who is signed in |
//! | **blocks** | debts with status PENDING · upcoming bookings |
//! | **warns** | sales or payments within the last 30 days |
//! | **notes** | a hard delete cannot be undone and deletes the proof of consent |
//! | `hard_delete` | consents, questionnaires, revokes and settled debts are deleted; bookings stay without client and comment; sales and payments stay for six years (Código de Comercio art. 30), without the client; sessions are deleted |
//! | `anonymize` | the same, and the client stays without personal values |
//! | `deactivate`, `reactivate` | status OFF and ON; everything else stays |
//! | `create`, `update` | offered |
//! | **events** | `sessions.revoke` with each session's token |
//!
//! ```
//! use client_lifecycle::domain::{Actor, Record, Request};
//! use client_lifecycle::clients::Language;
//! use client_lifecycle::clients::presets;
//! use client_lifecycle::{Lifecycle, MemoryStore};
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let policy = presets::clinic(Language::English).build()?;
//! # let fields = ["email", "name", "surname", "phone", "address", "city", "country", "postal_code", "gender", "birth_date",
//! #     "avatar", "document_number", "password", "created_at", "updated_at"];
//! # let client = fields.into_iter().fold(Record::new("c1").with("role", "USER"), |client, field| client.with(field, ""));
//! let store = MemoryStore::new()
//!     .with("clients", [client])
//!     .with("debts", [Record::new(1).with("client_id", "c1").with("status", "PENDING")]);
//! # let store = policy.map().kinds().fold(store, |store, kind| store.with(&kind.name, []));
//! let lifecycle = Lifecycle::open(store, policy).await?;
//! let plan = lifecycle.plan(&Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN"))).await?;
//! assert_eq!(plan.obstacles(), "the client has debts that are not settled");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::clients::Language;
use crate::domain::{FieldType, Mask, Mode, Moment, Period, Role, after, all, eq, ne, within};
use crate::policy::{
    DeletionPolicy, EffectRule, EntryBuilder, Guard, KindBuilder, ModeBuilder, OnSurvive, PolicyBuilder,
    Redirect, ReferenceBuilder, anonymize, cascade, delete, keep, retain,
};

/// The period for which a merchant in Spain must keep books and vouchers, counted from the last entry.
const BOOKS: (&str, &str) = ("P6Y", "Código de Comercio art. 30");

/// Returns the policy for the clients of a clinic, with messages in this language. See the [module](self).
pub fn clinic(language: Language) -> PolicyBuilder {
    DeletionPolicy::of("clients")
        .kind("clients", client)
        .kind("bookings", |kind| {
            kind.field("starts_at", FieldType::Timestamp).nullable("comment").personal("comment", Mask::Null)
        })
        .kind("sales", |kind| kind.field("issued_at", FieldType::Timestamp))
        .kind("payments", |kind| kind.field("paid_at", FieldType::Timestamp))
        .kind("sessions", |kind| kind.volatile().field("token", FieldType::Text))
        .reference("consents.client_id", "clients")
        .reference("questionnaires.client_id", "clients")
        .reference("revokes.client_id", "clients")
        .reference_with("bookings.client_id", "clients", ReferenceBuilder::nullable)
        .reference("debts.client_id", "clients")
        .reference_with("sales.client_id", "clients", ReferenceBuilder::nullable)
        .reference_with("payments.client_id", "clients", ReferenceBuilder::nullable)
        .reference("sessions.client_id", "clients")
        .create(|mode| mode.allow(Role::ADMIN))
        .update(|mode| mode.allow(Role::ADMIN))
        .hard_delete(|mode| {
            guarded(mode, language)
                .guard(irreversible(language))
                .guard(consent_evidence(language))
                .rule("consents.client_id", cascade())
                .rule("questionnaires.client_id", cascade())
                .rule("revokes.client_id", cascade())
                // The bookings stay for statistics, without the client.
                .rule("bookings.client_id", anonymize().on_survive(Redirect::SetNull))
                .rule("debts.client_id", cascade())
                .rule("sales.client_id", books("issued_at").on_survive(Redirect::SetNull))
                .rule("payments.client_id", books("paid_at").on_survive(Redirect::SetNull))
                .rule("sessions.client_id", delete())
        })
        .anonymize(|mode| {
            guarded(mode, language)
                .guard(consent_evidence(language))
                .rule("consents.client_id", delete())
                .rule("questionnaires.client_id", delete())
                .rule("revokes.client_id", delete())
                .rule("bookings.client_id", anonymize())
                .rule("debts.client_id", delete())
                .rule("sales.client_id", books("issued_at"))
                .rule("payments.client_id", books("paid_at"))
                .rule("sessions.client_id", delete())
        })
        .deactivate(|mode| mode.allow(Role::ADMIN).others(keep()))
        .reactivate(|mode| mode.allow(Role::ADMIN).others(keep()))
}

/// Keeps consents as minimal proof that they were given and revoked. They stay without the signed document. The
/// client then stays as a tombstone, without personal values.
///
/// The proof still justifies past processing that was based on a consent (GDPR art. 7(1)). Call this before you
/// remove tables that the host does not have.
///
/// ```
/// use client_lifecycle::clients::Language;
/// use client_lifecycle::clients::presets;
/// let policy = presets::keep_consent_proof(presets::clinic(Language::English)).build()?;
/// # let _ = policy;
/// # Ok::<(), client_lifecycle::domain::Faults>(())
/// ```
pub fn keep_consent_proof(clinic: PolicyBuilder) -> PolicyBuilder {
    let proof = |mode: ModeBuilder| {
        mode.without_guard(CONSENT_EVIDENCE)
            .overrule("consents.client_id", anonymize().on_survive(OnSurvive::Tombstone))
            .overrule("revokes.client_id", keep().on_survive(OnSurvive::Tombstone))
    };
    clinic
        .kind("consents", |kind| kind.nullable("document").personal("document", Mask::Null))
        .hard_delete(proof)
        .anonymize(proof)
}

/// Allows every actor who is signed in to use every mode, as the API documents of the clinic say. Clients who can sign
/// in could then delete each other: use it only if the host's own routes are for staff.
///
/// ```
/// use client_lifecycle::clients::Language;
/// use client_lifecycle::clients::presets;
/// let policy = presets::any_signed_in(presets::clinic(Language::English)).build()?;
/// # let _ = policy;
/// # Ok::<(), client_lifecycle::domain::Faults>(())
/// ```
pub fn any_signed_in(clinic: PolicyBuilder) -> PolicyBuilder {
    let modes =
        [Mode::Create, Mode::Update, Mode::HardDelete, Mode::Anonymize, Mode::Deactivate, Mode::Reactivate];
    modes.into_iter().fold(clinic, |clinic, mode| clinic.mode(mode, ModeBuilder::allow_authenticated))
}

/// Declares the fields of `PUT /api/clients/{id}`, and masks for the personal fields.
fn client(kind: KindBuilder) -> KindBuilder {
    let nothing = || Mask::Text(String::new());
    let anonymized = || Mask::Text("anonymized".into());
    kind.id("user_id")
        .status("status")
        .created_at("created_at")
        .updated_at("updated_at")
        .filter(eq("role", "USER"))
        .tombstone()
        .unique("email")
        .field("birth_date", FieldType::Date)
        .personal("email", Mask::PlaceholderEmail)
        .personal("name", anonymized())
        .personal("surname", anonymized())
        .personal("phone", nothing())
        .personal("address", nothing())
        .personal("city", nothing())
        .personal("country", nothing())
        .personal("postal_code", nothing())
        .personal("gender", nothing())
        .personal("birth_date", Mask::Year)
        .personal("avatar", nothing())
        .personal("document_number", nothing())
        // No password has empty text as its hash, so an anonymized client cannot sign in.
        .personal("password", nothing())
}

/// Adds the permissions, guards and events that `hard_delete` and `anonymize` share.
fn guarded(mode: ModeBuilder, language: Language) -> ModeBuilder {
    let say = |spanish, english| say(language, spanish, english);
    mode.allow(Role::ADMIN)
        .guard(
            Guard::block("outstanding_debts", "debts")
                .when(eq("status", "PENDING"))
                .message(say(
                    "el cliente tiene deudas pendientes",
                    "the client has debts that are not settled",
                ))
                .remedy(say("liquide o cancele las deudas", "settle or write off the debts")),
        )
        .guard(
            Guard::block("upcoming_bookings", "bookings")
                .when(all([ne("status", "CANCELLED"), after("starts_at", Moment::Now)]))
                .message(say(
                    "el cliente tiene citas pendientes",
                    "the client has bookings that are still to come",
                ))
                .remedy(say(
                    "cancele las citas, o espere a que pasen",
                    "cancel the bookings, or wait for them",
                )),
        )
        .guard(Guard::warn("recent_sales", "sales").when(within("issued_at", Period::days(30))).message(say(
            "el cliente ha comprado en los últimos 30 días",
            "the client bought within 30 days",
        )))
        .guard(
            Guard::warn("recent_payments", "payments").when(within("paid_at", Period::days(30))).message(
                say("el cliente ha pagado en los últimos 30 días", "the client paid within 30 days"),
            ),
        )
        .effect(EffectRule::topic("sessions.revoke").on("sessions").fields(["token"]))
}

fn irreversible(language: Language) -> Guard {
    Guard::note("irreversible", "clients")
        .message(say(language, "la eliminación no se puede deshacer", "the deletion cannot be undone"))
        .remedy(say(language, "el estado OFF conserva el historial", "status OFF keeps the history"))
}

const CONSENT_EVIDENCE: &str = "consent_evidence";

fn consent_evidence(language: Language) -> Guard {
    Guard::note(CONSENT_EVIDENCE, "consents")
        .message(say(
            language,
            "con los consentimientos desaparece la prueba de que se dieron",
            "the consents are the proof that they were given",
        ))
        .remedy(say(
            language,
            "la opción `keep_consent_proof` conserva una prueba mínima",
            "the option `keep_consent_proof` keeps a minimal proof",
        ))
}

fn books(from: &str) -> EntryBuilder {
    let (period, basis) = BOOKS;
    retain(period).from(from).basis(basis)
}

fn say(language: Language, spanish: &'static str, english: &'static str) -> &'static str {
    match language {
        Language::Spanish => spanish,
        Language::English => english,
    }
}
