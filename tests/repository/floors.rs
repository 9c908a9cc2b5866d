//! The floors of the crate: an arrow `use crate::…` points only downwards, and what is pure stays pure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up. Modules of one floor never meet.
const FLOORS: [&[&str]; 9] = [
    &["domain"],
    &["protocol"],
    &["plan"],
    &["policy", "store"],
    &["memory", "sql"],
    &["sqlite", "postgres"],
    &["lifecycle"],
    &["testing"],
    &["guide"],
];

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|modules| modules.contains(&module))
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

/// The code of a file: no comments, and nothing from its unit tests on.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The top-level modules that a text names with `crate::`, also inside `crate::{a, b}`.
fn named(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let group = group.split("};").next().unwrap();
            found.extend(group.split(',').map(|one| word(one.trim())));
        } else {
            found.push(word(rest));
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn modules() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root).into_iter().filter_map(|path| {
        let inside = path.strip_prefix(&root).unwrap().to_path_buf();
        let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs").to_owned();
        (module != "lib").then_some((module, path))
    });
    files.collect()
}

#[test]
fn every_module_has_a_floor_and_uses_only_lower_ones() {
    let mut wrong = Vec::new();
    for (module, path) in modules() {
        let Some(floor) = floor_of(&module) else {
            panic!("`{module}` has no floor: {}", path.display());
        };
        for used in named(&code(&path)) {
            let Some(below) = floor_of(&used) else {
                continue;
            };
            if used != module && below >= floor {
                wrong.push(format!("{}: {module} uses {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_below_the_store_is_async_and_only_the_clock_knows_the_time() {
    let mut wrong = Vec::new();
    for (module, path) in modules() {
        let code = code(&path);
        let pure = floor_of(&module) < floor_of("store") || module == "policy";
        if pure && code.contains("async ") {
            wrong.push(format!("{} is async", path.display()));
        }
        for random in ["Utc::now", "Local::now", "SystemTime::now", "Instant::now", "new_v4"] {
            if code.contains(random) && !path.ends_with("lifecycle/clock.rs") {
                wrong.push(format!("{} calls {random}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_two_things() {
    let long: Vec<String> = modules()
        .into_iter()
        .map(|(_, path)| (fs::read_to_string(&path).unwrap().lines().count(), path))
        .filter(|(lines, _)| *lines > 500)
        .map(|(lines, path)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}
