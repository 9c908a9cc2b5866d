//! Deciding: from a request to the questions, and from the answers to a plan.

mod answers;
mod bind;
mod create;
mod inquiry;
mod obstacles;
mod outcome;
mod refuse;
mod retained;
mod writes;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{DeletionPolicy, Refusal};
use crate::domain::{DataMap, FieldName, RecordId, Request, to_milliseconds};
use crate::plan::Plan;
use crate::protocol::{Digest, Survey, SurveyQuery};

use answers::Answers;
use inquiry::Inquiry;

impl DeletionPolicy {
    /// What has to be known to decide about a request that is judged at `now`.
    ///
    /// # Errors
    /// [`Refusal`] where the request can be refused without looking at any data.
    pub fn query(&self, request: &Request, now: DateTime<Utc>) -> Result<SurveyQuery, Refusal> {
        Ok(Inquiry::new(self, request, to_milliseconds(now))?.query)
    }

    /// How many questions every such request asks; those after them are the request's own.
    pub(crate) fn shared_questions(&self, request: &Request) -> usize {
        refuse::offered(self, request).map_or(0, |(_, compiled)| compiled.questions.len())
    }

    /// The plan for a request, from what a store answered to its [`query`](Self::query).
    ///
    /// Pure: the same request, answers and `now` give the same plan.
    ///
    /// # Errors
    /// [`Refusal`] where there is no such subject or the actor may not ask.
    pub fn plan(&self, request: &Request, survey: &Survey, now: DateTime<Utc>) -> Result<Plan, Refusal> {
        let inquiry = Inquiry::new(self, request, to_milliseconds(now))?;
        if survey.answers.len() != inquiry.query.questions.len() {
            // An answer that is missing must not pass for "nothing stands in the way".
            return Err(Refusal::invalid(
                "the survey does not answer every question",
                "give the survey that answers this request's query",
            ));
        }
        let answers = Answers(&survey.answers);
        found(request, survey)?;
        inquiry.check_scope(request, &answers)?;
        let (steps, changes) = writes::steps(&inquiry, request, &answers);
        let obstacles = obstacles::obstacles(&inquiry, request, &answers, &steps);
        let (exact, decision) = bind::preconditions(&inquiry, request, &answers);
        let mut plan = Plan {
            digest: Digest::none(),
            kind: request.kind.clone(),
            subjects: survey.subjects.clone(),
            mode: request.mode,
            policy_version: self.version.clone(),
            at: inquiry.query.now,
            outcome: outcome::of(request.mode, &steps),
            steps,
            blockers: obstacles.blockers,
            warnings: obstacles.warnings,
            notes: obstacles.notes,
            effects: outcome::effects(&inquiry, &answers),
            execution: crate::plan::Execution {
                locks: inquiry.locks(),
                exact,
                decision,
                event_drafts: inquiry.mode.events.clone(),
                steps: changes,
                snapshot: snapshot(&self.map, request),
                survey: survey.clone(),
                query: inquiry.query,
            },
        };
        plan.digest = plan.digest_of();
        Ok(plan)
    }
}

/// What is recorded of subjects that go or are marked: everything declared that is not personal.
fn snapshot(map: &DataMap, request: &Request) -> Vec<FieldName> {
    let kind = map.kind(&request.kind).filter(|_| request.mode.deletes());
    let fields = kind.into_iter().flat_map(|kind| {
        map.fields_of(kind).filter(|field| **field != kind.id && !kind.personal.contains_key(*field))
    });
    fields.cloned().collect()
}

/// All subjects are there and nothing else is, or the ones that are not are named.
///
/// A store that finds a row by another id (a column that ignores case) has not found what was asked for: the
/// receipt would name a record that nobody named.
fn found(request: &Request, survey: &Survey) -> Result<(), Refusal> {
    // A store answers with ids as it holds them, so only their text can be compared.
    let there: BTreeSet<String> = survey.subjects.iter().map(RecordId::spelt).collect();
    let missing = request.subjects.iter().filter(|id| !there.contains(&id.spelt()));
    let ids: Vec<RecordId> = missing.cloned().collect();
    if !ids.is_empty() {
        return Err(Refusal::NotFound { kind: request.kind.clone(), ids });
    }
    if survey.subjects.len() != request.subjects.len() {
        return Err(Refusal::invalid("a record is named twice", "name every record once"));
    }
    Ok(())
}
