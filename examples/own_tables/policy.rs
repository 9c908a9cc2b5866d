//! One policy for both stores. The SQL store uses its table and column names; the document store uses kinds and
//! fields.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Faults, FieldType, is_null};
use client_lifecycle::policy::{cascade, restrict, set_null};

/// The policy of a library: an open loan blocks the deletion of its member, returned loans are deleted, reviews become
/// anonymous, and a member no longer follows any author. `follows` is a link table: its rows have no id of their own,
/// but are known by the member and the author.
pub(crate) fn policy() -> Result<DeletionPolicy, Faults> {
    DeletionPolicy::of("members")
        .kind("members", |kind| {
            kind.table("tbl_member")
                .id("no")
                .column("no", "member_no")
                // An integer, so "7" from a URL finds member 7.
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
        .kind("follows", |kind| {
            kind.table("tbl_follow").id(["member", "author"]).column("member", "member_no")
        })
        .reference("loans.member", "members")
        .reference("follows.member", "members")
        .reference_with("reviews.author", "members", |reference| reference.nullable())
        .hard_delete(|mode| {
            mode.allow("LIBRARIAN")
                .rule("loans.member", restrict().when(is_null("returned_at")).otherwise(cascade()))
                .rule("follows.member", cascade())
                .rule("reviews.author", set_null())
        })
        .build()
}
