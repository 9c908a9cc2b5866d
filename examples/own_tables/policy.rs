//! One policy for both stores. It names tables and columns for SQL; documents use kinds and fields.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Faults, FieldType, is_null};
use client_lifecycle::policy::{cascade, restrict, set_null};

/// The members of a library: open loans block a deletion, returned ones are deleted, reviews stay anonymous.
pub(crate) fn policy() -> Result<DeletionPolicy, Faults> {
    DeletionPolicy::of("members")
        .kind("members", |kind| {
            kind.table("tbl_member")
                .id("no")
                .column("no", "member_no")
                // Declared as integers, so that "7" from a URL finds member 7.
                .field("no", FieldType::Integer)
        })
        .kind("loans", |kind| {
            kind.table("tbl_loan")
                .column("id", "loan_no")
                .column("member", "member_no")
                .field("returned_at", FieldType::Timestamp)
                .nullable("returned_at")
        })
        .kind("reviews", |kind| kind.table("tbl_review").column("author", "member_no"))
        .reference("loans.member", "members")
        .reference_with("reviews.author", "members", |reference| reference.nullable())
        .hard_delete(|mode| {
            mode.allow("LIBRARIAN")
                .rule("loans.member", restrict().when(is_null("returned_at")).otherwise(cascade()))
                .rule("reviews.author", set_null())
        })
        .build()
}
