//! The wire formats of the four systems, with their own messages.

use super::wire::{Ids, Shape, Words};
use super::{ErrorKind, ResourceName, Wire};
use crate::clients::Language;

impl Wire {
    /// Returns the format of the clinic's API: `{statusCode, statusMessage}` in Spanish, `{"success":true}`. Ids are UUIDs.
    #[must_use]
    pub fn clinic() -> Self {
        let mut wire =
            Self::new(Shape::StatusMessage, Language::Spanish, ResourceName::new("client", "cliente"));
        wire.ids = Ids::UuidOrNotFound;
        wire
    }

    /// Returns the format of the notification system: `{statusCode, message, errors}`, and 204 without a body. Ids are UUIDs.
    #[must_use]
    pub fn notifications() -> Self {
        let mut wire = Self::new(Shape::ErrorList, Language::English, ResourceName::new("user", "usuario"));
        wire.ids = Ids::Uuid;
        wire
    }

    /// Returns the format of the VPN: `{success, message, deletedAt}`, with the descriptions and solutions of its error table.
    #[must_use]
    pub fn vpn() -> Self {
        let mut wire = Self::new(
            Shape::Success { deleted_at: true },
            Language::English,
            ResourceName::new("customer", "cliente"),
        );
        for (kinds, message, remedy) in VPN_TABLE {
            let words = Words { message: (*message).into(), remedy: (*remedy).into() };
            wire.words.extend(kinds.iter().map(|kind| (*kind, words.clone())));
        }
        wire
    }

    /// Returns the format of the credit unions: `{success, message}`. Every failed deletion has the status code 400.
    #[must_use]
    pub fn unions() -> Self {
        let name = ResourceName::new("union", "unión").feminine();
        let mut wire = Self::new(Shape::Success { deleted_at: false }, Language::English, name);
        wire.failed_deletion = Some(400);
        wire.with_message(ErrorKind::MissingRole, "Access denied. Admin privileges required.")
    }
}

/// The VPN's error table: descriptions and solutions.
const VPN_TABLE: &[(&[ErrorKind], &str, &str)] = &[
    (&[ErrorKind::Unauthenticated], "Unauthorized", "Check your JWT token validity"),
    (&[ErrorKind::MissingRole], "Forbidden", "Verify your role permissions"),
    // From the section on error recovery in the VPN's documentation.
    (&[ErrorKind::WrongScope], "Forbidden", "Verify user role and scope"),
    (&[ErrorKind::NotFound, ErrorKind::WrongId], "Not Found", "Verify the user ID exists"),
    (&[ErrorKind::Blocked], "Conflict", "Customer has active subscription or dependencies"),
    // The table has one row for both kinds of conflict. For this kind, the remedy of the error itself is more useful.
    (&[ErrorKind::Conflict], "Conflict", ""),
    (&[ErrorKind::Failed], "Internal Server Error", "Contact support if persistent"),
];
