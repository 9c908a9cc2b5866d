//! How transactions begin: their isolation, and settings that the rendered statements rely on.

const NO_JIT: &str = "SET LOCAL jit TO off";
const NO_ROW_SECURITY: &str = "SET LOCAL row_security TO off";
const UTF8: &str = "SET LOCAL client_encoding TO 'UTF8'";
const TEMPORARY_LAST: &str = "SELECT set_config('search_path', concat_ws(', ', \
     NULLIF(current_setting('search_path'), ''), 'pg_temp'), TRUE)";

/// Raises `work_mem` to 64 MB. A bitmap of rows that does not fit into `work_mem` keeps only pages, and PostgreSQL then
/// compares every row of these pages with every id of `= ANY(…)`. 64 MB are enough for a million pages, and only
/// operations on so many rows use them.
pub(super) const ENOUGH_MEMORY: &str = "SELECT set_config('work_mem', \
     greatest(pg_size_bytes(current_setting('work_mem')) / 1024, 65536)::text, TRUE)";

pub(super) const BEGIN_READ: &[&str] = &[
    "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    NO_JIT,
    NO_ROW_SECURITY,
    UTF8,
    TEMPORARY_LAST,
    ENOUGH_MEMORY,
];
pub(super) const BEGIN_WRITE: &[&str] = &[
    "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE",
    NO_JIT,
    NO_ROW_SECURITY,
    UTF8,
    TEMPORARY_LAST,
    ENOUGH_MEMORY,
];
