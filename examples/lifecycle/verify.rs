//! `verify`: looks for rows that refer to records that do not exist, for values that should be masked, and for texts in the
//! bytes of a SQLite file.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use client_lifecycle::Lifecycle;
use client_lifecycle::protocol::Inconsistency;
use serde::Serialize;

use crate::arguments::{Shared, VerifyArguments};
use crate::failure::{Exit, Failure};
use crate::location::Location;
use crate::{output, policy, store};

#[derive(Serialize)]
struct Printed {
    inconsistencies: Vec<Inconsistency>,
    /// The texts that were found in the bytes of a file. A text is named by its line, because it may be personal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bytes: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    file: PathBuf,
    line: usize,
}

pub(crate) async fn run(shared: &Shared, asked: &VerifyArguments) -> Result<(), Failure> {
    let bytes = match &asked.bytes {
        Some(texts) => in_bytes(&shared.store()?, texts)?,
        None => Vec::new(),
    };
    let policy = policy::read(shared.policy()?)?;
    let opened = store::open(shared, &policy, false).await?.into_store();
    let inconsistencies = Lifecycle::open(opened, policy).await?.verify(asked.limit).await?;
    let printed = Printed { inconsistencies, bytes };
    output::result(shared.format, &printed, &printed)?;
    match printed.inconsistencies.len() + printed.bytes.len() {
        0 => Ok(()),
        1 => Err(Failure::new(Exit::Refused, "there is 1 finding")),
        more => Err(Failure::new(Exit::Refused, format!("there are {more} findings"))),
    }
}

/// Searches the files of a SQLite database for the lines of a file.
fn in_bytes(location: &Location, texts: &Path) -> Result<Vec<Found>, Failure> {
    let Location::Sqlite(database) = location else {
        return Err(
            Failure::usage("`--bytes` searches only SQLite files").remedy("use `--store sqlite:FILE`")
        );
    };
    let read = |file: &Path, error: &io::Error| {
        Failure::new(Exit::Other, format!("`{}` cannot be read: {error}", file.display()))
    };
    let texts = fs::read_to_string(texts).map_err(|error| read(texts, &error))?;
    let texts: Vec<&str> = texts.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for suffix in ["", "-wal", "-journal"] {
        let mut name = database.clone().into_os_string();
        name.push(suffix);
        let file = PathBuf::from(name);
        match File::open(&file) {
            Ok(opened) => {
                let lines = lines_in(BufReader::new(opened), &texts).map_err(|error| read(&file, &error))?;
                found.extend(lines.into_iter().map(|line| Found { file: file.clone(), line }));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(read(&file, &error)),
        }
    }
    Ok(found)
}

/// Returns the numbers of the texts that occur in the bytes. Reads them in blocks that overlap by the longest text.
fn lines_in(mut bytes: impl Read, texts: &[&str]) -> io::Result<Vec<usize>> {
    const BLOCK: usize = 1 << 20;
    let longest = texts.iter().map(|text| text.len()).max().unwrap_or_default();
    let mut is_found = vec![false; texts.len()];
    let mut window: Vec<u8> = Vec::new();
    loop {
        let read = bytes.by_ref().take(BLOCK as u64).read_to_end(&mut window)?;
        for (text, is_found) in texts.iter().zip(&mut is_found) {
            let text = text.as_bytes();
            *is_found |= !text.is_empty() && window.windows(text.len()).any(|part| part == text);
        }
        if read == 0 {
            break;
        }
        let keep = window.len().saturating_sub(longest.saturating_sub(1));
        window.drain(..keep);
    }
    let numbered = is_found.into_iter().enumerate().filter(|(_, is_found)| *is_found);
    Ok(numbered.map(|(position, _)| position + 1).collect())
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inconsistencies, bytes } = self;
        if inconsistencies.is_empty() && bytes.is_empty() {
            return f.write_str("nothing was found");
        }
        let rows = inconsistencies.iter().map(ToString::to_string);
        let texts = bytes.iter().map(|Found { file, line }| {
            format!("the text in line {line} is still in the bytes of `{}`", file.display())
        });
        f.write_str(&rows.chain(texts).collect::<Vec<_>>().join("\n"))
    }
}
