//! Stores that mistake a key of several fields, a row without an id, or a reference with a condition. For each, the suite
//! must report the violated clause.

#![cfg(feature = "testing")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::conformance_host::SharedRecords;
use crate::wrong_stores::failing_of;
use async_trait::async_trait;
use client_lifecycle::domain::{DataMap, Fault, FieldName, KeyComparison, Kind, Record, RecordId, Reference};
use client_lifecycle::protocol::{
    Branch, ChangeSet, NamedSet, Receipt, ReceiptQuery, Source, Stratum, Survey, SurveyQuery,
};
use client_lifecycle::store::{Batch, BatchError, ByRow, Page, Records, Store, StoreError};
use client_lifecycle::testing::conformance::cases;

/// How the store violates the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// Compares only the first field of a key.
    ComparesFirstFields,
    /// Follows a reference to another key as if it held ids.
    TakesKeysForIds,
    /// Finds no reference in a field of the id.
    SeesNoReferenceInIds,
    /// Puts the text that it looks for in lower case, but not the text of the rows.
    FoldsOneSide,
    /// Compares text with its case.
    MindsTheCase,
    /// Takes every row that holds an id for a referrer, whatever the condition of the reference says.
    IgnoresTheCondition,
    /// Applies conditions to rows that refer, but not to rows that are referred to.
    FiltersReferrersOnly,
    /// Looks at the rows that refer before the operation, and not at those that are left after it.
    LooksBeforeOnly,
    /// Sorts ids of several fields as text.
    SortsTuplesAsText,
    /// Takes an id of another form for an id that no row has.
    MissesWrongTuples,
    /// Names a row by the first field of its id.
    RecordsFirstFields,
    /// Takes equal rows without an id for one row.
    MergesEqualRows,
    /// Numbers rows without an id anew each time they are read.
    NumbersRowsAnew,
    /// Does not notice a row of a link table that was inserted meanwhile.
    MissesNewLinkRows,
}

struct WrongStore {
    inner: ByRow<WrongRecords>,
    wrong: Wrong,
}

impl WrongStore {
    fn of(wrong: Wrong, records: SharedRecords) -> Self {
        let counter = AtomicI64::new(1_000_000);
        Self { inner: ByRow::new(WrongRecords { inner: records, wrong, counter }), wrong }
    }

    /// Returns the query as this store understands it.
    fn misread(&self, query: &SurveyQuery) -> SurveyQuery {
        let map = &query.map;
        let references = map.references().cloned().map(|mut reference| {
            match self.wrong {
                Wrong::ComparesFirstFields if reference.fields.len() > 1 => {
                    reference.key = Some(map.key_of(&reference)[..1].to_vec());
                    reference.fields.truncate(1);
                }
                Wrong::TakesKeysForIds if reference.compare == KeyComparison::Exact => reference.key = None,
                _ => {}
            }
            reference
        });
        let references: Vec<Reference> = references.collect();
        let map = match self.wrong {
            Wrong::ComparesFirstFields | Wrong::TakesKeysForIds => {
                Arc::new(DataMap::new(map.kinds().cloned(), references).unwrap())
            }
            _ => Arc::clone(map),
        };
        let set = |set: &NamedSet| {
            let branches = set.branches.iter().map(|branch| self.misread_branch(query, branch));
            NamedSet { branches: branches.collect(), ..set.clone() }
        };
        let sets = query.sets.iter().map(|stratum| match stratum {
            Stratum::Set(one) => Stratum::Set(set(one)),
            Stratum::Cycle(sets) => Stratum::Cycle(sets.iter().map(set).collect()),
        });
        SurveyQuery { map, sets: sets.collect(), ..query.clone() }
    }

    fn misread_branch(&self, query: &SurveyQuery, branch: &Branch) -> Branch {
        let mut branch = branch.clone();
        let is_conditional = |reference| query.map.reference(reference).is_some_and(|it| it.when.is_some());
        let forgets_conditions = match (&branch.source, self.wrong) {
            (Source::Referrers { reference, .. }, Wrong::IgnoresTheCondition) => is_conditional(reference),
            (Source::ReferencedBy { .. }, Wrong::FiltersReferrersOnly) => true,
            _ => false,
        };
        for case in branch.cases.iter_mut().filter(|_| forgets_conditions) {
            case.when = None;
        }
        if matches!(branch.source, Source::Referrers { .. }) && self.wrong == Wrong::LooksBeforeOnly {
            branch.except.clear();
        }
        branch
    }
}

#[async_trait]
impl Store for WrongStore {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.inner.check(map).await
    }

    async fn receipt(&self, query: &ReceiptQuery) -> Result<Option<Receipt>, StoreError> {
        self.inner.receipt(query).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        let query = self.misread(query);
        let mut survey = self.inner.survey(&query).await;
        match &mut survey {
            Ok(survey) if self.wrong == Wrong::SortsTuplesAsText => {
                for answer in &mut survey.answers {
                    let is_tuple = answer.sample.iter().any(|id| id.parts().len() > 1);
                    if is_tuple {
                        answer.sample.sort_by_key(ToString::to_string);
                    }
                }
            }
            Err(StoreError::WrongId { .. })
                if self.wrong == Wrong::MissesWrongTuples && query.kind == "seats" =>
            {
                return Ok(Survey::default());
            }
            _ => {}
        }
        survey
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        let mut mine = ChangeSet { query: self.misread(&changes.query), ..changes.clone() };
        if self.wrong == Wrong::RecordsFirstFields {
            for subject in &mut mine.audit.subjects {
                *subject = subject.parts()[0].clone();
            }
        }
        self.inner.apply(&mine).await
    }
}

struct WrongRecords {
    inner: SharedRecords,
    wrong: Wrong,
    counter: AtomicI64,
}

impl WrongRecords {
    /// Returns whether this store cannot rely on the rows that refer over a reference.
    fn forgets(&self, kind: &Kind, reference: &Reference) -> bool {
        let in_id = reference.fields.iter().any(|field| kind.id.contains(field));
        match self.wrong {
            Wrong::SeesNoReferenceInIds | Wrong::MissesNewLinkRows => in_id,
            Wrong::FoldsOneSide | Wrong::MindsTheCase => reference.compare != KeyComparison::Exact,
            Wrong::MergesEqualRows | Wrong::NumbersRowsAnew => kind.id.is_none(),
            _ => false,
        }
    }
}

#[async_trait]
impl Records for WrongRecords {
    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        self.inner.get(kind, ids).await
    }

    async fn referrers(
        &self,
        kind: &Kind,
        reference: &Reference,
        ids: &[RecordId],
        page: Page<'_>,
    ) -> Result<Vec<Record>, StoreError> {
        if !self.forgets(kind, reference) || self.wrong == Wrong::MissesNewLinkRows {
            return self.inner.referrers(kind, reference, ids, page).await;
        }
        let all = Page { after: None, limit: usize::MAX };
        let mut rows = self.inner.referrers(kind, reference, ids, all).await?;
        let mut exact = reference.clone();
        exact.compare = KeyComparison::Exact;
        let held = |row: &Record| exact.held_by(kind, row).unwrap().first().map(ToString::to_string);
        match self.wrong {
            Wrong::SeesNoReferenceInIds => rows.clear(),
            Wrong::FoldsOneSide => rows.retain(|row| ids.iter().any(|id| Some(id.to_string()) == held(row))),
            Wrong::MindsTheCase => {
                let clients = Kind::named("clients");
                let targets = self.inner.page(&clients, all).await?;
                let emails: Vec<_> = targets.iter().filter_map(|row| row.get("email").as_text()).collect();
                rows.retain(|row| held(row).is_some_and(|held| emails.contains(&&*held)));
            }
            Wrong::MergesEqualRows => {
                let by_value = rows.into_iter().map(|row| (serde_json::to_string(&row.fields).unwrap(), row));
                rows = by_value.collect::<BTreeMap<String, Record>>().into_values().collect();
            }
            _ => {
                for row in &mut rows {
                    row.id = self.counter.fetch_add(1, Ordering::Relaxed).into();
                }
                return Ok(rows.into_iter().filter(|_| page.after.is_none()).collect());
            }
        }
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        rows.retain(|row| page.after.is_none_or(|after| row.id > *after));
        rows.truncate(page.limit);
        Ok(rows)
    }

    async fn find_by_text(
        &self,
        kind: &Kind,
        field: &FieldName,
        text: &str,
    ) -> Result<Vec<Record>, StoreError> {
        self.inner.find_by_text(kind, field, text).await
    }

    async fn page(&self, kind: &Kind, page: Page<'_>) -> Result<Vec<Record>, StoreError> {
        self.inner.page(kind, page).await
    }

    async fn write(&self, batch: &Batch) -> Result<(), BatchError> {
        let mut batch = batch.clone();
        batch.exact_referrers.retain(|one| !self.forgets(&one.kind, &one.reference));
        if self.wrong == Wrong::NumbersRowsAnew {
            batch.unchanged.retain(|row| row.kind != "meals");
        }
        self.inner.write(&batch).await
    }

    async fn has_field(&self, kind: &Kind, field: &FieldName) -> Result<bool, StoreError> {
        self.inner.has_field(kind, field).await
    }

    async fn describe(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.inner.describe(map).await
    }
}

/// The cases about rows with such keys. These stores pass all others.
const CASES: [&str; 17] = [
    "clause_2_a_link_row_inserted_during_the_decision_is_not_missed",
    "clause_2_an_equal_row_added_later_is_found",
    "clause_2_rows_that_are_left_without_a_referring_row_are_found",
    "clause_2_of_two_last_referring_rows_one_stays",
    "clause_3_all_fields_of_a_key_are_compared",
    "clause_3_a_field_of_an_id_can_be_a_reference",
    "clause_3_rows_without_an_id_are_updated",
    "clause_3_rows_without_an_id_get_pseudonyms",
    "clause_3_a_reference_to_another_key_does_not_hold_ids",
    "clause_3_text_is_compared_without_case",
    "clause_3_masking_a_value_loses_no_row_that_holds_it",
    "clause_3_a_condition_decides_what_a_row_refers_to",
    "clause_3_rows_outside_a_filter_are_not_reached",
    "clause_5_every_row_without_an_id_is_counted_once",
    "clause_6_ids_of_several_fields_are_recorded",
    "clause_7_a_reader_sees_whole_states_of_link_tables",
    "clause_8_ids_of_several_fields_are_sorted_field_by_field",
];

/// Checks that the store fails this case, and no case about other keys.
async fn is_found(wrong: Wrong, case: &str) {
    let failing = failing_of(cases(), move |records| WrongStore::of(wrong, records)).await;
    assert!(failing.contains(case), "not found: {failing:?}");
    let others: Vec<_> = failing.iter().filter(|name| !CASES.contains(name) && **name != case).collect();
    assert!(others.is_empty(), "fails for another reason: {others:?}");
}

macro_rules! found {
    ($($test:ident: $wrong:ident by $case:ident;)*) => {$(
        #[tokio::test]
        async fn $test() {
            is_found(Wrong::$wrong, stringify!($case)).await;
        }
    )*};
}

found! {
    a_store_that_compares_first_fields: ComparesFirstFields
        by clause_3_all_fields_of_a_key_are_compared;
    a_store_that_takes_keys_for_ids: TakesKeysForIds
        by clause_3_a_reference_to_another_key_does_not_hold_ids;
    a_store_that_sees_no_reference_in_ids: SeesNoReferenceInIds
        by clause_3_a_field_of_an_id_can_be_a_reference;
    a_store_that_folds_one_side: FoldsOneSide
        by clause_3_text_is_compared_without_case;
    a_store_that_minds_the_case: MindsTheCase
        by clause_3_masking_a_value_loses_no_row_that_holds_it;
    a_store_that_ignores_the_condition: IgnoresTheCondition
        by clause_3_a_condition_decides_what_a_row_refers_to;
    a_store_that_filters_referrers_only: FiltersReferrersOnly
        by clause_3_rows_outside_a_filter_are_not_reached;
    a_store_that_looks_before_only: LooksBeforeOnly
        by clause_2_rows_that_are_left_without_a_referring_row_are_found;
    a_store_that_sorts_tuples_as_text: SortsTuplesAsText
        by clause_8_ids_of_several_fields_are_sorted_field_by_field;
    a_store_that_misses_wrong_tuples: MissesWrongTuples
        by clause_8_an_id_with_other_parts_is_a_wrong_id;
    a_store_that_records_first_fields: RecordsFirstFields
        by clause_6_ids_of_several_fields_are_recorded;
    a_store_that_merges_equal_rows: MergesEqualRows
        by clause_5_every_row_without_an_id_is_counted_once;
    a_store_that_merges_equal_rows_updates_one: MergesEqualRows
        by clause_3_rows_without_an_id_are_updated;
    a_store_that_merges_equal_rows_misses_new_ones: MergesEqualRows
        by clause_2_an_equal_row_added_later_is_found;
    a_store_that_merges_equal_rows_masks_one: MergesEqualRows
        by clause_3_rows_without_an_id_get_pseudonyms;
    a_store_that_numbers_rows_anew: NumbersRowsAnew
        by clause_5_every_row_without_an_id_is_counted_once;
    a_store_that_misses_new_link_rows: MissesNewLinkRows
        by clause_2_a_link_row_inserted_during_the_decision_is_not_missed;
}
