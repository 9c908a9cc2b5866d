//! The client of the clinic's API (seed 003): responses, valid input, and messages about invalid input.

mod answer;
mod debug;
mod document_letter;
#[cfg(feature = "testing")]
mod every_violation;
mod fields;
mod lengths;
mod messages;
mod patch;
mod record;
mod refused;

use client_lifecycle::clients::{Client, ClientRules, DocumentType, NewClient};
use client_lifecycle::domain::Violations;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::seeds;

/// In seed 003, the text before the example of a request body.
const BODY: &str = "--data '";

/// In seed 003, the text before the example of a response.
const ANSWER: &str = "}\n'";

/// The client in the example responses of seed 003, before the example update.
fn maria() -> Client {
    let mut new = NewClient::new(
        seeds::EMAIL,
        "Maria",
        "Garcia",
        "+34612345678",
        "1990-05-15".parse().unwrap(),
        DocumentType::Dni,
        "12345678A",
    );
    new.address = "Calle Mayor 123".into();
    new.city = "Madrid".into();
    new.country = "Spain".into();
    new.postal_code = "28013".into();
    new.gender = "female".into();
    let id = Uuid::parse_str("550e8400-e29b-41d4-a716-446655440000").unwrap();
    Client::new(new, id, "2024-01-15T10:30:00Z".parse().unwrap(), &ClientRules::default()).unwrap()
}

/// Returns a body that creates a client, with these fields replaced. A `null` removes the field.
fn new_client(changes: &Value) -> Value {
    let mut body = json!({
        "email": seeds::EMAIL, "name": "Maria", "surname": "Garcia", "phone": "+34612345678",
        "birth_date": "1990-05-15", "document_type": "DNI", "document_number": "12345678A"
    });
    for (field, value) in changes.as_object().unwrap() {
        if value.is_null() {
            body.as_object_mut().unwrap().remove(field);
        } else {
            body[field] = value.clone();
        }
    }
    body
}

/// Returns the paths and codes of violations, in order.
fn codes(violations: &Violations) -> Vec<(&str, &str)> {
    violations.iter().map(|violation| (violation.path.as_str(), violation.code.as_str())).collect()
}
