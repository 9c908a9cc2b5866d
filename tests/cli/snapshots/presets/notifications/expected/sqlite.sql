-- == users 123e4567-e89b-12d3-a456-426614174000 --mode hard_delete
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "users" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "notifications" AS r WHERE r."user_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "preferences" AS r WHERE r."user_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "push_tokens" AS r WHERE r."user_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "push_tokens" AS r WHERE r."user_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "users" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 4, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "push_tokens" AS r WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS n;

SELECT 0, 0, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0;

INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT ?1, ?2, ?3, r."id", ?4, json_object(?5, CASE WHEN typeof(r."token") = 'blob' AND length(r."token") <> 16 THEN hex(r."token") ELSE CASE WHEN typeof(r."token") = 'blob' AND length(r."token") = 16 THEN lower(substr(hex(r."token"), 1, 8) || '-' || substr(hex(r."token"), 9, 4) || '-' || substr(hex(r."token"), 13, 4) || '-' || substr(hex(r."token"), 17, 4) || '-' || substr(hex(r."token"), 21, 12)) ELSE r."token" END END) FROM "push_tokens" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 4) ORDER BY r."id" COLLATE BINARY ON CONFLICT DO NOTHING;

INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT ?1, ?2, ?3, r."id", ?4, json_object() FROM "users" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) ORDER BY r."id" COLLATE BINARY ON CONFLICT DO NOTHING;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

DELETE FROM "push_tokens" AS r WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM "preferences" AS r WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM "notifications" AS r WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM "users" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM temp."lifecycle_members";

-- == users 123e4567-e89b-12d3-a456-426614174000 --mode soft_delete
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "users" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((r."deleted_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "notifications" AS r WHERE r."user_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "preferences" AS r WHERE r."user_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "push_tokens" AS r WHERE r."user_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "push_tokens" AS r WHERE r."user_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "users" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((r."deleted_at" IS NULL))) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 4, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "push_tokens" AS r WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS n;

WITH "lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "notifications" AS r WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "preferences" AS r WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0))
SELECT 0, 0, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s;

INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT ?1, ?2, ?3, r."id", ?4, json_object(?5, CASE WHEN typeof(r."token") = 'blob' AND length(r."token") <> 16 THEN hex(r."token") ELSE CASE WHEN typeof(r."token") = 'blob' AND length(r."token") = 16 THEN lower(substr(hex(r."token"), 1, 8) || '-' || substr(hex(r."token"), 9, 4) || '-' || substr(hex(r."token"), 13, 4) || '-' || substr(hex(r."token"), 17, 4) || '-' || substr(hex(r."token"), 21, 12)) ELSE r."token" END END) FROM "push_tokens" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 4) ORDER BY r."id" COLLATE BINARY ON CONFLICT DO NOTHING;

INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT ?1, ?2, ?3, r."id", ?4, json_object() FROM "users" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) ORDER BY r."id" COLLATE BINARY ON CONFLICT DO NOTHING;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, json_set(?6, '$.before', json(coalesce(j.fields, '{}'))) FROM (SELECT a.value AS value, min(a.key) AS key, max(a.fields) AS fields FROM (SELECT j.value AS value, j.key AS key, NULL AS fields FROM json_each(?7) AS j UNION ALL SELECT CASE WHEN typeof(r."id") = 'blob' AND length(r."id") = 16 THEN lower(substr(hex(r."id"), 1, 8) || '-' || substr(hex(r."id"), 9, 4) || '-' || substr(hex(r."id"), 13, 4) || '-' || substr(hex(r."id"), 17, 4) || '-' || substr(hex(r."id"), 21, 12)) ELSE r."id" END, NULL, json_object(?8, CASE WHEN typeof(r."deleted_at") = 'blob' AND length(r."deleted_at") <> 16 THEN hex(r."deleted_at") ELSE CASE WHEN typeof(r."deleted_at") = 'blob' AND length(r."deleted_at") = 16 THEN lower(substr(hex(r."deleted_at"), 1, 8) || '-' || substr(hex(r."deleted_at"), 9, 4) || '-' || substr(hex(r."deleted_at"), 13, 4) || '-' || substr(hex(r."deleted_at"), 17, 4) || '-' || substr(hex(r."deleted_at"), 21, 12)) ELSE r."deleted_at" END END) FROM "users" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS a GROUP BY a.value) AS j WHERE j.key IS NOT NULL ORDER BY j.key;

DELETE FROM "push_tokens" AS r WHERE r."user_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

INSERT INTO "lifecycle_replaced" (operation, kind, field, record, before, after)
SELECT ?1, ?2, ?3, +r."id", r."deleted_at", ?4 FROM "users" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) ON CONFLICT (operation, kind, field, record) DO UPDATE SET after = excluded.after;

UPDATE "users" AS r SET "deleted_at" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM temp."lifecycle_members";

