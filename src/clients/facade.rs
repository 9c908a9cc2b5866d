//! The use cases of clients, for lifecycles whose policy is about clients.

use std::fmt;

use super::client::field_of;
use super::{Client, ClientRules};
use crate::domain::{Fault, FaultCode, Faults, FieldName, FieldType, Kind, StatusField};
use crate::lifecycle::{Error, Lifecycle};
use crate::store::{Reader, Store};

/// The clients of a lifecycle, with methods to create, find, list and update them. Made by [`Lifecycle::clients`].
///
/// Reading is neither authorised nor recorded; the host decides who may see clients.
pub struct Clients<'l, S> {
    pub(super) lifecycle: &'l Lifecycle<S>,
    pub(super) kind: &'l Kind,
    pub(super) status: &'l StatusField,
    pub(super) rules: ClientRules,
}

impl<S: Store + Reader> Lifecycle<S> {
    /// Returns the use cases of clients, if the policy is about clients. The policy's subject must have a status, and
    /// the declared types of its fields must be able to hold the values of a [`Client`].
    ///
    /// This checks only the policy, so it is cheap enough to call for every request.
    ///
    /// ```
    /// use client_lifecycle::clients::presets;
    /// use client_lifecycle::{Lifecycle, MemoryStore};
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let policy = presets::unions().build()?;
    /// let store = policy.map().kinds().fold(MemoryStore::new(), |store, kind| store.with(&kind.name, []));
    /// let lifecycle = Lifecycle::open(store, policy).await?;
    /// let error = lifecycle.clients().unwrap_err();
    /// assert!(error.to_string().contains("kinds.unions.status"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::SchemaMismatch`] with everything that the subject lacks.
    pub fn clients(&self) -> Result<Clients<'_, S>, Error> {
        let name = self.policy().subject();
        let kind = self.policy().map().kind(name);
        let mut faults = Faults::none();
        if let Some(kind) = kind {
            faults.extend(misfits(kind));
        }
        let Some((kind, status)) = kind.and_then(|kind| Some((kind, kind.status.as_ref()?))) else {
            let fault = Fault::new(
                FaultCode::MissingStatus,
                format!("kinds.{name}.status"),
                "clients need a status, but none is declared",
            );
            faults.push(fault.remedy("declare the field that holds the status"));
            return Err(Error::SchemaMismatch(faults));
        };
        faults.or(()).map_err(Error::SchemaMismatch)?;
        Ok(Clients { lifecycle: self, kind, status, rules: ClientRules::default() })
    }
}

impl<S> Clients<'_, S> {
    /// Sets the rules for the values of clients.
    #[must_use]
    pub fn with_rules(mut self, rules: ClientRules) -> Self {
        self.rules = rules;
        self
    }
}

/// Shows only the kind, so that the store need not implement `Debug`.
impl<S> fmt::Debug for Clients<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("kind", &self.kind.name).finish_non_exhaustive()
    }
}

/// Reports the fields whose declared type cannot hold a client's values.
fn misfits(kind: &Kind) -> impl Iterator<Item = Fault> {
    Client::FIELDS.into_iter().filter(|field| *field != "status").filter_map(|field| {
        let held = if field == "user_id" { kind.id.only()?.clone() } else { field_of(kind, field) };
        let declared = kind.declared_type(&held)?;
        let fits = match field {
            "user_id" => matches!(declared, FieldType::Text | FieldType::Uuid),
            "birth_date" | "created_at" | "updated_at" => !matches!(
                declared,
                FieldType::Boolean | FieldType::Uuid | FieldType::Decimal | FieldType::Json
            ),
            _ => matches!(declared, FieldType::Text | FieldType::Integer),
        };
        (!fits).then(|| misfit(kind, &held, field, declared))
    })
}

fn misfit(kind: &Kind, held: &FieldName, field: &str, declared: FieldType) -> Fault {
    let message = format!("a client's `{field}` cannot be stored as {declared}");
    Fault::new(FaultCode::FieldType, format!("kinds.{}.fields.{held}", kind.name), message)
        .remedy("declare another type")
}
