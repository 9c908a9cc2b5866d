CREATE TABLE IF NOT EXISTS "lifecycle_schema" (
  version INTEGER NOT NULL PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS "lifecycle_operations" (
  operation TEXT NOT NULL PRIMARY KEY,
  at TEXT NOT NULL,
  receipt TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS "lifecycle_audit" (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  operation TEXT NOT NULL,
  kind TEXT NOT NULL,
  record NOT NULL,
  at TEXT NOT NULL,
  action TEXT NOT NULL,
  outcome TEXT NOT NULL,
  entry TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS "lifecycle_outbox" (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  operation TEXT NOT NULL,
  topic TEXT NOT NULL,
  kind TEXT NOT NULL,
  record NOT NULL,
  at TEXT NOT NULL,
  payload TEXT NOT NULL,
  UNIQUE (operation, topic, kind, record)
);

CREATE TABLE IF NOT EXISTS "lifecycle_marks" (
  operation TEXT NOT NULL,
  kind TEXT NOT NULL,
  record NOT NULL,
  PRIMARY KEY (operation, kind, record)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS "lifecycle_replaced" (
  operation TEXT NOT NULL,
  kind TEXT NOT NULL,
  field TEXT NOT NULL,
  record NOT NULL,
  before,
  after,
  PRIMARY KEY (operation, kind, field, record)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS "lifecycle_audit_by_record" ON "lifecycle_audit" (kind, record);

INSERT INTO "lifecycle_schema" (version) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM "lifecycle_schema");
