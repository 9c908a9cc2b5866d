//! Unique indexes and exclusion constraints: what they compare, as expressions that can be evaluated on a row.

use std::collections::BTreeSet;

use super::constraint::mentions;

/// A unique index of a table. Primary keys, unique constraints and exclusion constraints have one too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UniqueIndex {
    /// What the index compares: columns and expressions, in the syntax of the database.
    pub(crate) keys: Vec<UniqueKey>,
    /// The columns that the keys and the condition read.
    pub(crate) columns: BTreeSet<String>,
    /// The condition on the rows of a partial index.
    pub(crate) condition: Option<String>,
    /// Whether two rows may not both have NULL.
    pub(crate) nulls_are_equal: bool,
    /// What the index compares with, if it is that of an exclusion constraint.
    pub(crate) exclusion: Option<Exclusion>,
}

/// An exclusion constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exclusion {
    pub(crate) name: String,
    /// The operator of each key. Two rows conflict if all of them hold.
    pub(crate) operators: Vec<String>,
}

/// One part of a unique index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UniqueKey {
    pub(crate) expression: String,
    /// The quoted name of the collation, if it is not that of the expression.
    pub(crate) collation: Option<String>,
}

impl UniqueIndex {
    /// Reads an index of SQLite. `parts` holds the column and the collation of each key; the column is `None` for an
    /// expression. `sql` is its definition; `None` for the index of a constraint. `table` are the columns of the table.
    /// Returns `None` if the definition cannot be read.
    pub(crate) fn of_sqlite(
        parts: Vec<(Option<String>, String)>,
        sql: Option<&str>,
        table: &[String],
    ) -> Option<Self> {
        let defined = match sql {
            Some(sql) => Some(definition(sql)?),
            None => None,
        };
        let mut columns = BTreeSet::new();
        let mut keys = Vec::new();
        for (position, (column, collation)) in parts.into_iter().enumerate() {
            let expression = match column {
                Some(column) => {
                    let quoted = quote(&column);
                    columns.insert(column);
                    quoted
                }
                None => defined.as_ref()?.0.get(position)?.clone(),
            };
            keys.push(UniqueKey { expression, collation: Some(quote(&collation)) });
        }
        let condition = defined.and_then(|(_, condition)| condition);
        let texts = keys.iter().map(|key| &*key.expression).chain(condition.as_deref());
        let text = texts.collect::<Vec<_>>().join(" ");
        columns.extend(table.iter().filter(|column| mentions(&text, column)).cloned());
        Some(Self { keys, columns, condition, nulls_are_equal: false, exclusion: None })
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns the expressions of a `CREATE INDEX`, and its condition.
fn definition(sql: &str) -> Option<(Vec<String>, Option<String>)> {
    let mut depth = 0_usize;
    let mut quote = None;
    let (mut parts, mut start) = (Vec::new(), None);
    for (at, character) in sql.char_indices() {
        match (quote, character) {
            (Some(closing), character) if character == closing => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(character),
            (None, '[') => quote = Some(']'),
            (None, '(') => {
                depth += 1;
                if depth == 1 {
                    start = Some(at + 1);
                }
            }
            (None, ',') if depth == 1 => {
                parts.push(sql.get(start?..at)?);
                start = Some(at + 1);
            }
            (None, ')') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    parts.push(sql.get(start?..at)?);
                    let parts = parts.into_iter().map(|part| without_order(part).to_owned()).collect();
                    let rest = sql.get(at + 1..)?.trim().trim_end_matches(';').trim_end();
                    let condition = rest.get(..5).filter(|word| word.eq_ignore_ascii_case("WHERE"));
                    return Some((parts, condition.and_then(|_| rest.get(5..)).map(str::to_owned)));
                }
            }
            _ => {}
        }
    }
    None
}

/// Removes ASC or DESC from the end of an expression.
fn without_order(part: &str) -> &str {
    let part = part.trim();
    match part.rsplit_once(char::is_whitespace) {
        Some((expression, order)) if ["ASC", "DESC"].iter().any(|word| order.eq_ignore_ascii_case(word)) => {
            expression.trim_end()
        }
        _ => part,
    }
}

#[cfg(test)]
mod tests {
    use super::definition;

    #[test]
    fn the_expressions_and_the_condition_of_an_index_are_read() {
        let read = |sql: &str| definition(sql).unwrap_or_default();
        let own = |parts: &[&str], condition: Option<&str>| {
            (parts.iter().map(ToString::to_string).collect::<Vec<_>>(), condition.map(str::to_owned))
        };
        assert_eq!(read("CREATE UNIQUE INDEX i ON t (a, b DESC)"), own(&["a", "b"], None));
        assert_eq!(
            read(
                "create unique index \"i(\" on \"t (x\"(lower(a), \"b, c\" COLLATE NOCASE asc) where d IS NULL;"
            ),
            own(&["lower(a)", "\"b, c\" COLLATE NOCASE"], Some(" d IS NULL"))
        );
        assert_eq!(read("CREATE UNIQUE INDEX i ON t (coalesce(a, ')'))"), own(&["coalesce(a, ')')"], None));
        assert_eq!(definition("CREATE UNIQUE INDEX i ON t (a"), None);
    }
}
