//! Compares `/openapi.json` with the endpoints that the service serves.

use client_lifecycle::clients::Client;
use serde_json::Value;

use super::start;
use crate::schema::Description;
use crate::service::Call;
use crate::shape::Shape;

#[test]
fn exactly_the_served_endpoints_are_described() {
    let Some(service) = start() else { return };
    let description = Description::of(&service);
    let mut described: Vec<String> = description
        .operations
        .iter()
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    described.sort();
    assert_eq!(
        described,
        [
            "DELETE /api/clients/{id}",
            "DELETE /api/unions/{id}",
            "DELETE /api/v1/users/{id}",
            "DELETE /customer/{userId}",
            "GET /api/clients",
            "GET /api/clients/{id}",
            "GET /api/clients/{id}/deletion-plan",
            "GET /healthz",
            "POST /api/clients",
            "POST /api/unions/{id}/reassign",
            "POST /api/unions/{id}/reassign-members",
            "PUT /api/clients/{id}",
        ]
    );
}

#[test]
fn every_operation_has_a_distinct_name() {
    let Some(service) = start() else { return };
    let description = Description::of(&service);
    let methods = description.document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values());
    let names: Vec<&str> = methods.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    let different: std::collections::BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), different.len(), "{names:?}");
}

#[test]
fn exactly_the_described_methods_are_served() {
    let Some(service) = start() else { return };
    let description = Description::of(&service);
    for path in description.paths() {
        let offered: Vec<&str> = description.methods(path);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let mut call = Call::new(method, &path.replace("{id}", "x").replace("{userId}", "x"));
            if ["POST", "PUT", "PATCH"].contains(&method) {
                call = call.body("{}");
            }
            let answer = service.send(&call);
            assert_eq!(answer.status != 405, offered.contains(&method), "{call:?}: {answer:?}");
            if answer.status == 405 {
                for offered in &offered {
                    assert!(answer.headers["allow"].to_str().unwrap().contains(offered), "{answer:?}");
                }
            }
            assert!(answer.status < 500 && !answer.text.is_empty(), "{call:?}");
        }
    }
}

#[test]
fn unknown_paths_are_not_found_in_the_shape_of_their_system() {
    let Some(service) = start() else { return };
    for (path, shape) in [
        ("/", Shape::Notifications),
        ("/nothing", Shape::Notifications),
        ("/api/v1/people/1", Shape::Notifications),
        ("/api/clients/1/2", Shape::Clinic),
        ("/customer", Shape::Success),
        ("/customer/1/2", Shape::Success),
        ("/api/unions/1/members", Shape::Success),
    ] {
        let answer = service.send(&Call::new("DELETE", path));
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        shape.of_error(&answer);
    }
    let answer = service.send(&Call::new("PATCH", "/api/clients"));
    assert_eq!(answer.status, 405);
    Shape::Clinic.of_error(&answer);
}

#[test]
fn the_described_client_has_the_fields_of_the_library() {
    let Some(service) = start() else { return };
    let description = Description::of(&service);
    let schema = &description.document["components"]["schemas"]["Client"];
    let mut fields = Client::FIELDS;
    fields.sort_unstable();
    let properties: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(properties, fields);
    let mut required: Vec<&str> =
        schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    required.sort_unstable();
    assert_eq!(required, fields);
}

#[test]
fn the_health_check_succeeds() {
    let Some(service) = start() else { return };
    let answer = service.send(&Call::new("GET", "/healthz"));
    assert_eq!((answer.status, &*answer.text), (200, r#"{"status":"ok"}"#));
}
