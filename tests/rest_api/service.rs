//! A running service with the sample data of `--demo`, and requests to it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use client_lifecycle::domain::AuditEntry;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http;

use crate::database::Database;

/// The secret for bearer tokens.
pub(crate) const SECRET: &str = "the secret of these tests, 32 bytes and more";

/// A service process with its own database. Dropping it ends both.
pub(crate) struct Service {
    pub(crate) child: Child,
    /// The line that `--demo` printed.
    pub(crate) line: Value,
    agent: Agent,
    pub(crate) database: Arc<Database>,
}

/// A response.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) headers: http::HeaderMap,
}

/// A request: its method, path with query, headers and body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

/// Returns the path of the example that cargo built together with this test.
fn example() -> PathBuf {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    folder.pop();
    let example = folder.join("examples").join(format!("rest_api{}", std::env::consts::EXE_SUFFIX));
    let remedy = "`cargo build --example rest_api --features sqlite,postgres` before this test alone";
    assert!(example.exists(), "`cargo test` builds it; {remedy}");
    example
}

impl Service {
    pub(crate) fn on(database: impl Into<Arc<Database>>) -> Self {
        Self::listening(database, "127.0.0.1:0")
    }

    pub(crate) fn listening(database: impl Into<Arc<Database>>, listen: &str) -> Self {
        let database = database.into();
        let mut child = Command::new(example())
            .args(["--demo", "--listen", listen, "--store", &database.address(), "--jwt-secret", SECRET])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let line = serde_json::from_str(&line).expect("one line of JSON on standard output");
        Self { child, line, agent: agent(), database }
    }

    /// Starts a second service on the same database. This service keeps running.
    pub(crate) fn again(&self) -> Self {
        Self::on(self.database.clone())
    }

    /// Returns one of the ids that `--demo` printed.
    pub(crate) fn id(&self, name: &str) -> &str {
        self.line["ids"][name].as_str().unwrap()
    }

    pub(crate) fn cookie(&self) -> &str {
        self.line["cookie"].as_str().unwrap()
    }

    /// Returns the `Authorization` header for a role.
    pub(crate) fn bearer(&self, role: &str) -> String {
        format!("Bearer {}", self.line["tokens"][role].as_str().unwrap())
    }

    pub(crate) fn listen(&self) -> &str {
        self.line["listen"].as_str().unwrap()
    }

    /// Makes a call with the session of the administrator.
    pub(crate) fn staff(&self, method: &str, path: &str) -> Call {
        Call::new(method, path).header("Cookie", self.cookie())
    }

    /// Makes a call with the token of a role.
    pub(crate) fn with_token(&self, role: &str, method: &str, path: &str) -> Call {
        Call::new(method, path).header("Authorization", self.bearer(role))
    }

    pub(crate) fn send(&self, call: &Call) -> Answer {
        send(&self.agent, self.listen(), call)
    }

    /// Returns the audit entries about a record, in the order they were written.
    pub(crate) fn audit(&self, kind: &str, id: &str) -> Vec<AuditEntry> {
        self.database.audit(kind, id)
    }

    /// Returns the number of entries in the audit log.
    pub(crate) fn entries(&self) -> i64 {
        self.number("SELECT count(*) FROM lifecycle_audit")
    }

    /// Returns the last audit entry, about any record.
    pub(crate) fn last_entry(&self) -> AuditEntry {
        let last = "SELECT CAST(entry AS text) FROM lifecycle_audit ORDER BY sequence DESC LIMIT 1";
        serde_json::from_str(&self.text(last)).unwrap()
    }

    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.database.number(sql)
    }

    pub(crate) fn text(&self, sql: &str) -> String {
        self.database.text(sql)
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.database.execute(sql);
    }

    /// Returns all rows of all tables of the host, as text.
    pub(crate) fn rows(&self) -> Vec<String> {
        self.database.rows()
    }

    /// Creates a client that no other row refers to, and returns its id.
    pub(crate) fn new_client(&self, email: &str) -> String {
        let answer = self.send(&self.staff("POST", "/api/clients").json(&new_client(email)));
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["user_id"].as_str().unwrap().into()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a request body that creates a client.
pub(crate) fn new_client(email: &str) -> Value {
    json!({
        "email": email, "name": "Zoe", "surname": "Ruiz", "phone": "+34600000000", "birth_date": "1990-02-28",
        "document_type": "PASSPORT", "document_number": "PA123456"
    })
}

/// Makes an HTTP client with its own connections.
pub(crate) fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .user_agent("rest-api-tests/1")
        .build();
    config.into()
}

pub(crate) fn send(agent: &Agent, listen: &str, call: &Call) -> Answer {
    try_send(agent, listen, call).unwrap_or_else(|error| panic!("{call:?}: {error}"))
}

/// Sends a call. Returns an error if the service does not respond.
pub(crate) fn try_send(agent: &Agent, listen: &str, call: &Call) -> Result<Answer, ureq::Error> {
    let uri = format!("http://{listen}{}", call.path);
    let mut request = http::Request::builder().method(&*call.method).uri(uri);
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    let answered = match &call.body {
        Some(body) => agent.run(request.body(body.clone()).unwrap()),
        None => agent.run(request.body(()).unwrap()),
    };
    let mut answered = answered?;
    Ok(Answer {
        status: answered.status().as_u16(),
        text: answered.body_mut().read_to_string()?,
        headers: answered.headers().clone(),
    })
}

impl Call {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { method: method.into(), path: path.into(), ..Self::default() }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json").body(body.to_string())
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }

    /// Returns the message of an error response, in the format of any system.
    pub(crate) fn message(&self) -> String {
        let json = self.json();
        let message = json.get("statusMessage").or_else(|| json.get("message"));
        message.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Checks the status and the body, which must be JSON.
    pub(crate) fn is(&self, status: u16, body: &Value) {
        assert_eq!((self.status, &self.json()), (status, body));
        assert_eq!(self.headers["content-type"], "application/json");
    }
}
