//! Planning: what a request would do, read from the store and decided by the policy.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{Error, Lifecycle};
use crate::domain::{RecordId, Request};
use crate::plan::Plan;
use crate::policy::{Inquiry, Refusal};
use crate::store::Store;

impl<S: Store> Lifecycle<S> {
    /// Plans a request: returns what it would do. Changes and records nothing.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no plan; [`Error::Store`]. A blocked plan is a plan, not an error.
    pub async fn plan(&self, request: &Request) -> Result<Plan, Error> {
        reject_value_modes(request)?;
        self.plan_at(request, self.now()).await
    }

    pub(crate) async fn plan_at(&self, request: &Request, now: DateTime<Utc>) -> Result<Plan, Error> {
        self.require_mask_key()?;
        let inquiry = self.inquire(request, now)?;
        let survey = self.store.survey(inquiry.query()).await?;
        Ok(inquiry.plan(&survey)?)
    }

    /// Makes the inquiry for a request. Refuses a request that is invalid under the policy or in this environment.
    pub(crate) fn inquire(&self, request: &Request, now: DateTime<Utc>) -> Result<Inquiry, Refusal> {
        let inquiry = self.policy.inquire(request, now)?;
        self.environment.check(request)?;
        Ok(inquiry)
    }

    /// Decides a plan again for the request that applies it, because its actor, its acknowledgements and the time
    /// may differ from those of the request that was planned.
    ///
    /// The data is not read again: the store compares it under its locks. Only the subjects within this actor's scope
    /// are read, or everything if the request names other targets than the plan.
    pub(super) async fn replan_for(&self, request: &Request, plan: &Plan) -> Result<Plan, Error> {
        reject_value_modes(request)?;
        if !self.is_for(request, plan) {
            return Err(Error::PlanMismatch);
        }
        self.require_mask_key()?;
        let inquiry = self.inquire(request, self.now())?;
        let again = if inquiry.query().sets == plan.execution.query.sets {
            inquiry.plan(&plan.execution.survey)?
        } else {
            let scope = match inquiry.scope_query() {
                Some(query) => self.store.survey(&query).await?.answers.pop(),
                None => None,
            };
            match inquiry.survey_from(&plan.execution, scope) {
                Some(survey) => inquiry.plan(&survey)?,
                None => inquiry.plan(&self.store.survey(inquiry.query()).await?)?,
            }
        };
        if again.digest == plan.digest { Ok(again) } else { Err(Error::PlanMismatch) }
    }

    /// Returns whether the plan was made for this request: the same subjects, mode and policy.
    fn is_for(&self, request: &Request, plan: &Plan) -> bool {
        plan.kind == request.kind
            && plan.mode == request.mode
            && plan.policy_version == self.policy.version()
            && texts(&plan.execution.query.subjects, ToString::to_string)
                == texts(&request.subjects, ToString::to_string)
    }

    /// Checks that there is a key if the policy masks with one, before anything is read.
    fn require_mask_key(&self) -> Result<(), Error> {
        if self.mask_key.is_some() {
            return Ok(());
        }
        let fields = self.policy.keyed_fields();
        if fields.is_empty() {
            return Ok(());
        }
        Err(Error::NoMaskKey {
            fields: fields.iter().map(|(kind, field)| format!("{kind}.{field}")).collect(),
        })
    }
}

/// Refuses modes that need values, which a request does not hold.
fn reject_value_modes(request: &Request) -> Result<(), Refusal> {
    if request.mode.carries_values() {
        return Err(Refusal::invalid(
            format!("{} needs values, which a request does not hold", request.mode),
            "call `create` or `update` of `lifecycle.clients()`",
        ));
    }
    Ok(())
}

/// Returns ids as a set of texts. A store answers with ids as it holds them: 42 for `"42"`, and a UUID that it holds
/// as bytes however the request spells it.
pub(super) fn texts(ids: &[RecordId], text: impl Fn(&RecordId) -> String) -> BTreeSet<String> {
    ids.iter().map(text).collect()
}
