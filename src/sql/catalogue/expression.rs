//! Reads the expressions of indexes.

/// Returns the column of the expression `lower(column)`, as PostgreSQL writes it or as it stands in SQLite's
/// `CREATE INDEX`. A cast to text and a collation are ignored.
pub(super) fn lower_column(expression: &str) -> Option<String> {
    let is_index = expression.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("create"));
    let list = expression.split_once('(').and_then(|(_, list)| Some(list.rsplit_once(')')?.0));
    let expression = if is_index { list? } else { expression }.trim();
    let (function, argument) = expression.split_once('(')?;
    let argument = argument.strip_suffix(')')?;
    if !function.trim().eq_ignore_ascii_case("lower")
        || argument.contains(['|', ',', '\'', '+', '-', '*', '/'])
    {
        return None;
    }
    let column = argument.split("::").next()?.trim_matches(['(', ')', ' ']);
    let end = column.to_ascii_uppercase().find(" COLLATE ").unwrap_or(column.len());
    let column = column.get(..end)?.trim_matches(['(', ')', ' ']);
    let quoted = column.strip_prefix('"').and_then(|column| column.strip_suffix('"'));
    Some(quoted.map_or_else(|| column.to_owned(), |column| column.replace("\"\"", "\"")))
}

#[cfg(test)]
mod tests {
    use super::lower_column;

    #[test]
    fn a_column_in_lower_case_is_read() {
        for expression in [
            "lower(code)",
            "LOWER( code )",
            "lower(code::text)",
            "lower((code)::text)",
            "lower((code COLLATE \"C\"))",
            "lower(code::text COLLATE \"C\")",
            "lower((code)::text COLLATE \"C\")",
            "lower(\"code\")",
            "CREATE UNIQUE INDEX codes ON clients (lower(code))",
            "create unique index codes on clients(lower(code) )",
        ] {
            assert_eq!(lower_column(expression).as_deref(), Some("code"), "{expression}");
        }
        assert_eq!(lower_column("lower(\"a\"\"b\")").as_deref(), Some("a\"b"));
    }

    #[test]
    fn other_expressions_are_not() {
        for expression in [
            "upper(code)",
            "lower(code || name)",
            "lower(code) || name",
            "lower(substr(code, 1, 2))",
            "CREATE UNIQUE INDEX codes ON clients (lower(code), name)",
            "CREATE UNIQUE INDEX codes ON clients (name, lower(code))",
            "code",
            "",
        ] {
            assert_eq!(lower_column(expression), None, "{expression}");
        }
    }
}
