//! The policies of the four systems: the library's presets, adapted to this service.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::clients::{Language, presets};
use client_lifecycle::domain::{Faults, Role};
use client_lifecycle::policy::ModeBuilder;

/// Returns the clinic's policy. Clients can sign in too, but only administrators may use these endpoints.
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

/// Returns the policy of the notification system. Its API documents no authentication, so put a gateway in front of
/// it.
pub(crate) fn notifications() -> Result<DeletionPolicy, Faults> {
    presets::notifications().build()
}

/// Returns the policy of the VPN.
pub(crate) fn vpn() -> Result<DeletionPolicy, Faults> {
    presets::vpn().build()
}

/// Returns the policy of the credit unions.
pub(crate) fn unions() -> Result<DeletionPolicy, Faults> {
    presets::unions().build()
}
