//! Where the records are, as given by `--store`.

use std::path::PathBuf;

use crate::failure::Failure;

#[cfg(feature = "postgres")]
const REMEDY: &str = "use `--store sqlite:FILE`, `--store postgres://…` or `--store memory:FILE`";
#[cfg(not(feature = "postgres"))]
const REMEDY: &str = "use `--store sqlite:FILE` or `--store memory:FILE`";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// `sqlite:`: a SQLite file.
    Sqlite(PathBuf),
    /// `postgres:`: the address of a PostgreSQL database.
    #[cfg(feature = "postgres")]
    Postgres(String),
    /// `memory:`: rows in a JSON file, `{"clients": [{…}], …}`.
    Memory(PathBuf),
}

impl Location {
    /// Parses `sqlite:FILE`, `postgres://…` or `memory:FILE`. Error messages do not contain the text, because it may
    /// contain a password.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        // A URL may have two slashes before the path: `sqlite:///var/app.db` means `/var/app.db`.
        let file = rest.strip_prefix("//").unwrap_or(rest);
        match scheme {
            "sqlite" | "memory" if file.is_empty() => {
                Err(Failure::usage(format!("`{scheme}:` needs a file")).remedy(REMEDY))
            }
            "sqlite" => Ok(Self::Sqlite(file.into())),
            "memory" => Ok(Self::Memory(file.into())),
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => Ok(Self::Postgres(text.into())),
            #[cfg(not(feature = "postgres"))]
            "postgres" | "postgresql" => {
                Err(Failure::usage("PostgreSQL is not built in; build with `--features sqlite,postgres`"))
            }
            _ => Err(Failure::usage("`--store` names an unknown kind of store").remedy(REMEDY)),
        }
    }

    pub(crate) fn is_memory(&self) -> bool {
        matches!(self, Self::Memory(_))
    }

    /// Parses the value of `--store`. clap cannot require the option, because it may come before or after the command.
    pub(crate) fn required(text: Option<&str>) -> Result<Self, Failure> {
        match text {
            Some(text) => Self::parse(text),
            None => Err(Failure::usage("`--store` is missing").remedy(REMEDY)),
        }
    }
}
