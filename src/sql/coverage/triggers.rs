//! Triggers that fire when the policy deletes or updates rows. No plan shows their effects.

use super::finding::{Finding, FindingCode};
use super::written_kinds::WrittenKinds;
use crate::domain::DataMap;
use crate::sql::catalogue::{Catalogue, TriggerEvent};

pub(super) fn findings<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
    written: &'a WrittenKinds,
) -> impl Iterator<Item = Finding> + 'a {
    let tables = map.kinds().filter_map(|kind| Some((kind, catalogue.table(kind.table_name())?)));
    tables.flat_map(|(kind, table)| {
        let fires = table.triggers.iter().filter(|trigger| match trigger.event {
            TriggerEvent::Delete => written.deletes(&kind.name),
            TriggerEvent::Update => written.updates(&kind.name),
            // The library does not insert into tables of the host.
            TriggerEvent::Insert => false,
        });
        fires.map(|trigger| {
            let event = trigger.event.as_str();
            let message = format!(
                "the trigger `{}` fires on {event} of `{}`: its effects are in no plan and no receipt",
                trigger.name, table.name
            );
            Finding::new(FindingCode::Trigger, format!("kinds.{}", kind.name), message).remedy(
                "move its work into the policy, or make sure that it does not change rows of a declared kind",
            )
        })
    })
}
