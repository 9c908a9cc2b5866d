//! Reads CHECK constraints and computed columns from the text that created a table.

/// What a `CREATE TABLE` says about single rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) parts: Vec<Part>,
    pub(super) is_strict: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Check { name: Option<String>, expression: String },
    Computed { column: String, expression: String },
}

/// Words with which another constraint begins.
const OTHERS: [&str; 8] = ["UNIQUE", "PRIMARY", "REFERENCES", "FOREIGN", "NOT", "NULL", "DEFAULT", "COLLATE"];

impl Definition {
    /// Reads the text as SQLite keeps it. Reads as much as it understands.
    pub(super) fn read(sql: &str) -> Self {
        let tokens = tokens(sql);
        let mut found = Self::default();
        let mut depth = 0_usize;
        // The column that is being defined, and the name of the next constraint.
        let (mut column, mut named): (Option<String>, Option<String>) = (None, None);
        let mut is_start = false;
        for (at, token) in tokens.iter().enumerate() {
            let is = |word: &str| token.text.eq_ignore_ascii_case(word);
            let next = tokens.get(at + 1);
            let body = || next.filter(|next| next.text == "(").and_then(|_| inside(sql, &tokens, at + 1));
            let starts = is_start;
            is_start = false;
            match token.text {
                "(" => {
                    depth += 1;
                    is_start = depth == 1;
                }
                ")" => depth = depth.saturating_sub(1),
                "," if depth == 1 => is_start = true,
                // The name of the table comes before its columns.
                _ if depth == 0 => found.is_strict |= is("STRICT") && column.is_some(),
                _ if depth > 1 => {}
                _ if is("CONSTRAINT") => named = next.map(Token::name),
                _ if is("CHECK") && body().is_some() => {
                    let name = named.take();
                    found.parts.extend(body().map(|expression| Part::Check { name, expression }));
                }
                _ if is("AS") => {
                    let computed = column.clone().zip(body());
                    found
                        .parts
                        .extend(computed.map(|(column, expression)| Part::Computed { column, expression }));
                }
                _ if OTHERS.into_iter().any(is) => named = None,
                _ if starts => column = Some(token.name()),
                _ => {}
            }
        }
        found
    }
}

/// A word, a quoted name, a text, or one other character.
struct Token<'a> {
    text: &'a str,
    from: usize,
}

impl Token<'_> {
    /// Returns the name without its quotes.
    fn name(&self) -> String {
        let inner = self.text.get(1..self.text.len().saturating_sub(1)).unwrap_or_default();
        match self.text.chars().next() {
            Some(quote @ ('"' | '`' | '\'')) => inner.replace(&format!("{quote}{quote}"), &quote.to_string()),
            Some('[') => inner.to_owned(),
            _ => self.text.to_owned(),
        }
    }
}

/// Returns the text inside the brackets that open at a token.
fn inside(sql: &str, tokens: &[Token<'_>], open: usize) -> Option<String> {
    let mut depth = 0_usize;
    for token in tokens.get(open..)? {
        match token.text {
            "(" => depth += 1,
            ")" => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    let from = tokens.get(open)?.from + 1;
                    // A comment to the end of a line must not hide what follows the expression.
                    return sql.get(from..token.from).map(|text| format!("{}\n", text.trim()));
                }
            }
            _ => {}
        }
    }
    None
}

/// Splits the text into tokens, without comments.
fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((first, rest)) = sql.get(from..).and_then(|rest| Some((rest.chars().next()?, rest))) {
        let is_comment = rest.starts_with("--") || rest.starts_with("/*");
        let length = match first {
            '-' if is_comment => rest.find('\n').map_or(rest.len(), |at| at + 1),
            '/' if is_comment => rest.find("*/").map_or(rest.len(), |at| at + 2),
            '\'' | '"' | '`' => quoted(rest, first),
            '[' => rest.find(']').map_or(rest.len(), |at| at + 1),
            first if is_word(first) => rest.find(|next| !is_word(next)).unwrap_or(rest.len()),
            first => first.len_utf8(),
        };
        if !is_comment && !first.is_whitespace() {
            found.extend(rest.get(..length).map(|text| Token { text, from }));
        }
        from += length;
    }
    found
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}

/// Returns the length of a quoted text. A quote inside it is doubled.
fn quoted(text: &str, quote: char) -> usize {
    let mut ends = text.match_indices(quote).map(|(at, _)| at).skip(1);
    while let Some(at) = ends.next() {
        if text.get(at + 1..).is_none_or(|rest| !rest.starts_with(quote)) {
            return at + 1;
        }
        ends.next();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(sql: &str) -> Vec<(String, String)> {
        let parts = Definition::read(sql).parts.into_iter().map(|part| match part {
            Part::Check { name, expression } => (name.unwrap_or_default(), expression.trim().to_owned()),
            Part::Computed { column, expression } => (format!("{column} ="), expression.trim().to_owned()),
        });
        parts.collect()
    }

    fn own(parts: &[(&str, &str)]) -> Vec<(String, String)> {
        parts.iter().map(|(name, expression)| ((*name).to_owned(), (*expression).to_owned())).collect()
    }

    #[test]
    fn checks_and_computed_columns_are_read() {
        assert_eq!(
            parts(
                "CREATE TABLE \"t (CHECK (1))\" (id INTEGER PRIMARY KEY, -- CHECK (no)\n a TEXT DEFAULT ('CHECK (x)') \
                 CONSTRAINT \"my \"\"check\" CHECK (length(a) < 9 /* ) */), [b c] TEXT GENERATED ALWAYS AS (lower(a)) STORED, \
                 d INT AS ( a || ')' ), CONSTRAINT pair UNIQUE (a, d), check(a<>\"b c\"), CONSTRAINT last CHECK ((d > 0)))"
            ),
            own(&[
                ("my \"check", "length(a) < 9 /* ) */"),
                ("b c =", "lower(a)"),
                ("d =", "a || ')'"),
                ("", "a<>\"b c\""),
                ("last", "(d > 0)"),
            ])
        );
        assert_eq!(parts("CREATE TABLE t (a CHECK (a > '"), own(&[]));
        assert_eq!(parts(""), own(&[]));
    }

    #[test]
    fn a_strict_table_says_so_after_its_columns() {
        assert!(Definition::read("CREATE TABLE t (a INT) WITHOUT ROWID, strict").is_strict);
        assert!(!Definition::read("CREATE TABLE t (strict INT)").is_strict);
        assert!(!Definition::read("CREATE TABLE strict (a INT)").is_strict);
    }
}
