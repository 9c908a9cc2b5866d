-- == unions clx9876543211 --mode soft_delete --actor ana --role ADMIN
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "unions" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((r."deletedAt" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "loans" AS r WHERE r."union_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "members" AS r WHERE r."union_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "members" AS r WHERE r."union_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "loans" AS r WHERE r."union_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((+r."status" COLLATE BINARY = ?2) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "loans" AS r WHERE r."union_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" IS NULL)))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 5, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*) FROM "lifecycle_set_6" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "unions" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((r."deletedAt" IS NULL))) AS n;

WITH "lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "loans" AS r WHERE r."union_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "members" AS r WHERE r."union_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "members" AS r WHERE r."union_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "loans" AS r WHERE r."union_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND ((+r."status" COLLATE BINARY = ?1) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "loans" AS r WHERE r."union_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND ((r."status" IS NULL)))
SELECT 0, 0, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 5, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*) FROM "lifecycle_set_6" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, json_set(?6, '$.before', json(coalesce(j.fields, '{}'))) FROM (SELECT a.value AS value, min(a.key) AS key, max(a.fields) AS fields FROM (SELECT j.value AS value, j.key AS key, NULL AS fields FROM json_each(?7) AS j UNION ALL SELECT CASE WHEN typeof(r."id") = 'blob' AND length(r."id") = 16 THEN lower(substr(hex(r."id"), 1, 8) || '-' || substr(hex(r."id"), 9, 4) || '-' || substr(hex(r."id"), 13, 4) || '-' || substr(hex(r."id"), 17, 4) || '-' || substr(hex(r."id"), 21, 12)) ELSE r."id" END, NULL, json_object(?8, CASE WHEN typeof(r."deletedAt") = 'blob' AND length(r."deletedAt") <> 16 THEN hex(r."deletedAt") ELSE CASE WHEN typeof(r."deletedAt") = 'blob' AND length(r."deletedAt") = 16 THEN lower(substr(hex(r."deletedAt"), 1, 8) || '-' || substr(hex(r."deletedAt"), 9, 4) || '-' || substr(hex(r."deletedAt"), 13, 4) || '-' || substr(hex(r."deletedAt"), 17, 4) || '-' || substr(hex(r."deletedAt"), 21, 12)) ELSE r."deletedAt" END END, ?9, CASE WHEN typeof(r."name") = 'blob' AND length(r."name") <> 16 THEN hex(r."name") ELSE CASE WHEN typeof(r."name") = 'blob' AND length(r."name") = 16 THEN lower(substr(hex(r."name"), 1, 8) || '-' || substr(hex(r."name"), 9, 4) || '-' || substr(hex(r."name"), 13, 4) || '-' || substr(hex(r."name"), 17, 4) || '-' || substr(hex(r."name"), 21, 12)) ELSE r."name" END END, ?10, CASE WHEN typeof(r."officer_id") = 'blob' AND length(r."officer_id") <> 16 THEN hex(r."officer_id") ELSE CASE WHEN typeof(r."officer_id") = 'blob' AND length(r."officer_id") = 16 THEN lower(substr(hex(r."officer_id"), 1, 8) || '-' || substr(hex(r."officer_id"), 9, 4) || '-' || substr(hex(r."officer_id"), 13, 4) || '-' || substr(hex(r."officer_id"), 17, 4) || '-' || substr(hex(r."officer_id"), 21, 12)) ELSE r."officer_id" END END) FROM "unions" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS a GROUP BY a.value) AS j WHERE j.key IS NOT NULL ORDER BY j.key;

INSERT INTO "lifecycle_replaced" (operation, kind, field, record, before, after)
SELECT ?1, ?2, ?3, +r."id", r."deletedAt", ?4 FROM "unions" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) ON CONFLICT (operation, kind, field, record) DO UPDATE SET after = excluded.after;

UPDATE "unions" AS r SET "deletedAt" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM temp."lifecycle_members";

-- == unions clx9876543210 --mode reassign --actor ana --role ADMIN --reassign members.union_id=clx9876543211
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "unions" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((r."deletedAt" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "members" AS r WHERE r."union_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "unions" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?2) AS j) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."deletedAt" IS NULL)))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "unions" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((r."deletedAt" IS NULL))) AS n;

WITH "lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "unions" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND ((r."deletedAt" IS NULL)))
SELECT 0, 0, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

UPDATE "members" AS r SET "union_id" = ?1 WHERE r."union_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM temp."lifecycle_members";

