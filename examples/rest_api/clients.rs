//! The endpoints that list, find, create and update the clinic's clients.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use client_lifecycle::clients::wire::{ErrorKind, Operation, Wire};
use client_lifecycle::clients::{ClientPage, ClientPatch, NewClient};
use client_lifecycle::domain::{Actor, RecordId, Role};
use client_lifecycle::policy::Refusal;
use client_lifecycle::{Error, Request, Status};
use serde::Serialize;
use uuid::Uuid;

use crate::answer::{failed, json, reply};
use crate::asked::{Asked, invalid};
use crate::body::Body;
use crate::caller::Caller;
use crate::id::Id;
use crate::parameters::{ListQuery, OperationKey, WriteQuery};
use crate::service::Service;
use crate::shapes::{Client, ClientChanges, ClientList, ClientToCreate, ClinicRefusal, StatusMessage};

#[derive(Serialize)]
struct Page {
    clients: Vec<client_lifecycle::Client>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<RecordId>,
}

/// The default and the maximum number of clients on a page.
const PAGE: (u32, u32) = (20, 100);

pub(crate) const TOO_LARGE: &str = "El cuerpo es demasiado grande";

/// Lists a page of clients in the order of their ids, without deleted ones.
#[utoipa::path(get, path = "/api/clients", operation_id = "list_clients", tag = "clinic", params(ListQuery), security(("session" = [])),
    responses((status = 200, body = ClientList, description = "A page; `next` is the `after` of the next one"), ClinicRefusal))]
pub(crate) async fn list(State(service): State<Arc<Service>>, caller: Caller, asked: Asked) -> Response {
    let wire = Wire::clinic().for_operation(Operation::Read);
    if let Err(response) = staff(&service, &caller, &wire).await {
        return response;
    }
    let listed = async { service.clinic.clients()?.list(&page(&asked)?).await };
    match listed.await {
        Ok(page) => json(StatusCode::OK, &Page { clients: page.clients, next: page.next }),
        Err(error) => failed(&wire, &error),
    }
}

/// Finds a client.
#[utoipa::path(get, path = "/api/clients/{id}", operation_id = "find_client", tag = "clinic", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The client")),
    responses((status = 200, body = Client, description = "The client"),
              (status = 404, body = StatusMessage, description = "The client does not exist"), ClinicRefusal))]
pub(crate) async fn find(State(service): State<Arc<Service>>, caller: Caller, id: Id) -> Response {
    let wire = Wire::clinic().for_operation(Operation::Read);
    if let Err(response) = staff(&service, &caller, &wire).await {
        return response;
    }
    let found = async { service.clinic.clients()?.find(id.of_client()).await };
    match found.await {
        Ok(client) => json(StatusCode::OK, &client),
        Err(error) => failed(&wire, &error),
    }
}

/// Creates a client.
#[utoipa::path(post, path = "/api/clients", operation_id = "create_client", tag = "clinic", security(("session" = [])), request_body = ClientToCreate,
    params(WriteQuery, OperationKey),
    responses((status = 201, body = Client, description = "The client, at its Location"),
              (status = 409, body = StatusMessage, description = "Another user has the e-mail address"),
              (status = 413, body = StatusMessage, description = "The body is too large"), ClinicRefusal))]
pub(crate) async fn create(
    State(service): State<Arc<Service>>,
    caller: Caller,
    asked: Asked,
    body: Body,
) -> Response {
    let wire = Wire::clinic().for_operation(Operation::Create);
    let created = async {
        let request = Request::create("clients").by(service.by_session(&caller).await?);
        let complete = asked.complete(request.clone(), &[]).map_err(Error::from);
        match complete.and_then(|request| Ok((request, body.read(NewClient::from_json)?))) {
            Ok((request, new)) => service.clinic.clients()?.create(&request, new).await,
            Err(why) => Err(service.clinic.reject(&request, why).await),
        }
    };
    match created.await {
        Ok(client) => {
            let mut response = json(StatusCode::CREATED, &client);
            if let Ok(place) = HeaderValue::try_from(format!("/api/clients/{}", client.user_id())) {
                response.headers_mut().insert(LOCATION, place);
            }
            response
        }
        Err(error) => body.rejected(&wire, &error, TOO_LARGE),
    }
}

/// Updates the fields that the body names. A new status deactivates or reactivates the client.
#[utoipa::path(put, path = "/api/clients/{id}", operation_id = "update_client", tag = "clinic", security(("session" = [])), request_body = ClientChanges,
    params(("id" = Uuid, Path, description = "The client"), WriteQuery,
           OperationKey),
    responses((status = 200, body = Client, description = "The updated client"),
              (status = 404, body = StatusMessage, description = "The client does not exist"),
              (status = 409, body = StatusMessage, description = "Another user has the e-mail address, or the update is blocked"),
              (status = 413, body = StatusMessage, description = "The body is too large"), ClinicRefusal))]
pub(crate) async fn update(
    State(service): State<Arc<Service>>,
    caller: Caller,
    id: Id,
    asked: Asked,
    body: Body,
) -> Response {
    let wire = Wire::clinic().for_operation(Operation::Update);
    let updated = async {
        let request = Request::update("clients", id.of_client()).by(service.by_session(&caller).await?);
        let complete = asked.complete(request.clone(), &[]).map_err(Error::from);
        match complete.and_then(|request| Ok((request, body.read(ClientPatch::from_json)?))) {
            Ok((request, patch)) => service.clinic.clients()?.update(&request, &patch).await,
            Err(why) => Err(service.clinic.reject(&request, why).await),
        }
    };
    match updated.await {
        Ok(client) => json(StatusCode::OK, &client),
        Err(error) => body.rejected(&wire, &error, TOO_LARGE),
    }
}

/// Returns the administrator who makes the request, or an error response. Who may see clients is decided here, not by
/// the library.
pub(crate) async fn staff(service: &Service, caller: &Caller, wire: &Wire) -> Result<Actor, Response> {
    match service.by_session(caller).await {
        Ok(actor) if actor.roles.contains(&Role::ADMIN) => Ok(actor),
        Ok(actor) if actor.is_anonymous() => Err(reply(&wire.error_kind(ErrorKind::Unauthenticated))),
        Ok(_) => Err(reply(&wire.error_kind(ErrorKind::MissingRole))),
        Err(error) => Err(failed(wire, &error)),
    }
}

/// Returns the page that the query asks for.
fn page(asked: &Asked) -> Result<ClientPage, Refusal> {
    asked.only(&["after", "limit", "status"])?;
    let (usual, most) = PAGE;
    let limit = asked.one("limit")?.map_or(Ok(usual), str::parse);
    let limit = limit.ok().filter(|limit| (1..=most).contains(limit));
    let limit = limit.ok_or_else(|| invalid("the limit is out of range", format!("use 1 to {most}")))?;
    let mut page = ClientPage::first(limit);
    if let Some(after) = asked.one("after")? {
        let after = after.parse::<Uuid>();
        page = page
            .after(after.map_err(|_| invalid("`after` is not a UUID", "use `next` of the previous page"))?);
    }
    if let Some(status) = asked.one("status")? {
        let status = status.parse::<Status>();
        page = page.with_status(status.map_err(|_| invalid("unknown status", "use ON or OFF"))?);
    }
    Ok(page)
}
