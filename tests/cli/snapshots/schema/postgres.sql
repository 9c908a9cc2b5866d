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

CREATE TABLE IF NOT EXISTS "lifecycle_outbox" (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operation uuid NOT NULL,
  topic text NOT NULL,
  kind text NOT NULL,
  record text NOT NULL,
  at timestamptz NOT NULL,
  payload jsonb NOT NULL
);

CREATE TABLE IF NOT EXISTS "lifecycle_marks" (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operation uuid NOT NULL,
  kind text NOT NULL,
  record text NOT NULL
);

CREATE TABLE IF NOT EXISTS "lifecycle_replaced" (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operation uuid NOT NULL,
  kind text NOT NULL,
  field text NOT NULL,
  record text NOT NULL,
  before text,
  after text
);

CREATE INDEX IF NOT EXISTS "lifecycle_audit_by_hash" ON "lifecycle_audit" (kind, hashtextextended(record, 0));

DROP INDEX IF EXISTS "lifecycle_audit_by_record";

CREATE UNIQUE INDEX IF NOT EXISTS "lifecycle_outbox_once" ON "lifecycle_outbox" (operation, topic, kind, (CASE WHEN octet_length(record) <= 1000 THEN record ELSE left(record, 200) || md5(record) || hashtextextended(record, 0)::text END));

CREATE UNIQUE INDEX IF NOT EXISTS "lifecycle_marks_once" ON "lifecycle_marks" (operation, kind, (CASE WHEN octet_length(record) <= 1000 THEN record ELSE left(record, 200) || md5(record) || hashtextextended(record, 0)::text END));

CREATE UNIQUE INDEX IF NOT EXISTS "lifecycle_replaced_once" ON "lifecycle_replaced" (operation, kind, field, (CASE WHEN octet_length(record) <= 1000 THEN record ELSE left(record, 200) || md5(record) || hashtextextended(record, 0)::text END));

INSERT INTO "lifecycle_schema" (version) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM "lifecycle_schema");
