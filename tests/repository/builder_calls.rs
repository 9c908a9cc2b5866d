//! Checks that the guide to policy documents names every method of the policy builders.

use std::fs;
use std::path::Path;

const GUIDE: &str = include_str!("../../src/guide/policy_document.md");

/// The files that define builders.
const FILES: [&str; 5] = ["builder.rs", "adapt.rs", "rule_build.rs", "access.rs", "guard.rs"];

/// Returns every public function of a file with its type: `KindBuilder::table`, or `cascade`.
fn calls(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/policy").join(file);
    let text = fs::read_to_string(path).unwrap();
    let mut owner = None;
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("impl ").and_then(|rest| rest.strip_suffix(" {")) {
            owner = Some(name);
        } else if line == "}" {
            owner = None;
        } else if let Some(function) = line.trim_start().strip_prefix("pub fn ") {
            let name = function.split(['(', '<']).next().unwrap();
            found.push(owner.map_or_else(|| name.to_owned(), |owner| format!("{owner}::{name}")));
        }
    }
    found
}

#[test]
fn the_guide_links_every_builder_call() {
    // Skip `Refusal`, which `access.rs` also defines: hosts read refusals but do not build them.
    let calls = FILES.iter().flat_map(|file| calls(file)).filter(|call| !call.starts_with("Refusal::"));
    let calls: Vec<String> = calls.collect();
    assert!(calls.len() > 80, "{calls:?}");
    let linked = |call: &str| GUIDE.contains(&format!("(crate::policy::{call})"));
    let lacking: Vec<_> = calls.iter().filter(|call| !linked(call)).collect();
    assert!(lacking.is_empty(), "not in src/guide/policy_document.md: {lacking:?}");
}
