//! A store from rows.

use super::Records;

/// A [`Store`](super::Store) over [`Records`]: rows are read in pages, decided here, and written as one
/// conditional batch.
#[derive(Debug)]
pub struct ByRow<R: Records> {
    records: R,
}
