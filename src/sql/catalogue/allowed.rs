//! Reads the values that CHECK constraints such as `status IN ('OPEN', 'PAID')` allow.

use std::collections::BTreeMap;

/// The values that a constraint allows, by column. A column that is not listed may hold any value.
pub(super) type Allowed = BTreeMap<String, Vec<String>>;

/// Returns the values that an expression allows, as PostgreSQL writes it or as it stands in a `CREATE TABLE`. A column
/// may also be null. Expressions other than lists of literals allow everything.
pub(super) fn allowed(expression: &str) -> Allowed {
    read(&tokens(expression))
}

/// Returns the values that the constraints of a `CREATE TABLE` allow. With a collation, two texts may be equal that
/// differ, so nothing is known.
pub(super) fn allowed_in_table(create_table: &str) -> Vec<Allowed> {
    let tokens = tokens(create_table);
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is(word));
    if (0..tokens.len()).any(|at| is(at, "COLLATE")) {
        return Vec::new();
    }
    let checks = (0..tokens.len()).filter(|at| is(*at, "CHECK") && is(at + 1, "("));
    let bodies = checks.filter_map(|at| {
        let rest = tokens.get(at + 2..)?;
        let mut depth = 1;
        let end = rest.iter().position(|token| {
            depth += i32::from(token.is("(")) - i32::from(token.is(")"));
            depth == 0
        });
        rest.get(..end?)
    });
    bodies.map(read).collect()
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A keyword, a name without quotes, an operator or a bracket.
    Word(String),
    Name(String),
    Text(String),
    Number(String),
}

impl Token {
    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own.eq_ignore_ascii_case(word))
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(first) = rest.next() {
        let mut until = |closes: char| {
            let mut inside = String::new();
            while let Some(next) = rest.next() {
                if next != closes {
                    inside.push(next);
                } else if closes != ']' && rest.peek() == Some(&closes) {
                    inside.extend(rest.next());
                } else {
                    break;
                }
            }
            inside
        };
        match first {
            '\'' => found.push(Token::Text(until('\''))),
            '"' | '`' => found.push(Token::Name(until(first))),
            // An array of PostgreSQL; a name in brackets on SQLite.
            '[' if !found.last().is_some_and(|last: &Token| last.is("ARRAY")) => {
                found.push(Token::Name(until(']')));
            }
            '-' if rest.peek() == Some(&'-') => while rest.next().is_some_and(|next| next != '\n') {},
            '/' if rest.peek() == Some(&'*') => {
                let mut last = ' ';
                for next in rest.by_ref().skip(1) {
                    if last == '*' && next == '/' {
                        break;
                    }
                    last = next;
                }
            }
            ':' if rest.peek() == Some(&':') => {
                rest.next();
                found.push(Token::Word("::".into()));
            }
            _ if first.is_alphanumeric() || first == '_' => {
                let mut word = String::from(first);
                let belongs = |next: &char| next.is_alphanumeric() || matches!(next, '_' | '.' | '$');
                while let Some(next) = rest.next_if(belongs) {
                    word.push(next);
                }
                let is_number = first.is_ascii_digit();
                found.push(if is_number { Token::Number(word) } else { Token::Word(word) });
            }
            _ if first.is_whitespace() => {}
            _ => found.push(Token::Word(first.into())),
        }
    }
    found
}

fn read(tokens: &[Token]) -> Allowed {
    let mut reader = Reader { tokens };
    let found = reader.either();
    found.filter(|_| reader.tokens.is_empty()).unwrap_or_default()
}

enum Operand {
    Column(String),
    Literal(String),
}

struct Reader<'a> {
    tokens: &'a [Token],
}

impl Reader<'_> {
    fn next(&mut self) -> Option<&Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    /// Takes these words, if they come next.
    fn take(&mut self, words: &[&str]) -> Option<()> {
        let next = self.tokens.get(..words.len())?;
        if !next.iter().zip(words).all(|(token, word)| token.is(word)) {
            return None;
        }
        self.tokens = self.tokens.get(words.len()..)?;
        Some(())
    }

    /// Reads with `parse`, or takes nothing.
    fn try_read<T>(&mut self, parse: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.tokens;
        let found = parse(self);
        if found.is_none() {
            self.tokens = before;
        }
        found
    }

    fn either(&mut self) -> Option<Allowed> {
        let mut found = self.both()?;
        while self.take(&["OR"]).is_some() {
            let mut other = self.both()?;
            let common = found.into_iter().filter_map(|(column, mut values)| {
                values.extend(other.remove(&column)?);
                Some((column, values))
            });
            found = common.collect();
        }
        Some(found)
    }

    fn both(&mut self) -> Option<Allowed> {
        let mut found = self.part()?;
        while self.take(&["AND"]).is_some() {
            for (column, values) in self.part()? {
                found.entry(column).or_insert(values);
            }
        }
        Some(found)
    }

    fn part(&mut self) -> Option<Allowed> {
        self.try_read(Self::comparison).or_else(|| {
            self.take(&["("])?;
            let found = self.either()?;
            self.take(&[")"])?;
            Some(found)
        })
    }

    fn comparison(&mut self) -> Option<Allowed> {
        let Operand::Column(column) = self.operand()? else { return None };
        if self.take(&["IS", "NOT", "NULL"]).is_some() {
            return Some(Allowed::new());
        }
        let values = if self.take(&["IS", "NULL"]).is_some() {
            Vec::new()
        } else if self.take(&["=", "ANY", "("]).is_some() {
            let values = self.array()?;
            self.take(&[")"])?;
            values
        } else if self.take(&["IN", "("]).is_some() {
            let values = self.literals()?;
            self.take(&[")"])?;
            values
        } else {
            self.take(&["="])?;
            vec![self.literal()?]
        };
        Some(Allowed::from([(column, values)]))
    }

    fn array(&mut self) -> Option<Vec<String>> {
        let found = if self.take(&["("]).is_some() {
            let found = self.array()?;
            self.take(&[")"])?;
            found
        } else {
            self.take(&["ARRAY", "["])?;
            let found = self.literals()?;
            self.take(&["]"])?;
            found
        };
        self.casts()?;
        Some(found)
    }

    fn literals(&mut self) -> Option<Vec<String>> {
        let mut found = vec![self.literal()?];
        while self.take(&[","]).is_some() {
            found.push(self.literal()?);
        }
        Some(found)
    }

    fn literal(&mut self) -> Option<String> {
        match self.operand()? {
            Operand::Literal(value) => Some(value),
            Operand::Column(_) => None,
        }
    }

    fn operand(&mut self) -> Option<Operand> {
        let found = if self.take(&["("]).is_some() {
            let found = self.operand()?;
            self.take(&[")"])?;
            found
        } else if self.take(&["-"]).is_some() {
            match self.next()? {
                Token::Number(number) => Operand::Literal(format!("-{number}")),
                _ => return None,
            }
        } else {
            match self.next()? {
                Token::Text(text) | Token::Number(text) => Operand::Literal(text.clone()),
                Token::Name(name) => Operand::Column(name.clone()),
                // With a null in its list, a constraint refuses nothing.
                Token::Word(word) if word.eq_ignore_ascii_case("NULL") => return None,
                Token::Word(word) if word.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                    match &*word.to_ascii_lowercase() {
                        truth @ ("true" | "false") => Operand::Literal(truth.to_owned()),
                        _ => Operand::Column(word.clone()),
                    }
                }
                Token::Word(_) => return None,
            }
        };
        self.casts()?;
        Some(found)
    }

    /// Takes casts such as `::character varying(10)[]`.
    fn casts(&mut self) -> Option<()> {
        while self.take(&["::"]).is_some() {
            self.next()?;
            while self.tokens.first().is_some_and(|token| {
                ["varying", "precision", "without", "with", "time", "zone"].iter().any(|word| token.is(word))
            }) {
                self.next()?;
            }
            if self.take(&["("]).is_some() {
                while !self.next()?.is(")") {}
            }
            while matches!(self.tokens.first(), Some(Token::Name(inside)) if inside.is_empty()) {
                self.next()?;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(expression: &str) -> Vec<(String, Vec<String>)> {
        allowed(expression).into_iter().collect()
    }

    #[test]
    fn lists_of_literals_are_read() {
        let state = |values: &[&str]| {
            vec![("state".to_owned(), values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())]
        };
        for expression in [
            "state IN ('A', 'B')",
            "(\"state\" in ('A','B'))",
            "[state] = 'A' OR `state` = 'B'",
            "(state = ANY (ARRAY['A'::text, 'B'::text]))",
            "((state)::text = ANY ((ARRAY['A'::character varying, 'B'::character varying])::text[]))",
            "((state = 'A'::bpchar) OR (state = 'B'::bpchar))",
            "((state)::text = ANY (ARRAY[('A'::character varying)::text, ('B'::character varying)::text]))",
            "state IS NULL OR state IN ('A', 'B')",
            "state IS NOT NULL AND state IN ('A', 'B')",
            "state IN (/* first */ 'A', -- second\n 'B')",
        ] {
            assert_eq!(of(expression), state(&["A", "B"]), "{expression}");
        }
        assert_eq!(of("state IN ('it''s')"), state(&["it's"]));
        assert_eq!(of("state = ANY (ARRAY['-1'::integer, 0, 2])"), state(&["-1", "0", "2"]));
        assert_eq!(of("state IN (-1, TRUE)"), state(&["-1", "true"]));
        assert_eq!(of("(state = 'A' AND n = 1) OR (state = 'B' AND m = 1)"), state(&["A", "B"]));
    }

    #[test]
    fn other_constraints_allow_everything() {
        for expression in [
            "",
            "state <> 'A'",
            "NOT state IN ('A')",
            "state NOT IN ('A')",
            "state IN ('A', NULL)",
            "state IN ('A') OR length(state) > 3",
            "state IN ('A') OR kind = 'B'",
            "lower(state) IN ('a')",
            "state ~ '^A$'",
            "state = other",
            "state IN ('A') COLLATE \"C\"",
            "state IN ('A'",
            "state IN",
        ] {
            assert_eq!(of(expression), [], "{expression}");
        }
    }

    #[test]
    fn the_constraints_of_a_table_are_found() {
        let found = allowed_in_table(
            "CREATE TABLE t (id INTEGER, \"check\" TEXT DEFAULT 'CHECK (id IN (1))', state TEXT CHECK (state IN ('A')), \
             n INT CHECK (n > 0), CONSTRAINT c CHECK ((m IN (1, 2))))",
        );
        let found: Vec<_> = found.into_iter().flatten().collect();
        let expected =
            [("state".to_owned(), vec!["A".to_owned()]), ("m".into(), vec!["1".into(), "2".into()])];
        assert_eq!(found, expected);
        assert!(allowed_in_table("CREATE TABLE t (s TEXT COLLATE NOCASE CHECK (s IN ('a')))").is_empty());
    }
}
