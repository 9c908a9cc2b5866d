//! The basic types: ids, values, the data map, requests, audit entries. Pure data, no I/O.

mod actor;
mod audit;
mod calendar;
mod condition;
mod data_map;
mod deleted_field;
mod fault;
mod field_type;
mod foreign_key;
pub(crate) mod hash;
mod id;
mod id_list;
mod identity;
mod instant;
#[cfg(feature = "schema")]
mod json_schema;
mod kind;
pub(crate) mod map_document;
mod map_uses;
mod mask;
mod mode;
mod names;
mod ownership;
mod period;
mod personal_id;
pub(crate) mod plain_errors;
mod record;
mod reference;
mod reference_checks;
mod request;
mod request_hash;
#[cfg(feature = "schema")]
pub(crate) mod schema;
mod table_name;
mod text_visitor;
mod undecided;
pub(crate) mod unique_keys;
mod value;
mod violation;
pub(crate) mod words;

pub use actor::{Actor, Role};
pub use audit::{AuditEntry, AuditOutcome, Event};
pub use calendar::CalendarPeriod;
pub use condition::{
    Comparison, Condition, Moment, after, all, any, before, eq, ge, gt, is_null, le, lt, ne, not, not_null,
    older_than, one_of, unknown, within,
};
pub use data_map::DataMap;
pub(crate) use data_map::{Excluded, placeholder_without_id};
pub use deleted_field::DeletedField;
pub use fault::{Fault, FaultCode, Faults};
pub use field_type::{BadValue, FieldType};
pub(crate) use foreign_key::KeysByTable;
pub use foreign_key::{ForeignKeyRule, OnDelete, UndeclaredReferences};
pub use id::{FieldName, KindName, OperationId, RecordId, ReferenceName};
pub use id_list::BadIdList;
pub(crate) use id_list::{LIST_OF_IDS, changed_list, ids_in_list};
pub use identity::Identity;
#[cfg(feature = "sql")]
pub(crate) use instant::MINUS_INFINITY;
pub use instant::instant_text;
#[cfg(feature = "sql")]
pub(crate) use instant::{EpochUnit, instant_of_milliseconds};
pub(crate) use instant::{INFINITY, infinity_text, to_milliseconds};
pub use kind::{Field, Kind, Lock, StatusField};
pub(crate) use map_uses::{ClashKey, NamedValue, UsedMask};
pub use mask::{Mask, MaskKey};
pub use mode::{Mode, Status};
pub(crate) use ownership::{Decided, Stage};
pub use period::Period;
pub(crate) use personal_id::PersonalIds;
pub use record::{BadRecord, Record};
pub(crate) use reference::KeyReader;
pub use reference::{KeyComparison, Reference};
pub use request::{Reason, Request};
pub use request_hash::RequestHash;
pub use table_name::TableName;
pub(crate) use undecided::Undecided;
pub use value::Value;
pub(crate) use value::present;
pub use violation::{Violation, ViolationCode, Violations};
pub use words::ParseError;
