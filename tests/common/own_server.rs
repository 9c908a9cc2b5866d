//! A PostgreSQL server for one test, which may stop and start it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A running server in its own directory. Dropping it stops the server and removes the directory.
pub(crate) struct OwnServer {
    programs: PathBuf,
    directory: PathBuf,
    port: u16,
}

impl OwnServer {
    /// Starts a server. Returns `None` and prints a message if PostgreSQL is not installed on this machine.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            use std::io::Write;
            let line = b"skipped: tests that restart PostgreSQL, because `initdb` is not there; put it on the PATH\n";
            std::io::stderr().write_all(line).unwrap();
            return None;
        };
        let directory = std::env::temp_dir().join(format!("own-postgres-{}", uuid::Uuid::new_v4()));
        // Find a free port. Another process could still take it before the server starts.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { programs, directory, port };
        let place = server.directory.to_str().unwrap();
        server.run("initdb", &["-D", place, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"]);
        server.control(&["start"]);
        Some(server)
    }

    pub(crate) fn address(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Kills all processes of the server at once, like a crash.
    pub(crate) fn crash(&self) {
        self.control(&["stop", "-m", "immediate"]);
    }

    pub(crate) fn start_again(&self) {
        self.control(&["start"]);
    }

    fn control(&self, what: &[&str]) {
        let place = self.directory.to_str().unwrap();
        let log = self.directory.join("log");
        // Data must survive a crash of the processes but not a power failure, so `fsync` is off.
        let options = format!("-p {} -k {place} -c listen_addresses=127.0.0.1 -c fsync=off", self.port);
        let mut arguments = vec!["-D", place, "-w", "-s"];
        if what == ["start"] {
            arguments.extend(["-l", log.to_str().unwrap(), "-o", &options]);
        }
        arguments.extend(what);
        self.run("pg_ctl", &arguments);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let done = run(&self.programs.join(program), arguments);
        assert!(done.status.success(), "{program} {arguments:?}: {done:?}");
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let place = self.directory.to_str().unwrap_or_default();
        let _ = run(&self.programs.join("pg_ctl"), &["-D", place, "-s", "-w", "-m", "immediate", "stop"]);
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Returns the directory of `initdb` and `pg_ctl`.
fn programs() -> Option<PathBuf> {
    let on_path = std::env::split_paths(&std::env::var_os("PATH")?).collect::<Vec<_>>();
    // The directories where Debian installs each version.
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<PathBuf> = installed.map(|version| version.path().join("bin")).collect();
    installed.sort();
    let mut all = on_path.into_iter().chain(installed.into_iter().rev());
    all.find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
}

/// Runs a program of the server. PostgreSQL refuses to run as root, so root runs it as the user `postgres`.
fn run(program: &Path, arguments: &[&str]) -> Output {
    let who = Command::new("id").arg("-u").output().unwrap();
    let mut command = if who.stdout.trim_ascii() == b"0" {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    // A started server would inherit pipes and keep them open, so its output is discarded.
    command.args(arguments).current_dir("/tmp").stdout(std::process::Stdio::null());
    if arguments.contains(&"start") {
        command.stderr(std::process::Stdio::null());
    }
    command.stdin(std::process::Stdio::null()).output().unwrap()
}
