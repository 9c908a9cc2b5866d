//! No fault without a case: every place in the sources that makes a fault is held against the cases.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::case::Expected;

/// Messages that no literal beside the call says, by the file and what the call is given.
const ELSEWHERE: [(&str, &str, &[&str]); 8] = [
    (
        "memory/json.rs",
        "wrong",
        &["the row has no id", "an id cannot be empty", "an id is text or an integer"],
    ),
    ("memory/json.rs", "said", &["a key is said twice", "not JSON"]),
    ("policy/builder.rs", "problem", &["is no ISO 8601 period"]),
    ("policy/document.rs", "message", &["unknown mode"]),
    (
        "policy/policy.rs",
        "error.inner().to_string()",
        &["unknown field", "key must be a string", "is said twice"],
    ),
    ("policy/policy.rs", "error.to_string()", &["trailing characters"]),
    ("policy/validate/rules.rs", "message", &["makes no sense in mode", "speaks of removed parents"]),
    (
        "policy/validate/types.rs",
        "message",
        &[
            "can only be tested for null",
            "cannot be compared with a moment",
            "is no value of type",
            "true and false have no order",
        ],
    ),
];

fn cases() -> Vec<&'static Expected> {
    let lists = [
        crate::builder::EXPECTED,
        crate::data::EXPECTED,
        crate::document::EXPECTED,
        crate::edits::EXPECTED,
        crate::map::EXPECTED,
        crate::memory::EXPECTED,
        #[cfg(feature = "postgres")]
        crate::postgres::EXPECTED,
        #[cfg(feature = "sqlite")]
        crate::sqlite::EXPECTED,
    ];
    lists.into_iter().flatten().collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A call that makes a fault: what it is given as the message, and the code before it.
struct Site<'a> {
    message: String,
    before: &'a str,
}

/// The arguments of a call, from behind its parenthesis.
fn arguments(code: &str) -> Vec<String> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    let mut all = vec![String::new()];
    for character in code.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        all.last_mut().unwrap().push(character);
    }
    all.retain(|argument| !argument.trim().is_empty());
    all.iter().map(|argument| argument.trim().to_owned()).collect()
}

fn sites(code: &str) -> Vec<Site<'_>> {
    let mut found = Vec::new();
    for call in ["Fault::new(", "Finding::new("] {
        for (at, _) in code.match_indices(call) {
            let message = arguments(&code[at + call.len()..]).pop().unwrap();
            found.push(Site { message, before: &code[..at] });
        }
    }
    found
}

/// The texts in quotes.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut characters = code.chars();
    while characters.any(|character| character == '"') {
        let mut text = String::new();
        while let Some(character) = characters.next().filter(|character| *character != '"') {
            match character {
                '\\' => match characters.next().unwrap() {
                    // The text goes on at the first word of the next line.
                    '\n' => {
                        let rest = characters.as_str().trim_start();
                        characters = rest.chars();
                    }
                    other => text.push(other),
                },
                other => text.push(other),
            }
        }
        found.push(text);
    }
    found
}

/// The longest part of a text that is always the same.
fn fixed(text: &str) -> String {
    let parts =
        text.split('{').flat_map(|part| part.split_once('}').map_or(part, |(_, rest)| rest).split('`'));
    parts.map(str::trim).max_by_key(|part| part.len()).unwrap_or_default().to_owned()
}

/// What the messages of a site always say.
fn said(file: &str, site: &Site<'_>) -> Vec<String> {
    let mut elsewhere =
        ELSEWHERE.iter().filter(|(place, message, _)| *place == file && *message == site.message);
    let name: String = site.message.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
    // Said beside the call, or in the statement that gave it its name.
    let beside = literals(&site.message);
    let named = site.before.rfind(&format!("let {name} =")).map(|at| &site.before[at..]);
    // What is bound in a pattern since then is another.
    let named = named
        .filter(|code| !code.contains(&format!("Some({name})")) && !code.contains(&format!("Some(({name}")));
    let named = named.map_or(Vec::new(), |code| {
        let statement = code.split(";\n").next().unwrap();
        let all = literals(statement);
        // Of `format!` the first is the message; of `if` and `match` each is one.
        let several = !statement.contains("format!(");
        all.into_iter().take(if several { usize::MAX } else { 1 }).collect()
    });
    match (beside.first(), elsewhere.next()) {
        (Some(first), _) => vec![fixed(first)],
        (None, _) if !named.is_empty() => named.iter().map(|text| fixed(text)).collect(),
        (None, Some((.., texts))) => texts.iter().map(|text| (*text).to_owned()).collect(),
        (None, None) => panic!("{file}: what does `{}` say?", site.message),
    }
}

#[test]
fn every_fault_in_the_sources_has_a_case_of_its_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in sources(&root) {
        let file = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        let is_sql = file.starts_with("sql/");
        let no_fault = ["domain/fault.rs", "sql/coverage/finding.rs"].contains(&&*file);
        if no_fault || (is_sql && !(cfg!(feature = "sqlite") && cfg!(feature = "postgres"))) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
        let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let code = code.join("\n");
        for site in sites(&code) {
            for text in said(&file, &site) {
                assert!(text.len() > 3, "{file}: `{}` says too little to be told apart", site.message);
                all.entry(text).or_default().push(file.clone());
            }
        }
    }
    assert!(all.len() > 60, "the sources were not read: {all:#?}");
    let cases = cases();
    let lacking: Vec<String> = all
        .iter()
        .filter(|(text, places)| {
            let saying = cases.iter().filter(|case| case.message.contains(text.as_str()));
            saying.count() < places.len()
        })
        .map(|(text, places)| format!("\"{text}\" in {}", places.join(", ")))
        .collect();
    assert!(lacking.is_empty(), "faults without a case of their own:\n{}", lacking.join("\n"));
}

#[test]
fn every_fault_has_a_way_out() {
    // What serde says names what it expected.
    let by_serde = [
        "expected",
        "exactly one rule",
        "one of",
        "use `is_null`",
        "needs {",
        "nor",
        "such as",
        "twice",
        "must be",
        "trailing",
    ];
    for case in cases() {
        let said = by_serde.iter().any(|words| case.message.contains(words));
        assert!(!case.remedy.is_empty() || said, "{case:?}");
    }
}
