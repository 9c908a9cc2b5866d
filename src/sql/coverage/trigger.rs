//! Triggers: what the database does besides, when the policy removes or changes rows.

use super::touched::Touched;
use crate::domain::DataMap;
use crate::sql::catalogue::{Catalogue, TriggerEvent};
use crate::sql::{Finding, FindingCode};

pub(super) fn findings<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
    touched: &'a Touched,
) -> impl Iterator<Item = Finding> + 'a {
    let tables = map.kinds().filter_map(|kind| Some((kind, catalogue.table(kind.table_name())?)));
    tables.flat_map(|(kind, table)| {
        let fires = table.triggers.iter().filter(|trigger| match trigger.event {
            TriggerEvent::Delete => touched.deletes(&kind.name),
            TriggerEvent::Update => touched.updates(&kind.name),
            // The library inserts into no table of the host.
            TriggerEvent::Insert => false,
        });
        fires.map(|trigger| {
            Finding::new(
                FindingCode::Trigger,
                format!("kinds.{}", kind.name),
                format!(
                    "the trigger `{}` runs at every {} on `{}`: what it does is in no plan and no receipt",
                    trigger.name,
                    trigger.event.as_str(),
                    table.name
                ),
            )
            .remedy("let the policy do it, or see that it touches no row that the policy decides about")
        })
    })
}
