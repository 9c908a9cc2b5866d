//! The list of all cases. Both the tests and [`cases`] are generated from it.

use std::pin::Pin;

use super::Host;
#[allow(
    clippy::wildcard_imports,
    reason = "the list names the modules, and is the only place that does"
)]
use super::*;

/// A case of the suite, as a value.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ConformanceCase {
    /// The clause of the contract.
    pub clause: u8,
    /// The name of the case, as a sentence.
    pub name: &'static str,
    /// Runs the case. It panics if the store violates the contract.
    pub run: for<'a> fn(&'a dyn Host) -> CaseFuture<'a>,
}

/// The future of a running case.
pub type CaseFuture<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Passes the list of all cases to another macro, after the macro's own arguments.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ([$($callback:tt)+] $args:tt) => {
        $($callback)+! {
            $args
            1 clause_1_all_or_nothing {
                clause_1_a_step_on_an_unknown_kind_changes_nothing,
                clause_1_a_step_with_an_unknown_field_changes_nothing,
                clause_1_a_failed_precondition_changes_nothing,
                clause_1_a_keyed_mask_without_a_key_changes_nothing,
                clause_1_a_dropped_call_changes_everything_or_nothing,
            }
            2 clause_2_preconditions {
                clause_2_satisfied_preconditions_stop_nothing,
                clause_2_every_difference_is_reported_with_what_was_found,
                clause_2_a_row_added_later_is_found,
                clause_2_of_two_racing_change_sets_one_wins,
                clause_2_a_row_inserted_during_the_decision_is_not_missed,
                clause_2_a_taken_text_is_a_difference,
                clause_2_one_of_two_claims_to_a_text_wins,
                clause_2_a_link_row_inserted_during_the_decision_is_not_missed,
                clause_2_an_equal_row_added_later_is_found,
                clause_2_rows_that_are_left_without_a_referring_row_are_found,
                clause_2_of_two_last_referring_rows_one_stays,
            }
            3 clause_3_steps {
                clause_3_steps_run_in_the_given_order,
                clause_3_a_set_keeps_the_rows_it_had,
                clause_3_rows_stay_reached_when_their_reference_is_emptied,
                clause_3_a_row_found_twice_keeps_its_lowest_rank,
                clause_3_rows_are_left_out_of_sets,
                clause_3_repeated_rows_are_found,
                clause_3_a_case_depends_on_the_rank_of_the_parent,
                clause_3_references_are_followed_both_ways,
                clause_3_a_cycle_of_kinds_is_followed_to_its_end,
                clause_3_a_row_of_a_cycle_is_followed_with_all_its_ranks,
                clause_3_the_sets_of_a_cycle_grow_from_each_other,
                clause_3_conditions_use_the_instant_of_the_request,
                clause_3_new_rows_are_written,
                clause_3_a_version_counts_every_step,
                clause_3_masks_are_computed_from_the_row,
                clause_3_equal_values_have_equal_pseudonyms,
            }
            3 clause_3_keys {
                clause_3_all_fields_of_a_key_are_compared,
                clause_3_a_field_of_an_id_can_be_a_reference,
                clause_3_rows_without_an_id_are_updated,
                clause_3_rows_without_an_id_get_pseudonyms,
                clause_3_a_reference_to_another_key_does_not_hold_ids,
                clause_3_text_is_compared_without_case,
                clause_3_masking_a_value_loses_no_row_that_holds_it,
                clause_3_a_condition_decides_what_a_row_refers_to,
                clause_3_rows_outside_a_filter_are_not_reached,
            }
            3 clause_3_restore {
                clause_3_replaced_values_are_put_back,
                clause_3_what_was_changed_since_is_not_put_back,
                clause_3_rows_whose_former_target_does_not_come_back_are_left_out,
                clause_3_values_of_rows_with_ids_of_several_fields_are_put_back,
                clause_3_the_value_before_the_first_of_several_steps_is_put_back,
            }
            4 clause_4_unknown_names {
                clause_4_a_kind_the_store_does_not_have,
                clause_4_a_kind_the_map_does_not_have,
                clause_4_an_undeclared_reference,
                clause_4_a_field_in_a_condition,
                clause_4_a_field_in_an_update,
                clause_4_a_field_in_an_event,
                clause_4_check_names_all_missing_kinds_at_once,
            }
            5 clause_5_affected {
                clause_5_every_step_reports_its_number_of_rows,
                clause_5_steps_without_a_line_do_not_shift_the_others,
                clause_5_kept_rows_are_counted,
                clause_5_a_step_without_rows_reports_zero,
                clause_5_every_row_without_an_id_is_counted_once,
            }
            6 clause_6_audit_and_events {
                clause_6_one_entry_for_each_subject,
                clause_6_one_event_for_each_row_with_the_values_from_before,
                clause_6_no_entry_or_event_is_written_after_a_failure,
                clause_6_a_refused_attempt_is_recorded_and_nothing_else,
                clause_6_complete_events_are_written,
                clause_6_refused_attempts_are_all_kept,
                clause_6_the_subject_of_an_entry_need_not_exist,
                clause_6_ids_of_several_fields_are_recorded,
            }
            7 clause_7_readers {
                clause_7_a_reader_beside_a_writer_sees_whole_states,
                clause_7_a_reader_before_a_writer_sees_whole_states,
                clause_7_a_reader_sees_whole_states_of_link_tables,
            }
            8 clause_8_errors {
                clause_8_a_missing_subject_is_not_an_error,
                clause_8_questions_are_answered,
                clause_8_an_id_of_another_type_is_a_wrong_id,
                clause_8_an_id_given_as_text_finds_the_integer,
                clause_8_ids_of_several_fields_are_sorted_field_by_field,
                clause_8_an_id_with_other_parts_is_a_wrong_id,
                clause_8_conflict_and_unknown_are_distinct,
                clause_8_a_value_of_another_type_is_refused,
            }
            9 clause_9_same_operation {
                clause_9_a_repetition_returns_the_first_receipt,
                clause_9_another_change_under_the_same_id_is_not_made,
                clause_9_a_refused_repetition_returns_the_first_receipt,
                clause_9_another_operation_is_applied,
                clause_9_two_concurrent_calls_do_the_work_once,
                clause_9_receipts_are_found,
            }
        }
    };
}

/// Passes the list of the cases of the level `scale` to another macro, after the macro's own arguments.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_scale_cases {
    ([$($callback:tt)+] $args:tt) => {
        $($callback)+! {
            $args
            10 clause_10_scale {
                clause_10_a_survey_sends_the_same_for_many_rows_as_for_few,
                clause_10_a_change_set_sends_the_same_for_many_rows_as_for_few,
                clause_10_a_cycle_sends_the_same_for_many_rows_as_for_few,
                clause_10_other_keys_send_the_same_for_many_rows_as_for_few,
                clause_10_a_repetition_reads_only_the_receipt,
            }
        }
    };
}

/// Makes one test for each case of the [conformance suite](crate::testing::conformance).
///
/// The first argument is the test attribute of the runtime. The second is an async function without arguments that
/// makes a fresh [`Host`](crate::testing::conformance::Host).
///
/// ```ignore
/// client_lifecycle::conformance!(tokio::test, my_host);
/// client_lifecycle::conformance!(tokio::test(flavor = "multi_thread"), my_host);
/// ```
#[macro_export]
macro_rules! conformance {
    ($($args:tt)+) => {
        $crate::conformance_cases! { [$crate::conformance_tests] ($($args)+) }
    };
}

/// Makes one test for each case of the level `scale`, in addition to the cases of
/// [`conformance!`](crate::conformance).
///
/// For stores that work by sets, not for [`ByRow`](crate::store::ByRow), which loads the rows it reads. The host must
/// report the [traffic](crate::testing::conformance::Host::traffic) of its store. The arguments are the same as for
/// `conformance!`.
///
/// ```ignore
/// client_lifecycle::conformance_scale!(tokio::test, my_host);
/// ```
#[macro_export]
macro_rules! conformance_scale {
    ($($args:tt)+) => {
        $crate::conformance_scale_cases! { [$crate::conformance_tests] ($($args)+) }
    };
}

/// Generates the tests.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    (
        ($test:meta, $host:path $(,)?)
        $( $clause:literal $module:ident { $($case:ident,)* } )*
    ) => {
        $($(
            #[$test]
            async fn $case() {
                let host = $host().await;
                $crate::testing::conformance::$module::$case(&host).await;
            }
        )*)*
    };
}

macro_rules! values {
    (
        ()
        $( $clause:literal $module:ident { $($case:ident,)* } )*
    ) => {
        vec![$($(
            ConformanceCase {
                clause: $clause,
                name: stringify!($case),
                run: |host| Box::pin($module::$case(host)),
            },
        )*)*]
    };
}

/// Returns all cases of the level `core`, which apply to every store, in the order of the clauses.
#[must_use]
pub fn cases() -> Vec<ConformanceCase> {
    conformance_cases! { [values] () }
}

/// Returns all cases of the level `scale`: clause 10, for stores that work by sets.
#[must_use]
pub fn scale_cases() -> Vec<ConformanceCase> {
    conformance_scale_cases! { [values] () }
}
