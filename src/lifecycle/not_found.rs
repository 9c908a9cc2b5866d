//! Why a record was not found: recorded in the audit log, but not revealed to the caller.

use std::sync::Arc;

use super::{Error, Lifecycle};
use crate::domain::{Condition, not_null};
use crate::policy::Refusal;
use crate::protocol::{Branch, NamedSet, Question, RankCase, Rows, SetId, Source, Stratum, SurveyQuery};
use crate::store::Store;

impl<S: Store> Lifecycle<S> {
    /// Returns the reason that is hidden from the caller: the record exists, but is deleted or excluded by the
    /// policy's filter. `None` if it does not exist or the store cannot be read.
    pub(super) async fn why_not_found(&self, error: &Error) -> Option<String> {
        let Error::Refused(Refusal::NotFound { kind: name, ids }) = error else {
            return None;
        };
        let kind = self.policy.map().kind(name)?;
        let set = |id, what: &str, source, case| {
            let branch = Branch::new(source, vec![case, RankCase::always(1)]);
            Stratum::Set(NamedSet {
                id: SetId(id),
                name: what.into(),
                kind: name.clone(),
                branches: vec![branch],
            })
        };
        let there = Rows::SUBJECTS;
        let marked = |when: Condition| RankCase { when: Some(when), ..RankCase::always(0) };
        let mut sets =
            vec![set(0, "the subjects, without the filter", Source::Subjects, RankCase::always(1))];
        let mut reasons = Vec::new();
        if let Some(deleted_at) = &kind.deleted_at {
            sets.push(set(1, "deleted", Source::Members(there), marked(not_null(deleted_at))));
            reasons.push((Rows::ranked(SetId(1), 0), "it is deleted".to_owned()));
        }
        if let Some(only) = &kind.filter {
            let id = u16::try_from(sets.len()).ok()?;
            sets.push(set(
                id,
                "included by the policy's filter",
                Source::Members(there),
                marked(only.clone()),
            ));
            let why = format!("excluded by the policy's filter: {only}");
            reasons.push((Rows::ranked(SetId(id), 1), why));
        }
        let questions: Arc<[Question]> = reasons.iter().map(|(rows, _)| Question::count(*rows)).collect();
        let query = SurveyQuery {
            map: self.policy.map().clone(),
            kind: name.clone(),
            subjects: ids.clone(),
            sets: sets.into(),
            questions,
            now: self.now(),
        };
        let survey = self.store.survey(&query).await.ok()?;
        let found = reasons.into_iter().zip(&survey.answers).filter(|(_, answer)| answer.count > 0);
        let why: Vec<String> = found.map(|((_, why), _)| why).collect();
        (!why.is_empty()).then(|| why.join("; "))
    }
}
