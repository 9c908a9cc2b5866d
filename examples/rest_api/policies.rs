//! The policies: the presets of the four systems, as this service uses them.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::clients::{Language, presets};
use client_lifecycle::domain::{Faults, Role};
use client_lifecycle::policy::ModeBuilder;

/// The clinic. Clients have sessions too, and may ask for nothing here: all of it is for administrators.
pub(crate) fn clinic() -> Result<DeletionPolicy, Faults> {
    let staff = |mode: ModeBuilder| mode.allow_only(Role::ADMIN);
    presets::clinic(Language::Spanish)
        .kind("clients", |kind| kind.version("version"))
        .create(staff)
        .update(staff)
        .deactivate(staff)
        .reactivate(staff)
        .hard_delete(staff)
        .anonymize(staff)
        .build()
}

/// The notification system. It shows no authentication: put it behind a gateway that has one.
pub(crate) fn notifications() -> Result<DeletionPolicy, Faults> {
    presets::notifications().build()
}

/// The VPN.
pub(crate) fn vpn() -> Result<DeletionPolicy, Faults> {
    presets::vpn().build()
}

/// The credit unions.
pub(crate) fn unions() -> Result<DeletionPolicy, Faults> {
    presets::unions().build()
}
