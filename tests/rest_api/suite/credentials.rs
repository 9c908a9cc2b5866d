//! Credentials: sessions of the clinic, and tokens of the VPN and the credit unions.

use client_lifecycle::domain::{AuditOutcome, instant_text};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::start;
use crate::seeds::json_after;
use crate::service::{Call, SECRET};
use crate::shape::Shape;

const UNAUTHORISED: &str = r#"{"statusCode":401,"statusMessage":"No autorizado"}"#;

/// R4, R5, R116
#[test]
fn an_invalid_session_is_refused_everywhere() {
    let Some(service) = start() else { return };
    let staff = service.id("admin_user");
    let path = format!("/api/clients/{}", service.id("client"));
    let session = |token: &str, expires: &str| {
        service.execute(&format!(
            "INSERT INTO sessions (client_id, token, expires_at) VALUES ('{staff}', '{token}', '{expires}')"
        ));
    };
    session(&kept("expired"), &instant_text(chrono::Utc::now() - chrono::TimeDelta::seconds(1)));
    let before = service.rows();
    // The database stores a hash of the token, which is not valid as a cookie.
    let stored = service.text("SELECT token FROM sessions ORDER BY id DESC LIMIT 1 OFFSET 1");
    let cookies = [
        "",
        "nobody",
        &*stored,
        "session=",
        "session=nobody",
        "session=expired",
        "expired",
        "sessions=x; token=y",
        "' OR 1=1 --",
    ];
    for cookie in cookies.map(Some).into_iter().chain([None]) {
        for (method, path, recorded) in [
            ("DELETE", &*path, 1),
            ("PUT", &path, 1),
            ("POST", "/api/clients", 1),
            ("GET", &path, 0),
            ("GET", "/api/clients", 0),
            ("GET", &format!("{path}/deletion-plan"), 0),
        ] {
            let entries = service.entries();
            let mut call = Call::new(method, path);
            if ["PUT", "POST"].contains(&method) {
                call = call.json(&json!({ "city": "Soria" }));
            }
            if let Some(cookie) = cookie {
                call = call.header("Cookie", cookie);
            }
            let answer = service.send(&call);
            assert_eq!((answer.status, &*answer.text), (401, UNAUTHORISED), "{call:?}");
            assert_eq!(service.entries(), entries + recorded, "{call:?}");
        }
    }
    assert_eq!(service.rows(), before);
}

#[test]
fn a_session_is_found_among_other_cookies_or_alone() {
    let Some(service) = start() else { return };
    let cookie = service.cookie();
    for header in
        [cookie.to_owned(), format!("session={cookie}"), format!("theme=dark; session={cookie};lang=es")]
    {
        let call = Call::new("GET", "/api/clients?limit=1").header("Cookie", &*header);
        assert_eq!(service.send(&call).status, 200, "{header}");
    }
}

#[test]
fn sessions_of_clients_and_former_staff_are_refused() {
    let Some(service) = start() else { return };
    service.execute(&format!(
        "INSERT INTO sessions (client_id, token, expires_at) VALUES ('{}', '{}', '2999-01-01T00:00:00.000Z')",
        service.id("client"),
        kept("of a client")
    ));
    let client = "of a client";
    let path = format!("/api/clients/{}", service.id("client"));
    for (method, path) in [
        ("DELETE", &*path),
        ("PUT", &path),
        ("GET", &path),
        ("GET", "/api/clients"),
        ("POST", "/api/clients"),
    ] {
        let mut call = Call::new(method, path).header("Cookie", client);
        if ["PUT", "POST"].contains(&method) {
            call = call.json(&json!({ "city": "Soria" }));
        }
        let answer = service.send(&call);
        assert_eq!((answer.status, &*answer.message()), (403, "Acceso denegado"), "{call:?}");
        Shape::Clinic.of_error(&answer);
    }
    service.execute(&format!(
        "UPDATE clients SET status = 'OFF' WHERE user_id = '{}'",
        service.id("admin_user")
    ));
    assert_eq!(service.send(&service.staff("GET", "/api/clients")).text, UNAUTHORISED);
}

/// R80, R91, R174, R180
#[test]
fn forged_expired_and_invalid_tokens_are_refused() {
    let Some(service) = start() else { return };
    let now = chrono::Utc::now().timestamp();
    let admin = |exp: i64| json!({ "sub": "admin-1", "roles": ["ADMIN"], "exp": exp });
    let good = token(SECRET, &admin(now + 60));
    let parts: Vec<&str> = good.split('.').collect();
    let of_user = service.bearer("USER");
    let without = |field: &str| {
        let mut claims = admin(now + 60);
        claims.as_object_mut().unwrap().remove(field);
        token(SECRET, &claims)
    };
    let with = |field: &str, value: Value| {
        let mut claims = admin(now + 60);
        claims[field] = value;
        token(SECRET, &claims)
    };
    let bearer = |token: String| format!("Bearer {token}");
    let bad = [
        String::new(),
        "Bearer".into(),
        "Bearer ".into(),
        "Bearer x.y.z".into(),
        good.clone(),
        format!("Basic {good}"),
        bearer(token("another secret", &admin(now + 60))),
        bearer(token(SECRET, &admin(now - 1))),
        bearer(token(SECRET, &admin(0))),
        // `{"alg":"none"}`, and an algorithm that the service does not support.
        bearer(format!("eyJhbGciOiJub25lIn0.{}.", parts[1])),
        bearer(format!("eyJhbGciOiJIUzUxMiJ9.{}.{}", parts[1], parts[2])),
        // The claims of an administrator with the signature of a user's token.
        bearer(format!("{}.{}.{}", parts[0], parts[1], of_user.rsplit('.').next().unwrap())),
        bearer(format!("{}.{}.", parts[0], parts[1])),
        bearer(without("exp")),
        bearer(without("sub")),
        bearer(without("roles")),
        bearer(with("exp", json!("tomorrow"))),
        bearer(with("sub", json!(""))),
        bearer(with("nbf", json!(now + 3600))),
    ];
    let before = service.rows();
    let calls = [
        ("DELETE", format!("/customer/{}", service.id("customer"))),
        ("DELETE", format!("/api/unions/{}", service.id("union"))),
        ("POST", format!("/api/unions/{}/reassign-members", service.id("union_with_members"))),
        ("POST", format!("/api/unions/{}/reassign", service.id("union"))),
    ];
    for (method, path) in &calls {
        for header in bad.iter().map(Some).chain([None]) {
            let entries = service.entries();
            let mut call = Call::new(method, path);
            if *method == "POST" {
                call = call.json(&json!({ "to": "clx5555555555" }));
            }
            if let Some(header) = header {
                call = call.header("Authorization", &**header);
            }
            service.send(&call).is(401, &json_after(4, "401 Unauthorized"));
            assert_eq!(service.entries(), entries + 1, "{call:?}");
            assert_eq!(service.last_entry().outcome, AuditOutcome::Denied);
        }
    }
    assert_eq!(service.rows(), before);
    // A valid token is accepted, even if `bearer` is in lower case. The scope of a reseller may differ from its id.
    let union = Call::new("DELETE", &calls[1].1).header("Authorization", format!("bearer {good}"));
    assert_eq!(service.send(&union).status, 200);
    let reseller = json!({ "sub": "rob", "roles": ["RESALE"], "scopes": ["reseller-9"], "exp": now + 60 });
    let other =
        Call::new("DELETE", "/customer/user456").header("Authorization", bearer(token(SECRET, &reseller)));
    assert_eq!(service.send(&other).status, 200);
}

/// Returns the hash of a token, as the table of sessions stores it.
fn kept(token: &str) -> String {
    Sha256::digest(token).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn token(secret: &str, claims: &Value) -> String {
    let _ = crate::hs256::PROVIDER.install_default();
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}
