//! The endpoint that deletes users of the notification system.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use client_lifecycle::Request;
use client_lifecycle::clients::wire::Wire;
use client_lifecycle::domain::Actor;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::policy::Refusal;

use crate::answer::{failed, reply};
use crate::asked::{Asked, invalid, remove};
use crate::caller::Caller;
use crate::id::Id;
use crate::parameters::{OperationKey, RemovalQuery};
use crate::service::Service;
use crate::shapes::ErrorList;

/// Deletes a user permanently.
#[utoipa::path(delete, path = "/api/v1/users/{id}", operation_id = "delete_user", tag = "notifications",
    params(("id" = Uuid, Path, description = "The user"), RemovalQuery,
           OperationKey),
    responses((status = 204, description = "The user is deleted"),
              (status = 400, body = ErrorList, description = "The id is not a UUID, or the request is invalid"),
              (status = 404, body = ErrorList, description = "The user does not exist"),
              (status = 409, body = ErrorList, description = "The data has changed"),
              (status = 500, body = ErrorList, description = "Internal error"),
              (status = 503, body = ErrorList, description = "The database is unavailable; Retry-After says how long to wait")))]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Id(id): Id,
    asked: Asked,
) -> Response {
    let wire = Wire::notifications();
    let anonymous = caller.recorded_as(Actor::anonymous());
    match wire.id(&id) {
        Ok(id) => {
            let request = Request::hard_delete("users", id).by(anonymous);
            match remove(&service.database, &service.notifications, request, &asked, &[]).await {
                Ok(receipt) => reply(&wire.success(&receipt)),
                Err(error) => failed(&wire, &error),
            }
        }
        Err(answer) => {
            let request = Request::hard_delete("users", &*id).by(anonymous);
            let why = invalid("the id is not a UUID", "use a UUID");
            match service.notifications.reject(&request, why).await {
                Error::Refused(Refusal::Invalid { .. }) => reply(&answer),
                error => failed(&wire, &error),
            }
        }
    }
}
