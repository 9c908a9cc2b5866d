//! Names of tables and columns.

/// Returns whether two names are equal in any case.
pub(in crate::sql) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}
