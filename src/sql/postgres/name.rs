//! Names of tables: with or without a schema, and with or without quotes.

/// Splits a name at the first dot that is not in quotes.
pub(super) fn first_part(name: &str) -> (String, Option<&str>) {
    if let Some((part, rest)) = quoted(name)
        && (rest.is_empty() || rest.starts_with('.'))
    {
        return (part, rest.strip_prefix('.'));
    }
    name.split_once('.')
        .map_or_else(|| (name.to_owned(), None), |(first, rest)| (first.to_owned(), Some(rest)))
}

/// Removes the quotes from a name that is entirely in quotes.
pub(super) fn unquoted(name: &str) -> String {
    quoted(name).filter(|(_, rest)| rest.is_empty()).map_or_else(|| name.to_owned(), |(part, _)| part)
}

/// Returns the quoted name at the start of a text, and the rest.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?;
    let mut part = String::new();
    loop {
        let (before, after) = rest.split_once('"')?;
        part.push_str(before);
        match after.strip_prefix('"') {
            Some(doubled) => {
                part.push('"');
                rest = doubled;
            }
            None => return Some((part, after)),
        }
    }
}
