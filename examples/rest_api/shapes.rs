//! Request and response schemas for the `OpenAPI` description only. The library writes the bodies itself.
#![allow(dead_code, reason = "only their descriptions are used")]

use chrono::{DateTime, NaiveDate, Utc};
use utoipa::{IntoResponses, ToSchema};
use uuid::Uuid;

/// A client: every field, none `null`.
#[derive(ToSchema)]
pub(crate) struct Client {
    user_id: Uuid,
    email: String,
    name: String,
    surname: String,
    phone: String,
    address: String,
    city: String,
    country: String,
    postal_code: String,
    gender: String,
    birth_date: NaiveDate,
    #[schema(pattern = "^USER$")]
    role: String,
    status: Status,
    /// The URL of a picture; may be empty.
    avatar: String,
    document_type: DocumentType,
    document_number: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(ToSchema)]
#[schema(rename_all = "UPPERCASE")]
pub(crate) enum Status {
    On,
    Off,
}

#[derive(ToSchema)]
#[schema(rename_all = "UPPERCASE")]
enum DocumentType {
    Dni,
    Passport,
    Nie,
}

/// Lengths are in characters, not bytes.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientToCreate {
    #[schema(format = "email", max_length = 50)]
    email: String,
    #[schema(min_length = 2, max_length = 50)]
    name: String,
    #[schema(min_length = 2, max_length = 50)]
    surname: String,
    #[schema(min_length = 6, max_length = 20)]
    phone: String,
    #[schema(max_length = 255, nullable = false)]
    address: Option<String>,
    #[schema(max_length = 50, nullable = false)]
    city: Option<String>,
    #[schema(max_length = 50, nullable = false)]
    country: Option<String>,
    #[schema(max_length = 20, nullable = false)]
    postal_code: Option<String>,
    #[schema(max_length = 10, nullable = false)]
    gender: Option<String>,
    birth_date: NaiveDate,
    #[schema(nullable = false)]
    status: Option<Status>,
    #[schema(nullable = false)]
    avatar: Option<String>,
    document_type: DocumentType,
    #[schema(min_length = 1, max_length = 20)]
    document_number: String,
}

/// Only the fields to change. Lengths are in characters, not bytes.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientChanges {
    #[schema(format = "email", max_length = 50, nullable = false)]
    email: Option<String>,
    #[schema(min_length = 2, max_length = 50, nullable = false)]
    name: Option<String>,
    #[schema(min_length = 2, max_length = 50, nullable = false)]
    surname: Option<String>,
    #[schema(min_length = 6, max_length = 20, nullable = false)]
    phone: Option<String>,
    #[schema(max_length = 255, nullable = false)]
    address: Option<String>,
    #[schema(max_length = 50, nullable = false)]
    city: Option<String>,
    #[schema(max_length = 50, nullable = false)]
    country: Option<String>,
    #[schema(max_length = 20, nullable = false)]
    postal_code: Option<String>,
    #[schema(max_length = 10, nullable = false)]
    gender: Option<String>,
    #[schema(nullable = false)]
    birth_date: Option<NaiveDate>,
    #[schema(nullable = false)]
    document_type: Option<DocumentType>,
    #[schema(min_length = 1, max_length = 20, nullable = false)]
    document_number: Option<String>,
    #[schema(nullable = false)]
    status: Option<Status>,
}

/// A page of clients.
#[derive(ToSchema)]
pub(crate) struct ClientList {
    clients: Vec<Client>,
    /// Where the next page begins; omitted on the last one.
    #[schema(nullable = false)]
    next: Option<Uuid>,
}

/// What a deletion would do. The library's documentation describes its parts.
#[derive(ToSchema)]
pub(crate) struct DeletionPlan {
    /// The digest that binds a confirmation to this plan.
    digest: String,
    mode: String,
    /// Whether nothing blocks it.
    executable: bool,
    outcome: String,
    #[schema(value_type = Vec<Object>)]
    steps: Vec<()>,
    #[schema(value_type = Vec<Object>)]
    blockers: Vec<()>,
    #[schema(value_type = Vec<Object>)]
    warnings: Vec<()>,
    #[schema(value_type = Vec<Object>)]
    effects: Vec<()>,
}

/// The clinic's response to a success.
#[derive(ToSchema)]
pub(crate) struct Done {
    success: bool,
}

/// The clinic's errors.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct StatusMessage {
    status_code: u16,
    status_message: String,
}

/// The errors of the notification system.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ErrorList {
    status_code: u16,
    message: String,
    #[schema(nullable = false)]
    errors: Option<Vec<String>>,
}

/// The outcome, in the VPN and the unions.
#[derive(ToSchema)]
pub(crate) struct Message {
    success: bool,
    message: String,
}

/// A deleted customer of the VPN.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CustomerDeleted {
    success: bool,
    message: String,
    deleted_at: DateTime<Utc>,
}

/// The new owner of the members, or of the union.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOwner {
    /// The id of another union, or of a credit officer.
    #[schema(min_length = 1)]
    to: String,
}

/// `ok` or `down`.
#[derive(ToSchema)]
pub(crate) struct Health {
    status: String,
}

/// The errors of every endpoint of the clinic.
#[derive(IntoResponses)]
pub(crate) enum ClinicRefusal {
    /// The id is missing, or the request is invalid.
    #[response(status = 400)]
    Invalid(StatusMessage),
    /// The session is missing or invalid.
    #[response(status = 401)]
    Unauthenticated(StatusMessage),
    /// The role has no permission.
    #[response(status = 403)]
    Denied(StatusMessage),
    /// Internal error.
    #[response(status = 500)]
    Failed(StatusMessage),
    /// The database is unavailable; Retry-After says how long to wait.
    #[response(status = 503)]
    Unavailable(StatusMessage),
}

/// The errors of every endpoint of the unions.
#[derive(IntoResponses)]
pub(crate) enum UnionRefusal {
    /// The request is invalid, or the union cannot be deleted.
    #[response(status = 400)]
    Invalid(Message),
    /// The token is missing or invalid.
    #[response(status = 401)]
    Unauthenticated(Message),
    /// The role has no permission.
    #[response(status = 403)]
    Denied(Message),
    /// The union does not exist.
    #[response(status = 404)]
    NotFound(Message),
    /// The database is unavailable; Retry-After says how long to wait.
    #[response(status = 503)]
    Unavailable(Message),
}
