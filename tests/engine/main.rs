//! Tests of policies, plans and lifecycles, on every store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod admission;
mod adoption;
mod before;
mod below_parents_that_stay;
mod boundary_values;
mod cases;
mod changes_after_the_survey;
#[path = "../common/mod.rs"]
mod common;
mod constraints;
mod digest;
mod failing_stores;
mod filters;
mod instants;
mod keys;
mod left_without;
mod lifecycle;
mod link_tables;
mod lists;
mod marks;
mod mask_values;
mod named_fields;
mod neighbours;
mod on_clash;
mod operation_ids;
mod order_of_steps;
mod owned;
mod personal_ids;
mod plan_forms;
mod plan_text;
mod policy_forms;
mod policy_sense;
mod polymorphic;
mod populations;
mod populations_on_sqlite;
mod properties;
mod pseudonyms;
mod rationale;
mod reassign;
mod references_of_survivors;
mod rejected_attempts;
mod requests;
mod restore;
mod restore_worlds;
mod retention;
mod rows_that_stay;
mod scenario;
mod scopes;
mod seeded_bugs;
mod several_masks;
mod shared_values;
mod survey_queries;
mod switches;
mod ten_years;
mod triggers;
mod undecided;
mod unique_indexes;
mod unknown;
mod value_references;
mod verify;
mod verify_worlds;
mod waiting;
mod wide_keys;
