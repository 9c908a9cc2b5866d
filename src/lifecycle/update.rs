//! Updating clients, their status too.

use chrono::{DateTime, Utc};

use super::record::is_receipt_of;
use super::stored::{held, status_of};
use super::unique::{claim, claim_or_conflict};
use super::write::conflict_in_words;
use super::{Error, Lifecycle, audit};
use crate::domain::{
    Client, ClientPatch, FieldName, Mode, OperationId, RecordId, Request, Status, StatusField, Value, eq,
};
use crate::plan::{Binding, ExecutablePlan, Plan};
use crate::policy::Refusal;
use crate::protocol::{
    Branch, ChangeSet, ChangeStep, Expected, NewValue, RankCase, Receipt, Rows, SetId, Source, Write,
};
use crate::store::{Reader, Store, StoreError};

/// The subjects of a request are the first set of its query.
const SUBJECTS: Rows = Rows::all(SetId(0));

impl<S: Store + Reader> Lifecycle<S> {
    /// Writes the fields of a patch, and records the attempt. Answers with the client as it is then.
    ///
    /// The request is one of mode `update`. A patch that changes the status is planned as `deactivate` or
    /// `reactivate`, with the guards, warnings, access and rules of that mode, and recorded as such; everything
    /// is applied in one change set, or nothing. Who may update the other fields is said by the mode `update`.
    /// Fields that the patch does not name stay as they are, also where somebody else changes them at the same
    /// time.
    ///
    /// ```
    /// # use client_lifecycle::domain::{Client, Record};
    /// use client_lifecycle::domain::{Actor, ClientPatch, NewClient, Request, Status};
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
    /// let client = lifecycle.create(&Request::create("clients").by(ana.clone()), new).await?;
    ///
    /// let request = Request::update("clients", client.user_id()).by(ana);
    /// let patch = ClientPatch::new().with_city("Madrid").with_status(Status::Off);
    /// let client = lifecycle.update(&request, &patch).await?;
    /// assert_eq!((client.city(), client.status()), ("Madrid", Status::Off));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] lists everything that is wrong with the patch; [`Error::NotUnique`] where another user has
    /// the e-mail address; [`Error::Blocked`] where the new status is; every other [`Error`]. Each has been
    /// recorded as an attempt.
    pub async fn update(&self, request: &Request, patch: &ClientPatch) -> Result<Client, Error> {
        self.edit(request, Mode::Update, patch).await
    }

    /// Sets a client OFF, and records the attempt. For a client that is OFF already nothing else happens.
    ///
    /// The request is one of mode `deactivate`.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn deactivate(&self, request: &Request) -> Result<Client, Error> {
        self.edit(request, Mode::Deactivate, &ClientPatch::new().with_status(Status::Off)).await
    }

    /// Sets a client ON, and records the attempt. For a client that is ON already nothing else happens.
    ///
    /// The request is one of mode `reactivate`.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn reactivate(&self, request: &Request) -> Result<Client, Error> {
        self.edit(request, Mode::Reactivate, &ClientPatch::new().with_status(Status::On)).await
    }

    async fn edit(&self, request: &Request, mode: Mode, patch: &ClientPatch) -> Result<Client, Error> {
        let operation = self.operation(request);
        let mut attempts = self.attempts(operation);
        // What is done depends on the status that is found, and is recorded as what it is.
        let mut asked = request.clone();
        let mut expected = None;
        let done = loop {
            let attempt = async {
                if request.mode != mode {
                    let wanted = format!("a request of mode {mode}");
                    return Err(Refusal::wrong_mode(request.mode, &wanted).into());
                }
                let edit = self.planned_edit(request, patch, self.now(), &mut asked.mode).await?;
                expected = Some(edit.after.clone());
                self.carry_out_edit(&asked, edit, patch, operation).await
            };
            match attempt.await {
                Err(error) if attempts.again(&self.store, error.is_retryable(), error.is_stale()).await => {}
                done => break done,
            }
        };
        // When the operation was applied first the status may have been another one than now.
        let switch = patch.status().and_then(|status| {
            let before = if status == Status::On { Status::Off } else { Status::On };
            before.change_to(status)
        });
        let is_answer = |receipt: &Receipt| {
            let same = receipt.mode == asked.mode || receipt.mode == mode || Some(receipt.mode) == switch;
            same && is_receipt_of(receipt, &Request { mode: receipt.mode, ..asked.clone() })
        };
        let receipt = self.record_outcome(&asked, operation, done, is_answer).await?;
        let id = receipt.subjects.first().cloned().unwrap_or_else(|| RecordId::from(""));
        match (self.find(id).await, expected) {
            // It was written; somebody else has deleted the client since, or it cannot be read just now.
            (Err(_), Some(client)) => Ok(client),
            (found, _) => found,
        }
    }

    /// What an update comes to; `tried` is the mode that it is planned as, also where that fails.
    async fn planned_edit(
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
                _ => Refusal::invalid("one client is updated at a time", "name one id"),
            }
            .into());
        };
        let before = match self.find(id.clone()).await {
            // Who may not ask is told so, and not whether the client is there.
            Err(
                error @ (Error::Refused(Refusal::NotFound { .. }) | Error::Store(StoreError::WrongId { .. })),
            ) => {
                self.plan_at(request, now).await?;
                return Err(error);
            }
            before => before?,
        };
        let after = before.patched(patch, now, &self.rules)?;
        let switch = before.status().change_to(after.status());
        let brings_more = !patch.clone().without_status().is_empty();
        let own = match switch {
            // The status alone is no business of who may update the other fields.
            Some(_) if !brings_more || request.mode != Mode::Update => None,
            _ => Some(self.plan_at(request, now).await?),
        };
        let nothing = own.is_some() && switch.is_none() && request.mode != Mode::Update;
        let Some(mode) = switch else {
            let plan = own.ok_or(Error::PlanMismatch)?;
            return Ok(Edit { plan, also: None, after, switches_from: None, nothing });
        };
        let also = own.map(Plan::into_executable).transpose()?.map(ExecutablePlan::into_plan);
        *tried = mode;
        let switching = Request { mode, ..request.clone() };
        let plan = self.plan_at(&switching, now).await?;
        Ok(Edit { plan, also, after, switches_from: Some(before.status()), nothing })
    }

    async fn carry_out_edit(
        &self,
        request: &Request,
        edit: Edit,
        patch: &ClientPatch,
        operation: OperationId,
    ) -> Result<Receipt, Error> {
        let Edit { plan, also, after: _, switches_from, nothing } = edit;
        let at = plan.at;
        if nothing {
            let changes = audit::nothing_to_do(request, self.policy.map(), operation, at, &plan);
            return Ok(self.write(&changes).await?);
        }
        let mut entry = audit::done(request, &plan, operation);
        let values = self.values(patch, at);
        audit::note_fields(&mut entry, values.iter().map(|(field, _)| field));
        let (mut changes, mut names) =
            plan.into_executable()?.seal(operation, entry, Binding::Decision, self.mask_key.as_ref());
        if let Some(status) = switches_from {
            names.push(format!("`{}` that are {status}", request.kind));
            expect_status(&mut changes, status, status_of(&self.kind()));
        }
        if let Some(also) = also {
            // Those who are told of updates are told of the subject, which is the same set in both queries.
            changes.event_drafts.extend(also.execution.event_drafts);
        }
        bring(&mut changes, values)?;
        let email = patch.email().map(|email| {
            names.push("others with this e-mail address".into());
            claim(&mut changes, email, Some(SUBJECTS))
        });
        self.write(&changes).await.map_err(|error| match email {
            Some(email) => claim_or_conflict(error, &changes, &names, email),
            None => conflict_in_words(error, &changes, &names),
        })
    }

    /// What a patch writes, the status left out: that is a step of the plan.
    fn values(&self, patch: &ClientPatch, now: DateTime<Utc>) -> Vec<(FieldName, NewValue)> {
        let values = patch.values().into_iter().map(|(field, value)| (field, NewValue::Value(value)));
        let kind = self.policy.map().kind(self.policy.subject());
        // Declared or not, a client says when it was updated.
        let touched = kind.is_none_or(|kind| kind.updated_at.is_none());
        let updated = (FieldName::from("updated_at"), NewValue::Value(Value::Timestamp(now)));
        values.chain(touched.then_some(updated)).collect()
    }
}

/// What an update comes to.
struct Edit {
    plan: Plan,
    /// The plan of the update itself, where the other one is that of a new status.
    also: Option<Plan>,
    /// The client afterwards.
    after: Client,
    /// The status that was found, where it changes.
    switches_from: Option<Status>,
    /// Whether the client already is what was asked for.
    nothing: bool,
}

/// Adds that the subject still has the status that was found: of two who change it one does, and the other finds
/// nothing to do.
fn expect_status(changes: &mut ChangeSet, status: Status, field: StatusField) {
    let when = Some(eq(field.field.clone(), held(status, field)));
    let branch = Branch::new(Source::Members(SUBJECTS), vec![RankCase { when, ..RankCase::always(0) }]);
    changes.require("subjects whose status is as it was found", branch, Expected::Exactly(1));
}

/// Adds values to what is written to the subject: the step that the receipt shows with an empty path. The rows
/// of its kind may be in another set than that of the subjects.
fn bring(changes: &mut ChangeSet, values: Vec<(FieldName, NewValue)>) -> Result<(), Error> {
    let (kind, shown) = (&changes.query.kind, &changes.receipt.steps);
    let is_own = |step: &&mut ChangeStep| {
        let shown = step.receipt_step.and_then(|at| shown.get(at));
        shown.is_some_and(|shown| shown.path.is_empty() && shown.kind == *kind)
    };
    match changes.steps.iter_mut().find(is_own).map(|step| &mut step.write) {
        Some(Write::Update(written)) => written.extend(values),
        // Not even nothing is lost in silence.
        _ => return Err(StoreError::Unsupported(format!("an update that writes no `{kind}`")).into()),
    }
    Ok(())
}
