//! Who may ask.

use crate::domain::{Fault, FaultCode, Faults, Mode};
use crate::policy::{Access, ModePolicy};

pub(super) fn check(mode: Mode, policy: &ModePolicy, faults: &mut Faults) {
    let path = format!("modes.{mode}.allow");
    match &policy.allow {
        None => faults.push(
            Fault::new(FaultCode::MissingAccess, path, "nobody is allowed to ask for this mode")
                .remedy("name roles, or say \"any\" where the host has decided already"),
        ),
        Some(Access::Some(list)) if list.is_empty() => {
            faults.push(
                Fault::new(FaultCode::MissingAccess, path, "the list of who may ask is empty")
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
                            "an entry needs a `role` or `self`",
                        )
                        .remedy("a scope narrows a role, it is none"),
                    );
                }
            }
        }
        Some(Access::Any | Access::Authenticated) => {}
    }
}
