//! The endpoint that deletes customers of the VPN.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use client_lifecycle::Request;
use client_lifecycle::clients::wire::Wire;
use client_lifecycle::domain::Mode;

use crate::answer::{failed, reply};
use crate::asked::{Asked, invalid, remove};
use crate::caller::Caller;
use crate::id::Id;
use crate::parameters::{CustomerQuery, OperationKey, RemovalQuery};
use crate::service::Service;
use crate::shapes::{CustomerDeleted, Message};

/// Marks a customer as deleted, or deletes it permanently if an administrator requests that with a reason.
#[utoipa::path(delete, path = "/customer/{userId}", operation_id = "delete_customer", tag = "vpn", security(("bearer" = [])),
    params(("userId" = String, Path, description = "The customer"), CustomerQuery, RemovalQuery,
           OperationKey),
    responses((status = 200, body = CustomerDeleted, description = "The customer is deleted"),
              (status = 400, body = Message, description = "The request is invalid"),
              (status = 401, body = Message, description = "The token is missing or invalid"),
              (status = 403, body = Message, description = "The role has no permission, or not for this customer"),
              (status = 404, body = Message, description = "The customer does not exist"),
              (status = 409, body = Message, description = "An active subscription or other data blocks the deletion"),
              (status = 500, body = Message, description = "Internal error"),
              (status = 503, body = Message, description = "The database is unavailable; Retry-After says how long to wait")))]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Id(id): Id,
    asked: Asked,
) -> Response {
    let wire = Wire::vpn();
    let deleted = async {
        let actor = service.tokens.actor(&caller);
        let request = |mode| Request::new(mode, "customers", &*id).by(actor);
        match mode(asked.one("mode")) {
            Ok(mode) => remove(&service.database, &service.vpn, request(mode), &asked, &["mode"]).await,
            Err(why) => Err(service.vpn.reject(&request(Mode::SoftDelete), why).await),
        }
    };
    match deleted.await {
        Ok(receipt) => reply(&wire.success(&receipt)),
        Err(error) => failed(&wire, &error),
    }
}

fn mode(
    asked: Result<Option<&str>, client_lifecycle::policy::Refusal>,
) -> Result<Mode, client_lifecycle::policy::Refusal> {
    match asked?.unwrap_or("soft_delete") {
        "soft_delete" => Ok(Mode::SoftDelete),
        "hard_delete" => Ok(Mode::HardDelete),
        _ => Err(invalid("unknown mode", "use soft_delete or hard_delete")),
    }
}
