//! Properties that the responses of all systems share.

use client_lifecycle::clients::Language;
use client_lifecycle::clients::wire::{Body, ErrorKind, ResourceName, Wire};

use super::world::answers;

/// Returns the four systems, each in its documented language and in Spanish.
fn wires() -> Vec<Wire> {
    let own = vec![Wire::clinic(), Wire::notifications(), Wire::vpn(), Wire::unions()];
    let others = own.clone().into_iter().map(|wire| {
        let wire = wire.in_language(Language::English);
        wire.in_language(Language::Spanish)
    });
    own.into_iter().chain(others).collect()
}

// R206
#[tokio::test]
async fn each_system_has_its_own_error_format() {
    for wire in wires() {
        for (what, answer) in answers(&wire).await {
            let Some(body) = &answer.body else {
                assert_eq!(answer.status, 204, "{what}");
                continue;
            };
            let status = match body {
                Body::StatusMessage(body) => body.status_code,
                Body::ErrorList(body) => body.status_code,
                _ => answer.status,
            };
            assert_eq!(status, answer.status, "{what}");
            assert_eq!(matches!(body, Body::Success(body) if body.success), answer.status < 300, "{what}");
        }
    }
}

#[tokio::test]
async fn no_response_contains_data_or_messages_of_the_database() {
    for wire in wires() {
        for (what, answer) in answers(&wire).await {
            assert!(!format!("{answer:?}{}", answer.json()).contains("maria"), "{what}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn every_error_has_a_message_and_a_remedy() {
    for wire in wires() {
        for (what, answer) in answers(&wire).await {
            if answer.status >= 300 {
                assert!(!answer.message().is_empty() && !answer.remedy.is_empty(), "{what}: {answer:?}");
            }
        }
    }
}

#[test]
fn a_host_can_set_resource_names_and_messages() {
    let wire = Wire::vpn()
        .with_resource(ResourceName::new("patient", "paciente"))
        .with_message(ErrorKind::NotFound, "Nobody here");
    assert_eq!(wire.error_kind(ErrorKind::NotFound).message(), "Nobody here");
    assert_eq!(wire.error_kind(ErrorKind::NotFound).remedy, "Verify the user ID exists");
    assert_eq!(
        wire.error_kind(ErrorKind::NotUnique).message(),
        "The e-mail address is already used by another patient"
    );
}

#[tokio::test]
async fn an_unavailable_database_is_a_503() {
    for wire in wires() {
        assert_eq!(super::world::answer(&wire, "away").await.status, 503);
    }
}
