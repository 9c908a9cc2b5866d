//! Checks that every numbered statement of the four API documents is either tested or listed in the guide: as the
//! host's task, as planned, or as needing no work.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The number of the last statement.
const LAST: u16 = 215;

const GUIDE: &str = include_str!("../../src/guide/four_systems.md");

/// The only statements that the guide may list as planned.
const LATER: [u16; 3] = [64, 67, 107];

/// Returns the statement numbers in a text: `R7`, but not as part of `R70` or of another word.
fn numbers(text: &str) -> BTreeSet<u16> {
    let words = text.split(|character: char| !character.is_alphanumeric() && character != '_');
    let number = |word: &str| word.strip_prefix('R')?.parse().ok();
    words.filter_map(number).filter(|number| (1..=LAST).contains(number)).collect()
}

/// Returns the statement numbers in the first column of the table below a heading of the guide.
fn in_guide(heading: &str) -> BTreeSet<u16> {
    let (_, section) = GUIDE.split_once(heading).unwrap_or_else(|| panic!("no `{heading}`"));
    let section = section.split("\n# ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    rows.flat_map(|row| numbers(row.split('|').next().unwrap())).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Returns the statement numbers in the comments above test functions, each with the names of the tests.
fn in_tests() -> BTreeMap<u16, BTreeSet<String>> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"), &mut files);
    let mut found: BTreeMap<u16, BTreeSet<String>> = BTreeMap::new();
    for file in files.iter().filter(|file| !file.ends_with("requirements.rs")) {
        let mut above = BTreeSet::new();
        for line in fs::read_to_string(file).unwrap().lines().map(str::trim) {
            if let Some(comment) = line.strip_prefix("//") {
                above.extend(numbers(comment));
            } else if line.starts_with("#[") || line.is_empty() || line.ends_with("{(") {
                // Skip attributes and empty lines between a comment and its test.
            } else {
                let name = line.split("fn ").nth(1).or_else(|| line.split(':').next()).unwrap_or(line);
                let name = name.split('(').next().unwrap_or(name);
                for number in std::mem::take(&mut above) {
                    found.entry(number).or_default().insert(format!("{}: {name}", file.display()));
                }
            }
        }
    }
    found
}

#[test]
fn every_statement_is_tested_or_listed_in_the_guide() {
    let tested: BTreeSet<u16> = in_tests().into_keys().collect();
    let no_work = numbers(GUIDE.split_once("# What needs no work").unwrap().1);
    let guide: BTreeSet<u16> = [in_guide("# What the host does"), in_guide("# What comes later"), no_work]
        .into_iter()
        .flatten()
        .collect();
    let missing: Vec<u16> =
        (1..=LAST).filter(|number| !tested.contains(number) && !guide.contains(number)).collect();
    assert!(missing.is_empty(), "neither tested nor in the guide: {missing:?}");
}

#[test]
fn only_agreed_statements_come_later() {
    assert_eq!(in_guide("# What comes later"), BTreeSet::from(LATER));
}

/// Prints the tests for each statement: `cargo test --test repository requirements -- --nocapture`.
#[test]
fn every_number_belongs_to_a_test() {
    for (number, tests) in in_tests() {
        assert!(!tests.is_empty());
        println!("R{number}: {}", tests.into_iter().collect::<Vec<_>>().join(", "));
    }
}
