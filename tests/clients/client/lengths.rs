//! Maximum and minimum lengths in characters (Unicode scalar values), not in bytes or glyphs.

use client_lifecycle::clients::{ClientPatch, NewClient};
use serde_json::json;

use super::{codes, new_client};

/// Characters of different sizes and directions to fill a text with.
const FILLERS: [(&str, char); 5] =
    [("ASCII", 'a'), ("emoji", '\u{1F9D1}'), ("combining", '\u{301}'), ("Hebrew", 'א'), ("Arabic", 'م')];

fn both(field: &str, text: &str) -> [Result<(), Vec<(String, String)>>; 2] {
    let owned = |violations: client_lifecycle::domain::Violations| {
        codes(&violations).into_iter().map(|(path, code)| (path.to_owned(), code.to_owned())).collect()
    };
    let new = NewClient::from_json(&new_client(&json!({ field: text })));
    let patch = ClientPatch::from_json(&json!({ field: text }));
    [new.map(|_| ()).map_err(owned), patch.map(|_| ()).map_err(owned)]
}

fn within(field: &str, min: usize, max: usize) {
    for (script, filler) in FILLERS {
        let text = |length: usize| filler.to_string().repeat(length);
        let refused = |code: &str| {
            [Err(vec![(field.to_owned(), code.to_owned())]), Err(vec![(field.to_owned(), code.to_owned())])]
        };
        for length in [min, min + 1, max - 1, max] {
            assert_eq!(both(field, &text(length)), [Ok(()), Ok(())], "{field}, {length} of {script}");
        }
        for length in [max + 1, max + 2, 100_000] {
            assert_eq!(both(field, &text(length)), refused("too_long"), "{field}, {length} of {script}");
        }
        for length in 0..min {
            assert_eq!(both(field, &text(length)), refused("too_short"), "{field}, {length} of {script}");
        }
    }
}

/// R121
#[test]
fn a_name_has_2_to_50_characters() {
    within("name", 2, 50);
}

/// R122
#[test]
fn a_surname_has_2_to_50_characters() {
    within("surname", 2, 50);
}

/// R123
#[test]
fn a_phone_has_6_to_20_characters() {
    within("phone", 6, 20);
}

/// R124
#[test]
fn an_address_has_at_most_255_characters() {
    within("address", 0, 255);
}

/// R125
#[test]
fn a_city_has_at_most_50_characters() {
    within("city", 0, 50);
}

/// R126
#[test]
fn a_country_has_at_most_50_characters() {
    within("country", 0, 50);
}

/// R127
#[test]
fn a_postal_code_has_at_most_20_characters() {
    within("postal_code", 0, 20);
}

/// R128
#[test]
fn a_gender_has_at_most_10_characters() {
    within("gender", 0, 10);
}

/// R131
#[test]
fn a_document_number_has_at_most_20_characters() {
    within("document_number", 0, 20);
}

/// R119
#[test]
fn an_email_has_at_most_50_characters() {
    let email = |length: usize| format!("{}@example.com", "a".repeat(length - "@example.com".len()));
    assert_eq!(both("email", &email(49)), [Ok(()), Ok(())]);
    assert_eq!(both("email", &email(50)), [Ok(()), Ok(())]);
    let too_long = || Err(vec![("email".to_owned(), "too_long".to_owned())]);
    assert_eq!(both("email", &email(51)), [too_long(), too_long()]);
}

/// White space alone is not a name, although it has enough characters.
#[test]
fn white_space_alone_is_not_a_name_or_a_phone() {
    for field in ["name", "surname", "phone"] {
        let blank = || Err(vec![(field.to_owned(), "blank".to_owned())]);
        for text in ["      ", "\u{a0}\u{2003}\t\n\u{3000} "] {
            assert_eq!(both(field, text), [blank(), blank()]);
        }
    }
    assert_eq!(both("address", "   "), [Ok(()), Ok(())]);
}
