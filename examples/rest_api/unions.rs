//! The endpoints that delete and reassign credit unions.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use client_lifecycle::Request;
use client_lifecycle::clients::wire::{Operation, ResourceName, Wire};
use client_lifecycle::domain::RecordId;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::policy::Refusal;
use client_lifecycle::protocol::Receipt;
use serde_json::Value;

use crate::answer::{failed, reply};
use crate::asked::{Asked, invalid, remove};
use crate::body::Body;
use crate::caller::Caller;
use crate::id::Id;
use crate::parameters::{OperationKey, RemovalQuery, WriteQuery};
use crate::service::Service;
use crate::shapes::{Message, NewOwner, UnionRefusal};

const TOO_LARGE: &str = "The body is too large";

/// Marks a union as deleted.
#[utoipa::path(delete, path = "/api/unions/{id}", operation_id = "delete_union", tag = "unions", security(("bearer" = [])),
    params(("id" = String, Path, description = "The union"), RemovalQuery,
           OperationKey),
    responses((status = 200, body = Message, description = "The union is deleted"), UnionRefusal))]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Id(id): Id,
    asked: Asked,
) -> Response {
    let wire = Wire::unions();
    let request = Request::soft_delete("unions", id).by(service.tokens.actor(&caller));
    match remove(&service.database, &service.unions, request, &asked, &[]).await {
        Ok(receipt) => reply(&wire.success(&receipt)),
        Err(error) => failed(&wire, &error),
    }
}

/// Moves all members of a union to another one.
#[utoipa::path(post, path = "/api/unions/{id}/reassign-members", operation_id = "reassign_members", tag = "unions", security(("bearer" = [])),
    request_body = NewOwner,
    params(("id" = String, Path, description = "The union that they leave"), WriteQuery,
           OperationKey),
    responses((status = 200, body = Message, description = "All members are in the other union"),
              (status = 409, body = Message, description = "The other union does not exist"),
              (status = 413, body = Message, description = "The body is too large"),
              (status = 500, body = Message, description = "Internal error"), UnionRefusal))]
pub(crate) async fn reassign_members(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Id(id): Id,
    asked: Asked,
    body: Body,
) -> Response {
    let members = Wire::unions().with_resource(ResourceName::new("members", "miembros"));
    let request = Request::reassigning("unions", id).by(service.tokens.actor(&caller));
    let done = reassign(&service, request, "members.union_id", &asked, &body).await;
    reassigned(&members, &body, done)
}

/// Gives a union to another credit officer.
#[utoipa::path(post, path = "/api/unions/{id}/reassign", operation_id = "reassign_union", tag = "unions", security(("bearer" = [])),
    request_body = NewOwner,
    params(("id" = String, Path, description = "The union"), WriteQuery,
           OperationKey),
    responses((status = 200, body = Message, description = "The union belongs to the other officer"),
              (status = 409, body = Message, description = "The officer does not exist"),
              (status = 413, body = Message, description = "The body is too large"),
              (status = 500, body = Message, description = "Internal error"), UnionRefusal))]
pub(crate) async fn reassign_officer(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Id(id): Id,
    asked: Asked,
    body: Body,
) -> Response {
    let request = Request::reassigning("unions", id).by(service.tokens.actor(&caller));
    let done = reassign(&service, request, "unions.officer_id", &asked, &body).await;
    reassigned(&Wire::unions(), &body, done)
}

async fn reassign(
    service: &Service,
    request: Request,
    reference: &str,
    asked: &Asked,
    body: &Body,
) -> Result<Receipt, Error> {
    let complete = asked.complete(request.clone(), &[]).map_err(Error::from);
    match complete.and_then(|request| Ok(request.reassign(reference, body.read(new_owner)?))) {
        Ok(request) => service.unions.execute(&request).await,
        Err(why) => Err(service.unions.reject(&request, why).await),
    }
}

fn reassigned(done: &Wire, body: &Body, reassigned: Result<Receipt, Error>) -> Response {
    match reassigned {
        Ok(receipt) => reply(&done.success(&receipt)),
        Err(error) => body.rejected(&Wire::unions().for_operation(Operation::Reassign), &error, TOO_LARGE),
    }
}

/// Reads `{"to": "clx1234567890"}`. Other keys are errors.
fn new_owner(body: &Value) -> Result<RecordId, Refusal> {
    let wrong =
        || invalid("the body must be an object with the new owner's id in `to`", "send {\"to\":\"…\"}");
    let object = body.as_object().filter(|object| object.len() == 1).ok_or_else(wrong)?;
    let to = object.get("to").and_then(Value::as_str).filter(|to| !to.trim().is_empty());
    to.map(RecordId::from).ok_or_else(wrong)
}
