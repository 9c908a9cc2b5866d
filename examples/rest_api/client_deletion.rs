//! The endpoints that plan and carry out the deletion of a clinic's client.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use client_lifecycle::clients::wire::{Operation, Wire};
use client_lifecycle::domain::Request;

use crate::answer::{failed, json, reply};
use crate::asked::{Asked, remove};
use crate::caller::Caller;
use crate::id::Id;
use crate::parameters::{OperationKey, RemovalQuery, WriteQuery};
use crate::service::Service;
use crate::shapes::{ClinicRefusal, DeletionPlan, Done, StatusMessage};

/// Shows what a deletion would do, what blocks it, and its warnings. Changes nothing.
#[utoipa::path(get, path = "/api/clients/{id}/deletion-plan", operation_id = "plan_client_deletion", tag = "clinic", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The client"), WriteQuery),
    responses((status = 200, body = DeletionPlan, description = "The plan. A deletion with its digest does exactly this or nothing"),
              (status = 404, body = StatusMessage, description = "The client does not exist"), ClinicRefusal))]
pub(crate) async fn plan(
    State(service): State<Arc<Service>>,
    caller: Caller,
    id: Id,
    asked: Asked,
) -> Response {
    let planned = async {
        let request = Request::hard_delete("clients", id.of_client()).by(service.by_session(&caller).await?);
        service.clinic.plan(&asked.complete(request, &[])?).await
    };
    match planned.await {
        Ok(plan) => json(StatusCode::OK, &plan),
        Err(error) => failed(&Wire::clinic().for_operation(Operation::Read), &error),
    }
}

/// Deletes a client permanently.
#[utoipa::path(delete, path = "/api/clients/{id}", operation_id = "delete_client", tag = "clinic", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The client"), RemovalQuery,
           OperationKey),
    responses((status = 200, body = Done, description = "The client is deleted"),
              (status = 404, body = StatusMessage, description = "The client does not exist"),
              (status = 409, body = StatusMessage, description = "The deletion is blocked, or a warning is not acknowledged"),
              ClinicRefusal))]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    caller: Caller,
    id: Id,
    asked: Asked,
) -> Response {
    let wire = Wire::clinic();
    let deleted = async {
        let request = Request::hard_delete("clients", id.of_client()).by(service.by_session(&caller).await?);
        remove(&service.database, &service.clinic, request, &asked, &[]).await
    };
    match deleted.await {
        Ok(receipt) => reply(&wire.success(&receipt)),
        Err(error) => failed(&wire, &error),
    }
}
