CREATE TABLE IF NOT EXISTS "lifecycle_schema" (
  version bigint NOT NULL PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS "lifecycle_operations" (
  operation uuid NOT NULL PRIMARY KEY,
  at timestamptz NOT NULL,
  receipt jsonb NOT NULL
);

CREATE TABLE IF NOT EXISTS "lifecycle_audit" (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operation uuid NOT NULL,
  kind text NOT NULL,
  record text NOT NULL,
  at timestamptz NOT NULL,
  action text NOT NULL,
  outcome text NOT NULL,
  entry jsonb NOT NULL
);

CREATE INDEX IF NOT EXISTS "lifecycle_audit_by_record" ON "lifecycle_audit" (kind, record);

CREATE TABLE IF NOT EXISTS "lifecycle_outbox" (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operation uuid NOT NULL,
  topic text NOT NULL,
  kind text NOT NULL,
  record text NOT NULL,
  at timestamptz NOT NULL,
  payload jsonb NOT NULL,
  UNIQUE (operation, topic, kind, record)
);

CREATE TABLE IF NOT EXISTS "lifecycle_marks" (
  operation uuid NOT NULL,
  kind text NOT NULL,
  record text NOT NULL,
  PRIMARY KEY (operation, kind, record)
);

INSERT INTO "lifecycle_schema" (version) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM "lifecycle_schema");
