//! Checking permissions.

use crate::domain::{Fault, FaultCode, Faults, Mode};
use crate::policy::{Access, ModePolicy};

pub(super) fn check(mode: Mode, policy: &ModePolicy, faults: &mut Faults) {
    let path = format!("modes.{mode}.allow");
    match &policy.allow {
        None => faults.push(
            Fault::new(FaultCode::MissingAccess, path, "the mode has no permissions")
                .remedy("name roles, or \"any\" if the host has already decided"),
        ),
        Some(Access::Some(list)) if list.is_empty() => {
            faults.push(
                Fault::new(FaultCode::MissingAccess, path, "the list of permissions is empty")
                    .remedy("name a role"),
            );
        }
        Some(Access::Some(list)) => {
            for (index, allow) in list.iter().enumerate() {
                if allow.role.is_none() && !allow.oneself {
                    faults.push(
                        Fault::new(
                            FaultCode::MissingAccess,
                            format!("{path}[{index}]"),
                            "a permission needs a `role` or `self`",
                        )
                        .remedy("add a role; a scope only narrows one"),
                    );
                }
            }
        }
        Some(Access::Any | Access::Authenticated) => {}
    }
}
