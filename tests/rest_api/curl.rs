//! Parses the `curl` commands in the seed documents into calls.

use crate::seeds;
use crate::service::Call;

/// Returns the commands of a seed in order, with `credentials` in place of the documented placeholders. Skips commands
/// whose path contains `{id}` or `:id`.
pub(crate) fn commands(number: u8, credentials: &str) -> Vec<Call> {
    let credentials = credentials.trim_start_matches("Bearer ");
    let theirs = ["your-session-token", "YOUR_JWT_TOKEN", "<token>"];
    let text = theirs.iter().fold(seeds::text(number), |text, theirs| text.replace(theirs, credentials));
    let mut calls = calls(&text.replace(seeds::MANGLED_EMAIL, seeds::EMAIL));
    calls.retain(|call| !call.path.contains("{id}") && !call.path.contains(":id"));
    calls
}

/// Returns the commands in a text: each line that starts with `curl`, with its continuation lines.
pub(crate) fn calls(text: &str) -> Vec<Call> {
    let starts = text.match_indices("\ncurl ").map(|(start, _)| &text[start + 1..]);
    starts.map(|command| call(&words(command))).collect()
}

/// Splits a shell command into words, up to the end of its last line.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(one) = chars.next() {
        match (quote, one) {
            (Some(open), one) if open == one => quote = None,
            (None, '\'' | '"') => quote = Some(one),
            (None, '\\') if chars.peek() == Some(&'\n') => {
                chars.next();
                words.push(String::new());
            }
            (None, '\n') => break,
            (None, ' ') => words.push(String::new()),
            (_, one) => words.last_mut().unwrap().push(one),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn call(words: &[String]) -> Call {
    let mut call = Call { method: "GET".into(), ..Call::default() };
    let mut words = words.iter().skip(1);
    while let Some(word) = words.next() {
        match &**word {
            "--request" | "-X" => call.method.clone_from(words.next().unwrap()),
            "--header" | "-H" => {
                let (name, value) = words.next().unwrap().split_once(": ").unwrap();
                call = call.header(name, value);
            }
            "--data" | "-d" => call.body = Some(words.next().unwrap().clone().into_bytes()),
            "--url" => {}
            address => {
                // Keep the part of the URL after the host.
                let (_, rest) = address.split_once("://").unwrap();
                call.path = rest[rest.find('/').unwrap()..].into();
            }
        }
    }
    call
}

#[test]
fn the_commands_of_the_seeds_are_found() {
    let found = |number| -> Vec<String> {
        let calls = commands(number, "t");
        calls.iter().map(|call| format!("{} {} {}", call.method, call.path, call.headers.len())).collect()
    };
    let client = "/api/clients/550e8400-e29b-41d4-a716-446655440000";
    assert_eq!(found(0), [format!("DELETE {client} 1"), format!("PUT {client} 2")]);
    assert_eq!(found(1), ["DELETE /api/v1/users/123e4567-e89b-12d3-a456-426614174000 0"]);
    assert_eq!(found(2), ["DELETE /customer/user123 2"]);
    assert_eq!(found(3), [format!("PUT {client} 2"), format!("PUT {client} 2"), format!("PUT {client} 2")]);
    assert_eq!(found(4), ["DELETE /api/unions/clx9876543210 1"]);
}
