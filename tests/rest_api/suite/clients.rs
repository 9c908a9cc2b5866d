//! Creating, finding and listing the clinic's clients, which the seeds do not cover.

use client_lifecycle::clients::Client;
use serde_json::json;

use super::start;
use crate::service::new_client;
use crate::shape::keys_as_written;

#[test]
fn a_created_client_has_a_location() {
    let Some(service) = start() else { return };
    let answer = service.send(&service.staff("POST", "/api/clients").json(&new_client("zoe@example.com")));
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(keys_as_written(&answer.text), Client::FIELDS);
    let place = answer.headers["location"].to_str().unwrap();
    service.send(&service.staff("GET", place)).is(200, &answer.json());
    let id = answer.json()["user_id"].as_str().unwrap().to_owned();
    assert_eq!(service.audit("clients", &id)[0].action, "CLIENT_CREATED");
    // The password is empty, so the client cannot sign in.
    assert_eq!(service.text(&format!("SELECT password FROM clients WHERE user_id = '{id}'")), "");
}

#[test]
fn a_list_has_pages_without_staff_and_deleted_clients() {
    let Some(service) = start() else { return };
    assert_eq!(
        service.send(&service.staff("DELETE", &format!("/api/clients/{}", service.id("client")))).status,
        200
    );
    let list = |query: &str| {
        let mut ids = Vec::new();
        let mut after = String::new();
        loop {
            let answer = service.send(&service.staff("GET", &format!("/api/clients?limit=7{query}{after}")));
            assert_eq!(answer.status, 200, "{answer:?}");
            let page = answer.json();
            let clients = page["clients"].as_array().unwrap();
            assert!(clients.len() <= 7);
            ids.extend(clients.iter().map(|client| client["user_id"].as_str().unwrap().to_owned()));
            match page.get("next") {
                Some(next) => after = format!("&after={}", next.as_str().unwrap()),
                None => return ids,
            }
        }
    };
    let ids = list("");
    assert!(ids.is_sorted() && ids.len() == 61, "{ids:?}");
    assert!(!ids.iter().any(|id| id == service.id("client") || id == service.id("admin_user")));
    assert_eq!((list("&status=ON").len(), list("&status=OFF").len()), (55, 6));
    for wrong in ["limit=0", "limit=101", "limit=x", "status=AWAY", "after=x", "page=2", "limit=1&limit=2"] {
        assert_eq!(
            service.send(&service.staff("GET", &format!("/api/clients?{wrong}"))).status,
            400,
            "{wrong}"
        );
    }
}

#[test]
fn the_case_of_an_id_does_not_matter() {
    let Some(service) = start() else { return };
    let path = format!("/api/clients/{}", service.id("client").to_uppercase());
    for call in [
        service.staff("GET", &path),
        service.staff("PUT", &path).json(&json!({ "city": "Soria" })),
        service.staff("DELETE", &path),
    ] {
        assert_eq!(service.send(&call).status, 200, "{call:?}");
    }
}
