//! The same deletions by Django, in a child process of `python3`.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// A Python process that deletes clients with Django's ORM: see `django/worker.py`.
pub(crate) struct Django {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub(crate) version: String,
}

impl Django {
    /// Starts the process on a database. Returns `None`, and says why, if Python, Django or its driver is missing.
    pub(crate) fn start(arguments: &[String]) -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/databases/django/worker.py");
        let command = Command::new("python3")
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match command {
            Ok(child) => child,
            Err(error) => {
                println!("  skipped: Django, because python3 does not start: {error}");
                return None;
            }
        };
        let requests = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        answers.read_line(&mut first).unwrap();
        let Some(version) = first.strip_prefix("ready ") else {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            println!("  skipped: Django, because {}", said.lines().last().unwrap_or("python3 ended"));
            return None;
        };
        let version = version.trim().to_owned();
        Some(Self { child, requests, answers, version })
    }

    /// Counts what the deletion of a client would delete, as Django's admin does.
    pub(crate) fn preview(&mut self, id: &str) -> (u64, Duration) {
        self.ask(&format!("preview {id}"))
    }

    /// Deletes a client with everything that depends on it.
    pub(crate) fn delete(&mut self, id: &str) -> (u64, Duration) {
        self.ask(&format!("delete {id}"))
    }

    /// Ends the process. Returns its peak memory in kilobytes.
    pub(crate) fn end(mut self) -> u64 {
        let (memory, _) = self.ask("memory");
        drop(self.requests);
        self.child.wait().unwrap();
        memory
    }

    fn ask(&mut self, request: &str) -> (u64, Duration) {
        let start = Instant::now();
        writeln!(self.requests, "{request}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let took = start.elapsed();
        let number = answer.trim().parse();
        (number.unwrap_or_else(|_| panic!("Django answered {answer:?} to `{request}`")), took)
    }
}
