//! Updating clients, including their status.

use chrono::{DateTime, Utc};

use super::client::held;
use super::unique::{claim, claim_or_conflict};
use super::{Client, ClientPatch, Clients};
use crate::domain::{
    FieldName, Mode, OperationId, RecordId, Request, RequestHash, Status, StatusField, Value, eq,
};
use crate::lifecycle::{Error, conflict_in_words, is_receipt_of, note_fields, nothing_to_do};
use crate::plan::{Plan, Strictness};
use crate::policy::Refusal;
use crate::protocol::{
    Branch, ChangeSet, ChangeStep, Expected, NewValue, RankCase, Receipt, Rows, Source, Write,
};
use crate::store::patience::one_operation;
use crate::store::{Reader, Store, StoreError};

impl<S: Store + Reader> Clients<'_, S> {
    /// Writes the fields of a patch, and records the attempt. Returns the updated client.
    ///
    /// The request must have the mode `update`. If the patch changes the status, the request is planned and recorded
    /// as `deactivate` or `reactivate`, with the permissions, guards, warnings and rules of that mode. The
    /// permissions of the mode `update` apply to the other fields. All changes are made in one change set. Fields
    /// that the patch does not contain are not written, even if another transaction changes them at the same time.
    ///
    /// ```
    /// use client_lifecycle::clients::{ClientPatch, NewClient};
    /// use client_lifecycle::domain::Actor;
    /// use client_lifecycle::{Request, Status};
    /// use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let policy = DeletionPolicy::of("clients")
    ///     .kind("clients", |kind| kind.id("user_id").status("status").version("version"))
    ///     .create(|mode| mode.allow("ADMIN"))
    ///     .update(|mode| mode.allow("ADMIN"))
    ///     .deactivate(|mode| mode.allow("ADMIN"))
    ///     .build()?;
    /// let lifecycle = Lifecycle::open(MemoryStore::new().with("clients", []), policy).await?;
    /// let ana = Actor::new("ana", "ADMIN");
    ///
    /// let new = NewClient::from_json(&serde_json::json!({
    ///     "email": "maria@example.com", "name": "Maria", "surname": "Garcia", "phone": "+34634567890",
    ///     "birth_date": "1990-05-15", "document_type": "DNI", "document_number": "12345678A"
    /// }))?;
    /// let clients = lifecycle.clients()?;
    /// let client = clients.create(&Request::create("clients").by(ana.clone()), new).await?;
    ///
    /// let request = Request::update("clients", client.user_id()).by(ana);
    /// let patch = ClientPatch::new().with_city("Madrid").with_status(Status::Off);
    /// let client = clients.update(&request, &patch).await?;
    /// assert_eq!((client.city(), client.status()), ("Madrid", Status::Off));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] with all problems of the patch; [`Error::NotUnique`] if another record has the e-mail
    /// address; [`Error::Blocked`] if the new status is blocked; and every other [`Error`]. Every failure is recorded
    /// as an attempt.
    pub async fn update(&self, request: &Request, patch: &ClientPatch) -> Result<Client, Error> {
        one_operation(self.edit(request, &[Mode::Update], patch)).await
    }

    /// Sets a client OFF or ON, and records the attempt. If the client already has that status, only the audit entry
    /// is written.
    ///
    /// The request must have the mode `deactivate` or `reactivate`.
    ///
    /// # Errors
    /// The errors of [`update`](Self::update).
    pub async fn set_status(&self, request: &Request) -> Result<Client, Error> {
        let status = if request.mode == Mode::Reactivate { Status::On } else { Status::Off };
        let patch = ClientPatch::new().with_status(status);
        one_operation(self.edit(request, &[Mode::Deactivate, Mode::Reactivate], &patch)).await
    }

    async fn edit(&self, request: &Request, modes: &[Mode], patch: &ClientPatch) -> Result<Client, Error> {
        let operation = self.lifecycle.operation(request);
        // The hash covers the call, whatever the status of the client makes of it.
        let hash = self.lifecycle.request_hash(request, operation, patch);
        let mut made = 0;
        // The current status decides in which mode the attempt is planned and recorded.
        let mut asked = request.clone();
        let mut expected = None;
        let done = loop {
            let attempt = async {
                if !modes.contains(&request.mode) {
                    let modes: Vec<_> = modes.iter().map(ToString::to_string).collect();
                    let wanted = format!("a request of mode {}", modes.join(" or "));
                    return Err(Refusal::wrong_mode(request.mode, &wanted).into());
                }
                let now = self.lifecycle.now();
                let edit = self.plan_edit(request, patch, now, &mut asked.mode).await?;
                expected = Some(edit.after.clone());
                self.write_edit(&asked, edit, patch, operation, &hash).await
            };
            match attempt.await {
                Err(error) if self.lifecycle.again(operation, &mut made, &error, true).await => {}
                done => break done,
            }
        };
        // If an earlier version of the library applied the operation, the receipt has no hash. The status may have been
        // different then.
        let switch = patch.status().and_then(|status| {
            let before = if status == Status::On { Status::Off } else { Status::On };
            before.change_to(status)
        });
        let is_answer = |receipt: &Receipt| {
            let same =
                receipt.mode == asked.mode || receipt.mode == request.mode || Some(receipt.mode) == switch;
            let asked = Request { mode: receipt.mode, ..asked.clone() };
            (same || receipt.request.is_some()) && is_receipt_of(receipt, &asked, &hash)
        };
        let receipt = self.lifecycle.record_outcome(&asked, operation, done, is_answer).await?;
        let id = receipt.subjects.first().cloned().unwrap_or_else(|| RecordId::from(""));
        match (self.find(id).await, expected) {
            // The update was written. The client has been deleted since, or cannot be read at the moment.
            (Err(_), Some(client)) => Ok(client),
            (found, _) => found,
        }
    }

    /// Plans an update. Sets `tried` to the mode in which it is planned, even if planning fails.
    async fn plan_edit(
        &self,
        request: &Request,
        patch: &ClientPatch,
        now: DateTime<Utc>,
        tried: &mut Mode,
    ) -> Result<Edit, Error> {
        *tried = request.mode;
        patch.validate(&self.rules)?;
        let [id] = &*request.subjects else {
            return Err(match &*request.subjects {
                [] => Refusal::MissingId,
                _ => Refusal::invalid("clients are updated one at a time", "pass one id"),
            }
            .into());
        };
        let before = match self.find(id.clone()).await {
            // An actor without permission must not learn whether the client exists.
            Err(
                error @ (Error::Refused(Refusal::NotFound { .. }) | Error::Store(StoreError::WrongId { .. })),
            ) => {
                self.lifecycle.plan_at(request, now).await?;
                return Err(error);
            }
            before => before?,
        };
        let after = before.patched(patch, now, &self.rules)?;
        let switch = before.status().change_to(after.status());
        let brings_more = !patch.clone().without_status().is_empty();
        let update = match switch {
            // If only the status changes, no permission to update other fields is needed.
            Some(_) if !brings_more || request.mode != Mode::Update => None,
            _ => Some(self.lifecycle.plan_at(request, now).await?),
        };
        let nothing = update.is_some() && switch.is_none() && request.mode != Mode::Update;
        let Some(mode) = switch else {
            let plan = update.ok_or(Error::PlanMismatch)?;
            return Ok(Edit { plan, update: None, after, switches_from: None, nothing });
        };
        let update = update.map(Plan::into_executable).transpose().map_err(Error::Blocked)?;
        *tried = mode;
        let switching = Request { mode, ..request.clone() };
        let plan = self.lifecycle.plan_at(&switching, now).await?;
        Ok(Edit { plan, update, after, switches_from: Some(before.status()), nothing })
    }

    async fn write_edit(
        &self,
        request: &Request,
        edit: Edit,
        patch: &ClientPatch,
        operation: OperationId,
        hash: &RequestHash,
    ) -> Result<Receipt, Error> {
        let Edit { plan, update, after: _, switches_from, nothing } = edit;
        let at = plan.at;
        if nothing {
            let changes = nothing_to_do(request, self.lifecycle.policy().map(), operation, at, &plan);
            return Ok(self.lifecycle.write(&changes).await?);
        }
        let (mut changes, mut names) =
            self.lifecycle.change_set(request, plan, operation, Strictness::DecisionOnly, hash.clone())?;
        let values = self.values(patch, at);
        note_fields(&mut changes.audit, values.iter().map(|(field, _)| field));
        if let Some(status) = switches_from {
            names.push(format!("`{}` that are {status}", request.kind));
            expect_status(&mut changes, status, self.status);
        }
        if let Some(update) = update {
            // The events of an update are about the subject, whose set is the same in both queries.
            changes.event_drafts.extend(update.execution.event_drafts);
        }
        add_values(&mut changes, values)?;
        let email = patch.email().map(|email| {
            names.push("other records with this e-mail address".into());
            claim(&mut changes, email, Some(Rows::SUBJECTS))
        });
        self.lifecycle.write(&changes).await.map_err(|error| match email {
            Some(email) => claim_or_conflict(error, &changes, &names, email),
            None => conflict_in_words(error, &changes, &names),
        })
    }

    /// Returns the values of a patch to write. The status is left out, because the plan writes it.
    fn values(&self, patch: &ClientPatch, now: DateTime<Utc>) -> Vec<(FieldName, NewValue)> {
        let values = patch.values().into_iter().map(|(field, value)| (field, NewValue::Value(value)));
        // If the kind declares `updated_at`, the plan writes it.
        let touched = self.kind.updated_at.is_none();
        let updated = (FieldName::from("updated_at"), NewValue::Value(Value::Timestamp(now)));
        values.chain(touched.then_some(updated)).collect()
    }
}

/// A planned update.
struct Edit {
    plan: Plan,
    /// The plan of the mode `update`, if `plan` is the plan of a status change.
    update: Option<Plan>,
    /// The client after the update.
    after: Client,
    /// The status before the update, if the update changes it.
    switches_from: Option<Status>,
    /// Whether nothing has to be written, because the client already has the requested status.
    nothing: bool,
}

/// Adds the precondition that the subject still has the status that was read. Of two concurrent changes of the
/// status, one is applied, and the other is planned again and finds nothing to do.
fn expect_status(changes: &mut ChangeSet, status: Status, field: &StatusField) {
    let when = Some(eq(field.field.clone(), held(status, field)));
    let branch = Branch::new(Source::Members(Rows::SUBJECTS), vec![RankCase { when, ..RankCase::always(0) }]);
    changes.require("subjects whose status is unchanged", branch, Expected::Exactly(1));
}

/// Adds values to the step that updates the subject, which is the step with an empty path in the receipt. The set of
/// this step may differ from the set of the subjects.
fn add_values(changes: &mut ChangeSet, values: Vec<(FieldName, NewValue)>) -> Result<(), Error> {
    let (kind, shown) = (&changes.query.kind, &changes.receipt.steps);
    let is_own = |step: &&mut ChangeStep| {
        let shown = step.receipt_step.and_then(|at| shown.get(at));
        shown.is_some_and(|shown| shown.path.is_empty() && shown.kind == *kind)
    };
    match changes.steps.iter_mut().find(is_own).map(|step| &mut step.write) {
        Some(Write::Update(written)) => written.extend(values),
        // If there is no such step, fail. Values must never be dropped silently.
        _ => return Err(StoreError::Unsupported(format!("an update that does not write `{kind}`")).into()),
    }
    Ok(())
}
