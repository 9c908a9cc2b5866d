//! The policies of four systems, ready to use or to adapt.
//!
//! Each preset is a [`PolicyBuilder`](crate::policy::PolicyBuilder), so a host can change what differs in its own
//! system:
//!
//! ```
//! use client_lifecycle::clients::Language;
//! use client_lifecycle::clients::presets;
//! use client_lifecycle::policy::Guard;
//!
//! let policy = presets::clinic(Language::Spanish)
//!     .without("payments")                                     // a table this clinic does not have
//!     .kind("clients", |kind| kind.table("users"))             // a table with another name
//!     .hard_delete(|mode| mode
//!         .allow_only("MANAGER")                               // other roles
//!         .guard(Guard::note("loyal", "sales").message("the client has bought something")))
//!     .build()?;
//! # let _ = policy;
//! # Ok::<(), client_lifecycle::domain::Faults>(())
//! ```
//!
//! | | subject | removes by | who may |
//! |---|---|---|---|
//! | [`clinic`](fn@clinic) | `clients` | `hard_delete`, `anonymize`, `deactivate` | ADMIN |
//! | [`notifications`](fn@notifications) | `users` | `hard_delete`, `soft_delete` | anyone: the host decides |
//! | [`vpn`](fn@vpn) | `customers` | `soft_delete`, `hard_delete` | ADMIN, MASTER, RESALE for their own; ADMIN |
//! | [`unions`](fn@unions) | `unions` | `soft_delete` | ADMIN |
//!

pub mod clinic;
pub mod notifications;
pub mod unions;
pub mod vpn;

pub use clinic::{any_signed_in, clinic, keep_consent_proof};
pub use notifications::notifications;
pub use unions::unions;
pub use vpn::vpn;
