//! Responses to unknown paths and methods, in the error format of the system that the path resembles.

use axum::http::Uri;
use axum::response::Response;
use client_lifecycle::clients::wire::Wire;

use crate::answer::reply;

pub(crate) async fn no_such_path(uri: Uri) -> Response {
    let (wire, spanish) = like(uri.path());
    reply(&wire.custom(404, if spanish { "Ruta no encontrada" } else { "Not Found" }))
}

pub(crate) async fn wrong_method(uri: Uri) -> Response {
    let (wire, spanish) = like(uri.path());
    reply(&wire.custom(405, if spanish { "Método no permitido" } else { "Method Not Allowed" }))
}

/// Returns the system that a path belongs to, and whether its messages are in Spanish.
fn like(path: &str) -> (Wire, bool) {
    let mut parts = path.split('/').skip(1);
    match (parts.next(), parts.next()) {
        (Some("api"), Some("clients")) => (Wire::clinic(), true),
        (Some("api"), Some("unions")) => (Wire::unions(), false),
        (Some("customer"), _) => (Wire::vpn(), false),
        _ => (Wire::notifications(), false),
    }
}
