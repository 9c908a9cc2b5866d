//! Stores with deliberate errors. For each, the suite must report the violated clause.

#![cfg(feature = "testing")]

use std::collections::BTreeSet;

use crate::conformance_host::{MemoryHost, SharedRecords};
use async_trait::async_trait;
use client_lifecycle::domain::{DataMap, Fault, FieldName, Kind, Record, RecordId, Reference, Value};
use client_lifecycle::protocol::{ChangeSet, NewValue, Receipt, ReceiptQuery, Survey, SurveyQuery, Write};
use client_lifecycle::store::{Batch, BatchError, ByRow, Page, Records, Store, StoreError, SystemTable};
use client_lifecycle::testing::conformance::{ConformanceCase, Host, cases, scale_cases, yield_now};
use uuid::Uuid;

/// How the store violates the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// After an error, carries out all steps except the last.
    KeepsHalfAfterAnError,
    /// Writes in two transactions.
    WritesInTwoParts,
    IgnoresPreconditions,
    /// Checks preconditions in a separate transaction.
    ChecksPreconditionsBefore,
    ReportsTheFirstDifferenceOnly,
    RunsStepsInReverse,
    /// Evaluates the sets again before each step.
    EvaluatesSetsAnew,
    TakesUnknownKindsAsEmpty,
    TakesUnknownFieldsAsNull,
    ShiftsTheCounts,
    CountsWhatWasPlanned,
    RecordsNoAudit,
    RecordsTheFirstSubjectOnly,
    TellsOthersNoValues,
    /// A refused attempt replaces the previous one.
    OverwritesRefusedAttempts,
    /// Answers each question from a different snapshot.
    ReadsInParts,
    CallsEverythingRetryable,
    TakesAWrongIdForAnUnknownName,
    ForgetsOperations,
    FindsTextsByTheirCase,
    IgnoresHolders,
    ForgetsWhatItReplaces,
    PutsNullBack,
    FindsNoReceipts,
}

struct WrongStore {
    inner: ByRow<WrongRecords>,
    wrong: Wrong,
}

impl WrongStore {
    fn of(wrong: Wrong, records: SharedRecords) -> Self {
        Self { inner: ByRow::new(WrongRecords { inner: records, wrong }), wrong }
    }

    /// Applies the steps as two change sets. Only the last has the operation id.
    async fn in_parts(&self, changes: &ChangeSet, first: usize) -> Result<Receipt, StoreError> {
        let mut part = changes.clone();
        part.operation = Uuid::new_v4().into();
        part.receipt.operation = part.operation;
        part.audit.subjects.clear();
        part.event_drafts.clear();
        part.steps.truncate(first);
        let before = self.inner.apply(&part).await?;
        yield_now().await;
        let mut rest = changes.clone();
        rest.preconditions.clear();
        rest.steps.drain(..first);
        let mut receipt = self.inner.apply(&rest).await?;
        for step in part.steps.iter().filter_map(|step| step.receipt_step) {
            receipt.steps[step].actual = before.steps[step].actual;
        }
        Ok(receipt)
    }
}

#[async_trait]
impl Store for WrongStore {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.inner.check(map).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        match self.wrong {
            Wrong::ReadsInParts => {
                let mut whole = Survey::default();
                for question in &*query.questions {
                    let one = SurveyQuery { questions: [question.clone()].into(), ..query.clone() };
                    let part = self.inner.survey(&one).await?;
                    whole.subjects = part.subjects;
                    whole.answers.extend(part.answers);
                }
                Ok(whole)
            }
            Wrong::TakesAWrongIdForAnUnknownName => {
                let result = self.inner.survey(query).await;
                result.map_err(|error| match error {
                    StoreError::WrongId { id, .. } => {
                        StoreError::Unknown { what: "id", name: id.to_string() }
                    }
                    other => other,
                })
            }
            _ => self.inner.survey(query).await,
        }
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        let mut mine = changes.clone();
        match self.wrong {
            Wrong::KeepsHalfAfterAnError => {
                let result = self.inner.apply(changes).await;
                if result.is_err() {
                    mine.steps.pop();
                    mine.preconditions.clear();
                    self.inner.apply(&mine).await.ok();
                }
                return result;
            }
            Wrong::WritesInTwoParts if changes.steps.len() > 1 => {
                return self.in_parts(changes, 1).await;
            }
            Wrong::EvaluatesSetsAnew if changes.steps.len() > 1 => {
                return self.in_parts(changes, changes.steps.len() - 1).await;
            }
            Wrong::IgnoresPreconditions => mine.preconditions.clear(),
            Wrong::ChecksPreconditionsBefore => {
                let survey = self.inner.survey(&changes.recheck()).await?;
                let found = survey.answers.iter().map(|answer| answer.count);
                let differences = changes.differences(found);
                if differences.is_empty() {
                    mine.preconditions.clear();
                }
            }
            Wrong::RunsStepsInReverse => mine.steps.reverse(),
            Wrong::RecordsNoAudit => mine.audit.subjects.clear(),
            Wrong::RecordsTheFirstSubjectOnly => mine.audit.subjects.truncate(1),
            Wrong::TellsOthersNoValues => {
                for event in &mut mine.event_drafts {
                    event.fields.retain(|field| field == "ghost_field");
                }
            }
            Wrong::ForgetsWhatItReplaces => {
                for step in &mut mine.steps {
                    if let Write::Replace(values) = &step.write {
                        step.write = Write::Update(values.clone());
                    }
                }
            }
            Wrong::PutsNullBack => {
                for step in &mut mine.steps {
                    if let Write::Update(values) = &mut step.write {
                        let former = values.iter_mut().filter(|(_, value)| *value == NewValue::Former);
                        former.for_each(|(_, value)| *value = NewValue::Value(Value::Null));
                    }
                }
            }
            _ => {}
        }
        let mut result = self.inner.apply(&mine).await;
        match (self.wrong, &mut result) {
            (Wrong::ReportsTheFirstDifferenceOnly, Err(StoreError::Conflict { differences })) => {
                differences.truncate(1);
            }
            (Wrong::ShiftsTheCounts, Ok(receipt)) => {
                let mut counts: Vec<u64> = receipt.steps.iter().map(|step| step.actual).collect();
                let by = counts.len().min(1);
                counts.rotate_left(by);
                for (step, count) in receipt.steps.iter_mut().zip(counts) {
                    step.actual = count;
                }
            }
            (Wrong::CountsWhatWasPlanned, Ok(receipt)) => {
                for step in &mut receipt.steps {
                    step.actual = step.planned;
                }
            }
            (Wrong::CallsEverythingRetryable, Err(_)) => {
                result = Err(StoreError::Contention { source: None, retryable: true });
            }
            _ => {}
        }
        result
    }

    async fn receipt(&self, query: &ReceiptQuery) -> Result<Option<Receipt>, StoreError> {
        if self.wrong == Wrong::FindsNoReceipts {
            return Ok(None);
        }
        self.inner.receipt(query).await
    }
}

struct WrongRecords {
    inner: SharedRecords,
    wrong: Wrong,
}

impl WrongRecords {
    fn hides(&self, kind: &str) -> bool {
        match self.wrong {
            Wrong::ForgetsOperations => kind == SystemTable::Operations.as_str(),
            Wrong::OverwritesRefusedAttempts => kind == SystemTable::Audit.as_str(),
            _ => false,
        }
    }
}

#[async_trait]
impl Records for WrongRecords {
    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        if self.hides(kind.name.as_str()) {
            return Ok(Vec::new());
        }
        match self.inner.get(kind, ids).await {
            Err(StoreError::Unknown { .. }) if self.wrong == Wrong::TakesUnknownKindsAsEmpty => {
                Ok(Vec::new())
            }
            result => result,
        }
    }

    async fn referrers(
        &self,
        kind: &Kind,
        reference: &Reference,
        ids: &[RecordId],
        page: Page<'_>,
    ) -> Result<Vec<Record>, StoreError> {
        self.inner.referrers(kind, reference, ids, page).await
    }

    async fn find_by_text(
        &self,
        kind: &Kind,
        field: &FieldName,
        text: &str,
    ) -> Result<Vec<Record>, StoreError> {
        let mut found = self.inner.find_by_text(kind, field, text).await?;
        if self.wrong == Wrong::FindsTextsByTheirCase {
            found.retain(|row| row.get(field).as_text() == Some(text));
        }
        Ok(found)
    }

    async fn page(&self, kind: &Kind, page: Page<'_>) -> Result<Vec<Record>, StoreError> {
        self.inner.page(kind, page).await
    }

    async fn write(&self, batch: &Batch) -> Result<(), BatchError> {
        let mut batch = batch.clone();
        let hidden = |kind: &str| self.hides(kind) || kind == "ghosts";
        batch.unchanged.retain(|condition| !hidden(condition.kind.as_str()));
        if self.wrong == Wrong::IgnoresHolders {
            batch.exact_matches.clear();
        }
        self.inner.write(&batch).await
    }

    async fn has_field(&self, kind: &Kind, field: &FieldName) -> Result<bool, StoreError> {
        if self.wrong == Wrong::TakesUnknownFieldsAsNull {
            return Ok(true);
        }
        self.inner.has_field(kind, field).await
    }

    async fn describe(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.inner.describe(map).await
    }
}

/// Returns the names of the cases that this store fails.
async fn failing(wrong: Wrong) -> BTreeSet<&'static str> {
    failing_of(cases(), move |records| WrongStore::of(wrong, records)).await
}

pub(crate) async fn failing_of<S: Store + 'static>(
    cases: Vec<ConformanceCase>,
    make: impl Fn(SharedRecords) -> S + Copy + Send + 'static,
) -> BTreeSet<&'static str> {
    let mut failing = BTreeSet::new();
    for case in cases {
        let run = tokio::spawn(async move {
            let host = MemoryHost::of(make);
            (case.run)(&host as &dyn Host).await;
        });
        if run.await.is_err() {
            failing.insert(case.name);
        }
    }
    failing
}

/// Checks that the store fails this case, and no case of clauses other than `broken`.
async fn is_found(wrong: Wrong, case: &str, broken: &[u8]) {
    let failing = failing(wrong).await;
    assert!(failing.contains(case), "not found: {failing:?}");
    for name in failing {
        let clause = name.as_bytes()[7] - b'0';
        assert!(broken.contains(&clause), "`{name}` fails for another reason");
    }
}

macro_rules! found {
    ($($test:ident: $wrong:ident by $case:ident, breaks $broken:expr;)*) => {$(
        #[tokio::test]
        async fn $test() {
            is_found(Wrong::$wrong, stringify!($case), &$broken).await;
        }
    )*};
}

found! {
    a_store_that_forgets_what_it_replaces: ForgetsWhatItReplaces
        by clause_3_replaced_values_are_put_back, breaks [3];
    a_store_that_puts_null_back: PutsNullBack
        by clause_3_replaced_values_are_put_back, breaks [3];
    a_store_that_finds_no_receipts: FindsNoReceipts
        by clause_9_receipts_are_found, breaks [9];
    a_store_that_keeps_half_after_an_error: KeepsHalfAfterAnError
        by clause_1_a_failed_precondition_changes_nothing, breaks [1, 2, 3, 4, 6, 8];
    a_store_that_writes_in_two_parts: WritesInTwoParts
        by clause_1_a_dropped_call_changes_everything_or_nothing, breaks [1, 2, 3, 4, 6, 7, 9];
    a_store_that_ignores_preconditions: IgnoresPreconditions
        by clause_2_every_difference_is_reported_with_what_was_found, breaks [1, 2, 3, 6, 8];
    a_store_that_checks_preconditions_in_a_separate_transaction: ChecksPreconditionsBefore
        by clause_2_of_two_racing_change_sets_one_wins, breaks [2];
    a_store_that_reports_the_first_difference_only: ReportsTheFirstDifferenceOnly
        by clause_2_every_difference_is_reported_with_what_was_found, breaks [2];
    a_store_that_runs_steps_in_reverse: RunsStepsInReverse
        by clause_3_steps_run_in_the_given_order, breaks [3];
    a_store_that_evaluates_sets_again_before_each_step: EvaluatesSetsAnew
        by clause_3_a_set_keeps_the_rows_it_had, breaks [1, 2, 3, 4, 5, 6, 7, 9];
    a_store_that_takes_unknown_kinds_as_empty: TakesUnknownKindsAsEmpty
        by clause_4_a_kind_the_store_does_not_have, breaks [1, 4];
    a_store_that_takes_unknown_fields_as_null: TakesUnknownFieldsAsNull
        by clause_4_a_field_in_an_update, breaks [1, 4, 8];
    a_store_that_shifts_the_counts: ShiftsTheCounts
        by clause_5_every_step_reports_its_number_of_rows, breaks [1, 5];
    a_store_that_counts_what_was_planned: CountsWhatWasPlanned
        by clause_5_every_step_reports_its_number_of_rows, breaks [1, 5];
    a_store_that_records_no_audit: RecordsNoAudit
        by clause_6_one_entry_for_each_subject, breaks [1, 6, 9];
    a_store_that_records_the_first_subject_only: RecordsTheFirstSubjectOnly
        by clause_6_one_entry_for_each_subject, breaks [6];
    a_store_whose_events_have_no_values: TellsOthersNoValues
        by clause_6_one_event_for_each_row_with_the_values_from_before, breaks [6];
    a_store_that_overwrites_refused_attempts: OverwritesRefusedAttempts
        by clause_6_refused_attempts_are_all_kept, breaks [6];
    a_store_that_checks_beforehand_what_is_left: ChecksPreconditionsBefore
        by clause_2_of_two_last_referring_rows_one_stays, breaks [2];
    a_store_that_reads_link_tables_in_parts: ReadsInParts
        by clause_7_a_reader_sees_whole_states_of_link_tables, breaks [7];
    a_store_that_reads_in_parts: ReadsInParts
        by clause_7_a_reader_beside_a_writer_sees_whole_states, breaks [7];
    a_store_whose_two_transactions_are_seen: WritesInTwoParts
        by clause_7_a_reader_beside_a_writer_sees_whole_states, breaks [1, 2, 3, 4, 6, 7, 9];
    a_store_that_calls_everything_retryable: CallsEverythingRetryable
        by clause_8_conflict_and_unknown_are_distinct, breaks [2, 3, 4, 8];
    a_store_that_takes_a_wrong_id_for_an_unknown_name: TakesAWrongIdForAnUnknownName
        by clause_8_an_id_of_another_type_is_a_wrong_id, breaks [8];
    a_store_whose_text_lookups_are_case_sensitive: FindsTextsByTheirCase
        by clause_2_a_taken_text_is_a_difference, breaks [2];
    a_store_that_ignores_who_else_holds_a_text: IgnoresHolders
        by clause_2_one_of_two_claims_to_a_text_wins, breaks [2];
    a_store_that_forgets_operations: ForgetsOperations
        by clause_9_a_repetition_returns_the_first_receipt, breaks [1, 3, 9];
}

/// The wrapper without a deliberate error must pass every case.
#[tokio::test]
async fn a_correct_store_passes() {
    assert_eq!(failing(Wrong::Nothing).await, BTreeSet::new());
}

/// `ByRow` loads the rows, so its traffic grows with their number.
#[tokio::test]
async fn a_store_that_loads_its_rows_fails_the_level_scale() {
    let failing = failing_of(scale_cases(), |records| WrongStore::of(Wrong::Nothing, records)).await;
    let expected = [
        "clause_10_a_change_set_sends_the_same_for_many_rows_as_for_few",
        "clause_10_a_cycle_sends_the_same_for_many_rows_as_for_few",
        "clause_10_other_keys_send_the_same_for_many_rows_as_for_few",
        "clause_10_a_survey_sends_the_same_for_many_rows_as_for_few",
    ];
    assert_eq!(failing, BTreeSet::from(expected), "a repetition alone is answered without the rows");
}
