//! Runs the commands in the README.

use super::start;
use crate::curl::calls;

#[test]
fn the_commands_of_the_readme_work() {
    let Some(service) = start() else { return };
    let readme = include_str!("../../../README.md");
    let client = readme.lines().find_map(|line| line.strip_prefix("CLIENT=")).unwrap();
    let token = service.bearer("ADMIN");
    let text = readme.replace("$CLIENT", client).replace("$COOKIE", service.cookie());
    let calls = calls(&text.replace("Bearer $TOKEN", &token));
    let answers: Vec<_> = calls.iter().map(|call| service.send(call).status).collect();
    assert_eq!(answers, [200; 4], "{calls:?}");
}
