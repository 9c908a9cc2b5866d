//! Query and header parameters, for the `OpenAPI` description only. `asked.rs` parses them.
#![allow(dead_code, reason = "only their descriptions are used")]

use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::shapes::Status;

/// The reason.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum Reason {
    PrivacyRequest,
    TestData,
    Duplicate,
    Fraud,
    AdministrativeCleanup,
    Deactivation,
    UserInitiated,
    Other,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// `next` of the previous page.
    after: Option<Uuid>,
    /// The maximum number of clients; 20 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Selects clients with this status.
    #[param(inline)]
    status: Option<Status>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WriteQuery {
    /// The name of a warning to acknowledge; may be repeated.
    acknowledge: Option<Vec<String>>,
    /// The reason for the request.
    #[param(inline)]
    reason: Option<Reason>,
    /// An explanation for the audit log.
    #[param(max_length = 1000)]
    note: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemovalQuery {
    /// The name of a warning to acknowledge; may be repeated.
    acknowledge: Option<Vec<String>>,
    /// The reason for the request.
    #[param(inline)]
    reason: Option<Reason>,
    /// An explanation for the audit log.
    #[param(max_length = 1000)]
    note: Option<String>,
    /// The digest of a plan: exactly that plan is carried out, or nothing.
    #[param(pattern = "^[0-9a-fA-F]{64}$")]
    digest: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct OperationKey {
    /// The id of the operation, chosen by the caller: the same request with the same id is carried out once.
    #[param(rename = "Idempotency-Key")]
    idempotency_key: Option<Uuid>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum CustomerMode {
    SoftDelete,
    HardDelete,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CustomerQuery {
    /// `soft_delete` by default; `hard_delete` needs a reason and the role ADMIN.
    #[param(inline)]
    mode: Option<CustomerMode>,
}
