//! The formats of response bodies.

use serde_json::Value;

use crate::service::Answer;

/// The format of a system's error responses.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// `{statusCode, statusMessage}`
    Clinic,
    /// `{statusCode, message, errors?}`
    Notifications,
    /// `{success, message}`
    Success,
}

impl Shape {
    /// Checks that an error response has this format and no other keys.
    pub(crate) fn of_error(self, answer: &Answer) {
        let json = answer.json();
        let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        match self {
            Self::Clinic => assert_eq!(keys, ["statusCode", "statusMessage"], "{answer:?}"),
            Self::Notifications if json.get("errors").is_some() => {
                assert_eq!(keys, ["errors", "message", "statusCode"], "{answer:?}");
            }
            Self::Notifications => assert_eq!(keys, ["message", "statusCode"], "{answer:?}"),
            Self::Success => {
                assert_eq!(keys, ["message", "success"], "{answer:?}");
                assert_eq!(json["success"], false);
            }
        }
        if let Some(code) = json.get("statusCode") {
            assert_eq!(code, answer.status, "{answer:?}");
        }
        assert!(!answer.message().is_empty(), "{answer:?}");
        assert_eq!(answer.headers["content-type"], "application/json");
    }
}

/// Checks that a value is an instant in RFC 3339, in UTC with milliseconds and `Z`.
pub(crate) fn is_instant(value: &Value) {
    let text = value.as_str().unwrap();
    let form: String = text.chars().map(|one| if one.is_ascii_digit() { '0' } else { one }).collect();
    assert_eq!(form, "0000-00-00T00:00:00.000Z", "{text}");
    assert!(text.parse::<chrono::DateTime<chrono::Utc>>().is_ok());
}

/// Returns the keys of a JSON object in the order in which they are written.
pub(crate) fn keys_as_written(text: &str) -> Vec<String> {
    // A map would lose the order, so a visitor collects the keys.
    struct Keys(Vec<String>);
    impl<'de> serde::Deserialize<'de> for Keys {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Keys;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                    let mut keys = Vec::new();
                    while let Some((key, _)) = map.next_entry::<String, serde::de::IgnoredAny>()? {
                        keys.push(key);
                    }
                    Ok(Keys(keys))
                }
            }
            deserializer.deserialize_map(Visitor)
        }
    }
    serde_json::from_str::<Keys>(text).unwrap().0
}
