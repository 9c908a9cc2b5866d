//! Parameters in queries and headers, for the description. They are read by hand in `asked`.
#![allow(dead_code, reason = "only their descriptions are used")]

use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::shapes::Status;

/// Why.
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
    /// `next` of the page before.
    after: Option<Uuid>,
    /// How many; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Only those that are ON, or OFF.
    #[param(inline)]
    status: Option<Status>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WriteQuery {
    /// The name of a warning that is accepted; may be repeated.
    acknowledge: Option<Vec<String>>,
    /// Why it is asked for.
    #[param(inline)]
    reason: Option<Reason>,
    /// What else there is to say, for the audit log.
    #[param(max_length = 1000)]
    note: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemovalQuery {
    /// The name of a warning that is accepted; may be repeated.
    acknowledge: Option<Vec<String>>,
    /// Why it is asked for.
    #[param(inline)]
    reason: Option<Reason>,
    /// What else there is to say, for the audit log.
    #[param(max_length = 1000)]
    note: Option<String>,
    /// The digest of a plan that was shown: exactly that is done, or nothing.
    #[param(pattern = "^[0-9a-fA-F]{64}$")]
    digest: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct OperationKey {
    /// The id of the operation, chosen by the caller: the same request with the same id is done once.
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
    /// `soft_delete` where nothing is said; `hard_delete` needs a reason and the role ADMIN.
    #[param(inline)]
    mode: Option<CustomerMode>,
}
