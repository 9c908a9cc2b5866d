//! The health check.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::answer::{json, log};
use crate::service::Service;
use crate::shapes::Health;

/// Returns whether the service and its database are up.
#[utoipa::path(get, path = "/healthz", operation_id = "health", tag = "service",
    responses((status = 200, body = Health, description = "Both are up"),
              (status = 503, body = Health, description = "The database is not")))]
pub(crate) async fn health(State(service): State<Arc<Service>>) -> Response {
    match service.database.ping().await {
        Ok(()) => json(StatusCode::OK, &json!({ "status": "ok" })),
        Err(error) => {
            log("the database is unavailable", &error);
            json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "down" }))
        }
    }
}
