//! The layers of the crate: `use crate::…` points only downwards, and pure modules stay pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom up. Modules of one layer do not import each other.
const LAYERS: [&[&str]; 9] = [
    &["domain"],
    &["protocol"],
    &["plan"],
    &["policy", "store"],
    &["memory", "sql"],
    &["lifecycle"],
    &["sqlite", "postgres", "clients"],
    &["testing"],
    &["guide"],
];

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
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

/// Returns the code of a file, without comments and unit tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the top-level modules that the code names with `crate::`, including in `crate::{a, b}`.
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
fn every_module_has_a_layer_and_imports_only_lower_layers() {
    let mut wrong = Vec::new();
    for (module, path) in modules() {
        let Some(layer) = layer_of(&module) else {
            panic!("`{module}` has no layer: {}", path.display());
        };
        for used in named(&code(&path)) {
            let Some(below) = layer_of(&used) else {
                continue;
            };
            if used != module && below >= layer {
                wrong.push(format!("{}: {module} uses {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_stores_are_async_and_only_the_clock_reads_the_time() {
    let mut wrong = Vec::new();
    for (module, path) in modules() {
        let code = code(&path);
        let pure = layer_of(&module) < layer_of("store") || module == "policy";
        if pure && code.contains("async ") {
            wrong.push(format!("{} is async", path.display()));
        }
        for random in ["Utc::now", "Local::now", "SystemTime::now", "Instant::now", "new_v4"] {
            let is_clock = path.ends_with("lifecycle/settings.rs");
            // Measures how long a statement waits.
            let is_stopwatch = path.ends_with("store/patience.rs") && random == "Instant::now";
            if code.contains(random) && !is_clock && !is_stopwatch {
                wrong.push(format!("{} calls {random}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_short() {
    let long: Vec<String> = modules()
        .into_iter()
        .map(|(_, path)| (fs::read_to_string(&path).unwrap().lines().count(), path))
        .filter(|(lines, _)| *lines > 500)
        .map(|(lines, path)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// The maximum number of files in an import cycle.
const LARGEST_CYCLE: usize = 3;

/// A `use`: the path as written, the name it binds, and whether it is a re-export.
struct Import {
    path: Vec<String>,
    name: String,
    is_public: bool,
}

/// What a file imports and names.
struct File {
    /// The path of the file inside `src`.
    shown: String,
    imports: Vec<Import>,
    /// The paths in the code of the file, outside `use`.
    paths: Vec<Vec<String>>,
}

/// The files of the crate, by module.
struct Crate(BTreeMap<Vec<String>, File>);

/// Expands a tree such as `super::{Plan, step::{self, Step as Compiled}}` into single imports.
fn expand(prefix: &[String], tree: &str, found: &mut Vec<(Vec<String>, String)>) {
    let tree = tree.trim();
    if let Some((before, group)) = tree.split_once('{') {
        let mut path = prefix.to_vec();
        path.extend(before.split("::").map(str::trim).filter(|part| !part.is_empty()).map(Into::into));
        let group = group.strip_suffix('}').unwrap();
        let (mut depth, mut start) = (0, 0);
        for (at, character) in group.char_indices().chain([(group.len(), ',')]) {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    if !group[start..at].trim().is_empty() {
                        expand(&path, &group[start..at], found);
                    }
                    start = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let (tree, alias) = tree.split_once(" as ").map_or((tree, None), |(tree, alias)| (tree, Some(alias)));
    let mut path = prefix.to_vec();
    path.extend(tree.split("::").map(|part| part.trim().to_owned()));
    if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
        path.pop();
    }
    let name = alias.map_or_else(|| path.last().unwrap().clone(), |alias| alias.trim().to_owned());
    found.push((path, name));
}

/// Splits code into its `use` declarations and the rest.
fn imports(code: &str) -> (Vec<Import>, String) {
    let (mut found, mut rest, mut open) = (Vec::new(), String::new(), String::new());
    for line in code.lines() {
        let visible = line.trim_start();
        let public = ["pub use ", "pub(crate) use ", "pub(super) use "];
        let starts = visible.starts_with("use ") || public.iter().any(|start| visible.starts_with(start));
        if open.is_empty() && !starts {
            rest.push_str(line);
            rest.push('\n');
            continue;
        }
        open.push_str(visible);
        open.push(' ');
        if visible.contains(';') {
            let is_public = open.starts_with("pub");
            let (_, tree) = open.split_once("use ").unwrap();
            let mut named = Vec::new();
            expand(&[], tree.split(';').next().unwrap(), &mut named);
            found.extend(named.into_iter().map(|(path, name)| Import { path, name, is_public }));
            open.clear();
        }
    }
    (found, rest)
}

/// Returns the paths in the code, such as `super::Plan`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let chains = code.split(|c: char| !is_name(c) && c != ':').map(|chain| chain.trim_matches(':'));
    let paths = chains.filter(|chain| chain.contains("::"));
    paths.map(|chain| chain.split("::").map(Into::into).collect()).collect()
}

impl Crate {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let files = sources(&root).into_iter().map(|path| {
            let inside = path.strip_prefix(&root).unwrap().with_extension("");
            let mut module: Vec<String> = inside.iter().map(|part| part.to_str().unwrap().into()).collect();
            if module.last().is_some_and(|last| last == "mod" || last == "lib") {
                module.pop();
            }
            let (imports, rest) = imports(&code(&path));
            let shown = path.strip_prefix(&root).unwrap().display().to_string();
            (module, File { shown, imports, paths: paths(&rest) })
        });
        Self(files.collect())
    }

    /// Returns the module whose file defines the item that `path` names in `module`; `None` if the path names a module
    /// or belongs to another crate.
    fn defines(&self, module: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
        if depth > 20 {
            return None;
        }
        let (first, rest) = path.split_first()?;
        let (mut at, mut rest) = match first.as_str() {
            "crate" => (Vec::new(), rest),
            "self" => (module.to_vec(), rest),
            "super" => (module.split_last()?.1.to_vec(), rest),
            name => {
                let child = [module, &[name.to_owned()]].concat();
                if self.0.contains_key(&child) {
                    (child, rest)
                } else {
                    let import = self.0[module].imports.iter().find(|import| import.name == name)?;
                    if import.path[0] == *name {
                        return None;
                    }
                    let whole = [&import.path, rest].concat();
                    return self.defines(module, &whole, depth + 1);
                }
            }
        };
        while let Some((name, after)) = rest.split_first() {
            rest = after;
            if name == "super" {
                at.pop();
                continue;
            }
            let child = [&*at, std::slice::from_ref(name)].concat();
            if self.0.contains_key(&child) {
                at = child;
                continue;
            }
            let import = self.0.get(&at)?.imports.iter().find(|import| import.name == *name);
            return match import {
                Some(import) => self.defines(&at, &[&import.path, after].concat(), depth + 1),
                None => Some(at),
            };
        }
        None
    }

    /// Returns which files each file uses. A re-exported item counts for the file that defines it.
    fn edges(&self) -> BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> {
        let edges = self.0.iter().map(|(module, file)| {
            let own = file.imports.iter().filter(|import| !import.is_public).map(|import| &import.path);
            let used = own.chain(&file.paths).filter_map(|path| self.defines(module, path, 0));
            (module, used.filter(|used| used != module).collect())
        });
        edges.collect()
    }

    /// Returns the import cycles. In a cycle, each file reaches every other file.
    fn cycles(&self, edges: &BTreeMap<&Vec<String>, BTreeSet<Vec<String>>>) -> Vec<Vec<&str>> {
        let reached = |from: &Vec<String>| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![from.clone()]);
            while let Some(next) = open.pop() {
                open.extend(edges[&next].iter().filter(|used| seen.insert((*used).clone())).cloned());
            }
            seen
        };
        let reach: BTreeMap<_, _> = self.0.keys().map(|module| (module, reached(module))).collect();
        let mut cycles: Vec<Vec<&str>> = Vec::new();
        let mut placed = BTreeSet::new();
        for (module, seen) in &reach {
            if !seen.contains(*module) || !placed.insert(*module) {
                continue;
            }
            let cycle: Vec<_> = seen.iter().filter(|other| reach[other].contains(*module)).collect();
            placed.extend(cycle.iter().copied());
            cycles.push(cycle.into_iter().map(|other| &*self.0[other].shown).collect());
        }
        cycles.sort_by_key(|cycle| std::cmp::Reverse(cycle.len()));
        cycles
    }
}

#[test]
fn no_import_cycle_is_large() {
    let files = Crate::read();
    let edges = files.edges();
    let cycles = files.cycles(&edges);
    for cycle in &cycles {
        println!("{}: {}", cycle.len(), cycle.join(" "));
    }
    let used: usize = edges.values().map(BTreeSet::len).sum();
    assert!(used > 500, "only {used} uses were found: they are not read any more");
    let large: Vec<_> = cycles.iter().filter(|cycle| cycle.len() > LARGEST_CYCLE).collect();
    assert!(large.is_empty(), "{large:?}");
}

#[test]
fn everything_is_written_through_one_function() {
    let callers: Vec<String> = modules()
        .into_iter()
        .filter(|(module, _)| ["lifecycle", "clients"].contains(&&**module))
        .filter(|(_, path)| ["store.apply(", "store().apply("].iter().any(|call| code(path).contains(call)))
        .map(|(_, path)| path.display().to_string())
        .collect();
    assert!(matches!(&*callers, [one] if one.ends_with("lifecycle/write.rs")), "{callers:?}");
}
