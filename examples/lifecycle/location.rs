//! Where the records are, as one option names it.

use std::path::PathBuf;
use std::str::FromStr;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// A database in a file.
    Sqlite(PathBuf),
    /// Rows in a JSON file: `{"clients": [{…}], …}`.
    Memory(PathBuf),
}

impl FromStr for Location {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        // As a URL of a file is written: `sqlite:///var/app.db` is `/var/app.db`.
        let file = rest.strip_prefix("//").unwrap_or(rest);
        match scheme {
            // The rest may hold a password, so it is not repeated.
            "postgres" | "postgresql" => {
                Err("PostgreSQL is not built in; use `sqlite:FILE` or `memory:FILE`".into())
            }
            "sqlite" | "memory" if file.is_empty() => {
                Err(format!("name a file, such as `{scheme}:{}`", example(scheme)))
            }
            "sqlite" => Ok(Self::Sqlite(file.into())),
            "memory" => Ok(Self::Memory(file.into())),
            _ => Err("use `sqlite:FILE` or `memory:FILE`".into()),
        }
    }
}

fn example(scheme: &str) -> &'static str {
    if scheme == "memory" {
        "data.json"
    } else {
        "app.db"
    }
}
