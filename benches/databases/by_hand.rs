//! Hand-written statements that the library is compared with.

use crate::tables::{RELATIONS, Relation, SURVIVING, System};

/// The clients to delete: one or several ids, bound as one text.
#[derive(Debug, Clone)]
pub(crate) struct Subjects {
    pub(crate) ids: Vec<String>,
}

impl Subjects {
    /// Renders the condition that `column` holds the id of one of these clients.
    fn are(&self, system: System, column: &str) -> String {
        match (system, &*self.ids) {
            (System::Postgres, [_]) => format!("{column} = $1::uuid"),
            (System::Postgres, _) => format!("{column} = ANY($1::uuid[])"),
            (System::Sqlite, [_]) => format!("{column} = $1"),
            (System::Sqlite, _) => format!("{column} IN (SELECT value FROM json_each($1))"),
        }
    }

    /// Returns the value to bind.
    pub(crate) fn bound(&self, system: System) -> String {
        match (system, &*self.ids) {
            (_, [id]) => id.clone(),
            (System::Postgres, ids) => format!("{{{}}}", ids.join(",")),
            (System::Sqlite, ids) => serde_json::to_string(ids).unwrap(),
        }
    }

    /// Renders the condition that selects the rows of one table that depend on these clients.
    fn below(&self, system: System, Relation { table: _, field, to }: &Relation) -> String {
        match *to {
            "clients" => self.are(system, field),
            parent => {
                format!("{field} IN (SELECT id FROM {parent} WHERE {})", self.are(system, "client_id"))
            }
        }
    }

    /// Returns the single `DELETE` that leaves the dependents to `ON DELETE CASCADE`.
    pub(crate) fn native(&self, system: System) -> Vec<String> {
        vec![format!("DELETE FROM clients WHERE {}", self.are(system, "id"))]
    }

    /// Returns one statement for each table, children first.
    pub(crate) fn deletes(&self, system: System) -> Vec<String> {
        let mut statements =
            vec![format!("UPDATE {SURVIVING} SET client_id = NULL WHERE {}", self.are(system, "client_id"))];
        let going =
            RELATIONS.iter().filter(|relation| relation.table != SURVIVING && relation.to != SURVIVING);
        let deletes = going
            .map(|relation| format!("DELETE FROM {} WHERE {}", relation.table, self.below(system, relation)));
        statements.extend(deletes.rev());
        statements.extend(self.native(system));
        statements
    }

    /// Returns one statement that counts all rows that the deletion would affect or that would block it.
    pub(crate) fn counts(&self, system: System) -> String {
        let mut parts = vec![format!("SELECT count(*) FROM clients WHERE {}", self.are(system, "id"))];
        let touched = RELATIONS.iter().filter(|relation| relation.to != SURVIVING);
        parts.extend(touched.map(|relation| {
            format!("SELECT count(*) FROM {} WHERE {}", relation.table, self.below(system, relation))
        }));
        parts.push(format!(
            "SELECT count(*) FROM debts WHERE {} AND status = 'PENDING'",
            self.are(system, "client_id")
        ));
        parts.join("\nUNION ALL ")
    }
}
