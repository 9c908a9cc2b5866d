//! How PostgreSQL spells the parts of SQL that differ between databases.

use crate::sql::backend::Spelling;

/// The spelling of PostgreSQL.
pub(super) const SPELLING: Spelling = Spelling {
    json_object: "jsonb_build_object(",
    joined_objects: ["(", " || ", ")"],
    json_rows: ("json_array_elements_text(", "::json) WITH ORDINALITY AS j(\"value\", \"key\")"),
    // PostgreSQL builds a hash table of the ids. IS TRUE prevents a join, for which the planner's estimate may be
    // wrong by any factor. The planner estimates few rows for unnest. Otherwise it would expect that the ids do not
    // fit into `work_mem`, and compare each row with each id.
    among: ["(", "SELECT unnest(ARRAY(", "))) IS TRUE)"],
    parent_lock: " FOR KEY SHARE OF r",
    pseudonym_columns: "(kind text NOT NULL, field text NOT NULL, id text NOT NULL, value text NOT NULL, \
         PRIMARY KEY (kind, field, id)) ON COMMIT DROP",
    integer: "bigint",
    text: "text",
    operation: "uuid",
    // Ids are stored as text, whatever their type in the host's table.
    record: " text",
    at: "timestamptz",
    json: "jsonb",
    sequence: "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    by_key: "",
};
