//! Kinds whose tables have names that the library uses in its statements.

use super::finding::{Finding, FindingCode};
use crate::domain::DataMap;
use crate::sql::catalogue::Catalogue;

pub(super) fn findings<'a>(map: &'a DataMap, catalogue: &'a Catalogue) -> impl Iterator<Item = Finding> + 'a {
    let reserved = map.kinds().filter(|kind| catalogue.prefix().is_own(kind.table_name()));
    reserved.map(|kind| {
        let message = format!("`{}` is a name that the library uses", kind.table_name());
        Finding::new(FindingCode::SchemaMismatch, format!("kinds.{}", kind.name), message)
            .remedy("give the store another prefix")
    })
}
