//! The optional check of the letter in a DNI or NIE.

use client_lifecycle::clients::{Client, ClientPatch, ClientRules, DocumentType, NewClient};
use serde_json::json;

use super::{codes, maria, new_client};

const WRONG: [(&str, &str); 1] = [("document_number", "document_letter")];

fn strict() -> ClientRules {
    ClientRules::default().check_document_letters()
}

fn patched(
    client: &Client,
    body: &serde_json::Value,
) -> Result<Client, client_lifecycle::domain::Violations> {
    let patch = ClientPatch::from_json(body).unwrap();
    client.patched(&patch, "2024-03-05T15:45:00Z".parse().unwrap(), &strict())
}

#[test]
fn exactly_one_letter_fits_eight_digits() {
    for digits in ["00000000", "12345678", "99999999", "00000022", "00000023"] {
        let fitting: Vec<char> = ('A'..='Z')
            .filter(|letter| DocumentType::Dni.letter_fits(&format!("{digits}{letter}")))
            .collect();
        assert_eq!(fitting.len(), 1, "{digits}");
    }
    for right in ["12345678Z", "12345678z", "00000000T", "00000023T"] {
        assert!(DocumentType::Dni.letter_fits(right), "{right}");
    }
    let wrong = [
        "",
        "12345678",
        "12345678A",
        "1234567Z",
        "012345678Z",
        "12345678ZZ",
        "12345678-Z",
        " 12345678Z",
        "+2345678Z",
        "-2345678Z",
        "1234567éZ",
        "12345678\u{33a}",
        "X1234567L",
        "\u{661}2345678Z",
    ];
    for number in wrong {
        assert!(!DocumentType::Dni.letter_fits(number), "{number}");
    }
}

#[test]
fn the_prefix_of_a_nie_counts_as_a_digit() {
    for right in ["X1234567L", "x1234567l", "Y1234567X", "Z1234567R", "X0000000T"] {
        assert!(DocumentType::Nie.letter_fits(right), "{right}");
    }
    for wrong in
        ["X1234567A", "12345678Z", "01234567L", "W1234567L", "X123456L", "X12345678L", "XX123456L", "", "X"]
    {
        assert!(!DocumentType::Nie.letter_fits(wrong), "{wrong}");
    }
    assert!(DocumentType::Passport.letter_fits("anything"));
}

/// R152: the documented example has a number with a wrong letter, so the check is optional.
#[test]
fn the_check_is_off_by_default() {
    assert!(NewClient::from_json(&new_client(&json!({}))).is_ok());
    assert_eq!(codes(&NewClient::from_json_under(&new_client(&json!({})), &strict()).unwrap_err()), WRONG);
    let right = new_client(&json!({ "document_number": "12345678Z" }));
    assert!(NewClient::from_json_under(&right, &strict()).is_ok());
    let both = json!({ "document_type": "NIE", "document_number": "12345678Z" });
    assert!(ClientPatch::from_json(&both).is_ok());
    assert_eq!(codes(&ClientPatch::from_json_under(&both, &strict()).unwrap_err()), WRONG);
}

#[test]
fn a_patch_is_checked_with_the_unchanged_half_of_the_document() {
    assert_eq!(codes(&patched(&maria(), &json!({ "document_number": "87654321A" })).unwrap_err()), WRONG);
    assert!(patched(&maria(), &json!({ "document_number": "12345678Z" })).is_ok());
    let passport = patched(&maria(), &json!({ "document_type": "PASSPORT" })).unwrap();
    assert_eq!(codes(&patched(&passport, &json!({ "document_type": "NIE" })).unwrap_err()), WRONG);
    // An update of other fields does not check the stored document.
    assert!(patched(&maria(), &json!({ "city": "Lugo" })).is_ok());
}
