//! The events that fire triggers, and how they are read from the text of a trigger of SQLite.

use crate::domain::words::words;

words! {
    /// The event that fires a trigger.
    pub(crate) enum TriggerEvent: "trigger event" {
        /// A row is inserted.
        Insert = "INSERT",
        /// A row is updated.
        Update = "UPDATE",
        /// A row is deleted.
        Delete = "DELETE",
    }
}

/// Returns the event of `CREATE TRIGGER name BEFORE DELETE ON …`. If the text cannot be parsed, the result is DELETE,
/// because that event matters most.
pub(super) fn trigger_event(sql: &str) -> TriggerEvent {
    let mut words = words(sql);
    // A quoted name keeps its quotes. A trigger named "delete" is therefore not mistaken for the event DELETE.
    words.by_ref().find(|word| word.eq_ignore_ascii_case("TRIGGER"));
    let mut named = false;
    for word in words {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        if !named {
            named = !(is("IF") || is("NOT") || is("EXISTS"));
        } else if is("UPDATE") {
            return TriggerEvent::Update;
        } else if is("INSERT") {
            return TriggerEvent::Insert;
        } else if is("DELETE") {
            break;
        }
    }
    TriggerEvent::Delete
}

/// Returns the words of a statement, without comments. A quoted name is one word and includes its quotes.
pub(super) fn words(sql: &str) -> impl Iterator<Item = &str> {
    Words { rest: sql }
}

/// The words of a statement. A quoted name is one word and includes its quotes.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            self.rest = self.rest.trim_start();
            let comment =
                [("--", "\n"), ("/*", "*/")].into_iter().find(|(opens, _)| self.rest.starts_with(opens));
            let Some((_, closes)) = comment else { break };
            self.rest = self.rest.split_once(closes).map_or("", |(_, after)| after);
        }
        let first = self.rest.chars().next()?;
        let closes = match first {
            '"' | '\'' | '`' => Some(first),
            '[' => Some(']'),
            _ => None,
        };
        let end = match closes {
            Some(quote) => quoted(self.rest, quote),
            None => self
                .rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
                // A punctuation mark is a word of its own.
                .map_or(self.rest.len(), |end| end.max(first.len_utf8())),
        };
        let (word, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        Some(word)
    }
}

/// Returns where a quoted name ends. A doubled quote is part of the name.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            let doubled = characters.peek().is_some_and(|(_, next)| *next == quote);
            if quote == ']' || !doubled {
                return at + character.len_utf8();
            }
            characters.next();
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{TriggerEvent, trigger_event};

    #[test]
    fn the_event_does_not_depend_on_the_name_of_the_trigger() {
        for (sql, expected) in [
            ("CREATE TRIGGER t AFTER DELETE ON a BEGIN SELECT 1; END", TriggerEvent::Delete),
            (
                "create trigger if not exists t update of b on a begin delete from c; end",
                TriggerEvent::Update,
            ),
            (
                "CREATE TRIGGER \"delete \"\"on\"\"\" BEFORE INSERT ON a BEGIN DELETE FROM b; END",
                TriggerEvent::Insert,
            ),
            (
                "CREATE TRIGGER main.[update x] INSTEAD OF DELETE ON v BEGIN SELECT 1; END",
                TriggerEvent::Delete,
            ),
            ("CREATE TRIGGER insert_log AFTER UPDATE ON a BEGIN SELECT 1; END", TriggerEvent::Update),
            (
                "CREATE /* on delete */ TRIGGER t -- delete\n INSERT ON a BEGIN SELECT 1; END",
                TriggerEvent::Insert,
            ),
            ("", TriggerEvent::Delete),
        ] {
            assert_eq!(trigger_event(sql), expected, "{sql}");
        }
    }
}
