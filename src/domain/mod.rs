//! The basic types: ids, values, the data map, requests, audit entries. Pure data, no I/O.

mod actor;
mod audit;
mod bad_record;
mod condition;
mod data_map;
mod event;
mod fault;
mod field_type;
mod id;
mod instant;
#[cfg(feature = "schema")]
mod json_schema;
mod kind;
pub(crate) mod map_document;
mod mask;
mod mask_key;
mod mode;
mod name;
mod period;
pub(crate) mod plain_errors;
mod reason;
mod record;
mod reference;
mod request;
mod role;
#[cfg(feature = "schema")]
pub(crate) mod schema;
mod status;
mod text_visitor;
pub(crate) mod unique_keys;
mod value;
mod violation;
pub(crate) mod words;

pub use actor::Actor;
pub use audit::{AuditEntry, AuditOutcome};
pub use bad_record::BadRecord;
pub use condition::{Comparison, Condition, Moment};
pub use condition::{
    after, all, any, before, eq, ge, gt, is_null, le, lt, ne, not, not_null, older_than, one_of, within,
};
pub use data_map::DataMap;
pub(crate) use data_map::Excluded;
pub use event::Event;
pub use fault::{Fault, FaultCode, Faults};
pub use field_type::{BadValue, FieldType};
pub use id::{OperationId, RecordId};
pub use instant::instant_text;
pub(crate) use instant::to_milliseconds;
pub use kind::{Field, Kind, StatusField};
pub use mask::Mask;
pub use mask_key::MaskKey;
pub use mode::Mode;
pub use name::{FieldName, KindName, ReferenceName};
pub use period::Period;
pub use reason::Reason;
pub use record::Record;
pub use reference::{Lock, Reference};
pub use request::Request;
pub use role::Role;
pub use status::Status;
pub use value::Value;
pub(crate) use value::present;
pub use violation::{Violation, ViolationCode, Violations};
pub use words::ParseError;
