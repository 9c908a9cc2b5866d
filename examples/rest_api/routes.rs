//! The routes, and the `OpenAPI` description generated from them.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{delete, get, put};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::service::Service;
use crate::{answer, client_deletion, clients, customers, fallback, health, unions, users};

#[derive(OpenApi)]
#[openapi(info(title = "client-lifecycle: rest_api", description = "The endpoints of four systems."), modifiers(&Credentials))]
struct Description;

/// Returns the router of all endpoints.
pub(crate) fn router(service: Arc<Service>) -> Router {
    let (router, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(clients::list, clients::create))
        .routes(routes!(clients::find, clients::update, client_deletion::delete))
        .routes(routes!(client_deletion::plan))
        .routes(routes!(users::delete))
        .routes(routes!(customers::delete))
        .routes(routes!(unions::delete))
        .routes(routes!(unions::reassign_members))
        .routes(routes!(unions::reassign_officer))
        .routes(routes!(health::health))
        .split_for_parts();
    router
        // Without an id the path does not match the routes above. These routes record the attempt and respond that the
        // id is missing.
        .route("/api/clients/", put(clients::update).delete(client_deletion::delete).get(clients::find))
        .route("/api/v1/users/", delete(users::delete))
        .route("/customer/", delete(customers::delete))
        .route("/api/unions/", delete(unions::delete))
        .route("/openapi.json", get(async move || answer::json(StatusCode::OK, &description)))
        .fallback(fallback::no_such_path)
        .method_not_allowed_fallback(fallback::wrong_method)
        .with_state(service)
}

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let session = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("session")));
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("session", session);
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}
