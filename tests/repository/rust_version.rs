//! Checks that `rust-version` and the README's table of features match the Rust versions that the dependencies
//! declare.
//!
//! Only declared versions are compared. A test on one toolchain cannot show what an older one compiles, and
//! `clippy::incompatible_msrv` already checks the library's own use of the standard library.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

const README: &str = include_str!("../../README.md");

/// A version of Rust. `1.89` and `1.89.0` are equal.
type Version = (u32, u32);

fn version(text: &str) -> Version {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    let output = command.args(arguments).arg("--locked").current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The Rust version that each package declares, by name and version as `cargo tree` prints them.
struct Packages(BTreeMap<String, Version>);

impl Packages {
    fn read() -> Self {
        let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--format-version=1"])).unwrap();
        let packages = metadata["packages"].as_array().unwrap().iter().filter_map(|package| {
            let name = format!("{} v{}", package["name"].as_str()?, package["version"].as_str()?);
            Some((name, version(package["rust_version"].as_str()?)))
        });
        Self(packages.collect())
    }

    /// Returns the newest Rust version that any dependency of a build with this feature declares, and which
    /// dependencies declare it.
    fn need(&self, feature: Option<&str>) -> (Version, BTreeSet<String>) {
        let mut arguments = vec!["tree", "--edges=normal,build", "--prefix=none", "--format={p}"];
        arguments.push("--no-default-features");
        let features = feature.map(|feature| format!("--features={feature}"));
        arguments.extend(features.as_deref());
        let mut by_version: BTreeMap<Version, BTreeSet<String>> = BTreeMap::new();
        for line in cargo(&arguments).lines() {
            let name: Vec<&str> = line.split_whitespace().take(2).collect();
            if name.first().is_some_and(|name| *name != env!("CARGO_PKG_NAME"))
                && let Some(version) = self.0.get(&name.join(" "))
            {
                by_version.entry(*version).or_default().insert(name.join(" "));
            }
        }
        by_version.pop_last().expect("a dependency declares its version of Rust")
    }
}

/// Returns the Rust version of each feature in the README's table. The key `None` is the row without a feature.
fn in_readme() -> BTreeMap<Option<&'static str>, Version> {
    let (_, table) = README.split_once("| feature | provides | Rust |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    cells
        .map(|cells| {
            let name = cells[1].strip_prefix('`').and_then(|name| name.strip_suffix('`'));
            assert!(name.is_some() || cells[1] == "(none)", "{cells:?}");
            (name, version(cells[3]))
        })
        .collect()
}

#[test]
fn rust_version_is_what_the_dependencies_need_without_features() {
    let (need, packages) = Packages::read().need(None);
    let declared = version(env!("CARGO_PKG_RUST_VERSION"));
    assert_eq!(declared, need, "`rust-version` is {declared:?}; {packages:?} need {need:?}");
}

#[test]
fn the_readme_lists_the_rust_version_that_each_feature_needs() {
    let packages = Packages::read();
    let declared = version(env!("CARGO_PKG_RUST_VERSION"));
    for (feature, said) in in_readme() {
        let (need, by) = packages.need(feature);
        println!("{}: {need:?} because of {by:?}", feature.unwrap_or("no feature"));
        // No feature can need less than the crate itself.
        assert_eq!(said, need.max(declared), "the README on {feature:?}; {by:?}");
    }
}

#[test]
fn every_feature_is_in_the_table_of_the_readme() {
    let manifest = include_str!("../../Cargo.toml");
    let (_, features) = manifest.split_once("[features]").unwrap();
    let features = features.split("\n[").next().unwrap().lines().filter_map(|line| line.split_once(" = "));
    let features: BTreeSet<&str> = features.map(|(name, _)| name).filter(|name| *name != "default").collect();
    let told: BTreeSet<&str> = in_readme().into_keys().flatten().collect();
    assert_eq!(told, features);
}
