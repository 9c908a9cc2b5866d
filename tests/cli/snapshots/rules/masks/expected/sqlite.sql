-- == people p1 --mode anonymize
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" IN (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS temp."lifecycle_pseudonyms" (kind TEXT NOT NULL, field TEXT NOT NULL, id NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, field, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 1, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS n;

SELECT 0, 0, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0;

SELECT s.id, (SELECT r."card" FROM "orders" AS r WHERE r."id" = s.id) FROM temp."lifecycle_members" AS s WHERE s.set_id = 1 ORDER BY s.id LIMIT 500;

SELECT s.id, (SELECT r."card" FROM "people" AS r WHERE r."id" = s.id) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0 ORDER BY s.id LIMIT 500;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

UPDATE "orders" AS r SET "buyer" = ?1, "card" = (SELECT m.value FROM temp."lifecycle_pseudonyms" AS m WHERE m.kind = ?2 AND m.field = ?3 AND m.id = +r."id") WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1);

UPDATE "people" AS r SET "born" = CASE WHEN typeof(r."born") = 'integer' THEN CAST(strftime('%s', strftime('%Y', ((SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."born" AS v))) / 1000, 'unixepoch') || '-01-01') AS INTEGER) WHEN r."born" IN ('infinity', '-infinity') THEN r."born" ELSE strftime('%Y', ((SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."born" AS v))) / 1000, 'unixepoch') || '-01-01' END, "card" = (SELECT m.value FROM temp."lifecycle_pseudonyms" AS m WHERE m.kind = ?1 AND m.field = ?2 AND m.id = +r."id"), "gone_at" = ?3, "mail" = (CASE WHEN typeof(r."id") = 'blob' AND length(r."id") = 16 THEN lower(substr(hex(r."id"), 1, 8) || '-' || substr(hex(r."id"), 9, 4) || '-' || substr(hex(r."id"), 13, 4) || '-' || substr(hex(r."id"), 17, 4) || '-' || substr(hex(r."id"), 21, 12)) ELSE r."id" END) || '@anonymized.invalid', "name" = ?4, "phone" = ?5, "revision" = coalesce(r."revision", 0) + 1, "status" = ?6, "written_at" = ?7, "zip" = substr(r."zip", 1, 2) WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM temp."lifecycle_members";

DELETE FROM temp."lifecycle_pseudonyms";

-- == people p1 --mode hard_delete
CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
WITH RECURSIVE "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, (SELECT CASE WHEN ((r."at" IS NOT NULL AND n."at" IS NULL)) THEN -1 WHEN (n."at" < ?2) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."at" AS v)) AS "at") AS n) AS rank FROM "orders" AS r WHERE r."person" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_walk"(set_id, rank, id) AS (
SELECT 3, n.rank, n.id FROM (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1)) AS n
UNION SELECT 2, CASE WHEN p.rank >= 0 THEN 0 END, r."id" FROM "lifecycle_walk" AS p CROSS JOIN "orders" AS q CROSS JOIN "people" AS r WHERE q."id" IN (SELECT p.id) AND r."id" IN (SELECT q."person") AND p.set_id = 3 AND p.rank >= 0 AND r."id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND (CASE WHEN p.rank >= 0 THEN 0 END) IS NOT NULL
)
SELECT n.set_id, n.id, min(n.rank) FROM "lifecycle_walk" AS n GROUP BY n.set_id, n.id;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, (SELECT CASE WHEN ((r."at" IS NOT NULL AND n."at" IS NULL)) THEN -1 WHEN (n."at" < ?2) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."at" AS v)) AS "at") AS n) AS rank FROM "orders" AS r WHERE r."person" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_4" AS s)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 1)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_1" AS s WHERE s.rank = 0) AND ((r."at" IS NULL)))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, s.rank, count(*) FROM "lifecycle_set_1" AS s GROUP BY s.rank
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*) FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*) FROM "lifecycle_set_7" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

DELETE FROM temp."lifecycle_members";

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS temp."lifecycle_pseudonyms" (kind TEXT NOT NULL, field TEXT NOT NULL, id NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, field, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j))
SELECT 1, n.id, n.rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."at" IS NOT NULL AND n."at" IS NULL)) THEN -1 WHEN (n."at" < ?2) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."at" AS v)) AS "at") AS n) AS rank FROM "orders" AS r WHERE r."person" IN (SELECT s.id FROM "lifecycle_set_0" AS s)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
WITH RECURSIVE "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)),
"lifecycle_walk"(set_id, rank, id) AS (
SELECT 3, n.rank, n.id FROM (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1 AND s.rank = 1)) AS n
UNION SELECT 2, CASE WHEN p.rank >= 0 THEN 0 END, r."id" FROM "lifecycle_walk" AS p CROSS JOIN "orders" AS q CROSS JOIN "people" AS r WHERE q."id" IN (SELECT p.id) AND r."id" IN (SELECT q."person") AND p.set_id = 3 AND p.rank >= 0 AND r."id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND (CASE WHEN p.rank >= 0 THEN 0 END) IS NOT NULL
)
SELECT n.set_id, n.id, min(n.rank) FROM "lifecycle_walk" AS n GROUP BY n.set_id, n.id;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j))
SELECT 4, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2)) AS n;

WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 4)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1 AND s.rank = 0) AND ((r."at" IS NULL)))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, s.rank, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 1 GROUP BY s.rank
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 7, 0, count(*) FROM "lifecycle_set_7" AS s;

SELECT s.id, (SELECT r."card" FROM "people" AS r WHERE r."id" = s.id) FROM temp."lifecycle_members" AS s WHERE s.set_id = 4 ORDER BY s.id LIMIT 500;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

DELETE FROM "orders" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 1 AND s.rank = 1);

UPDATE "people" AS r SET "born" = CASE WHEN typeof(r."born") = 'integer' THEN CAST(strftime('%s', strftime('%Y', ((SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."born" AS v))) / 1000, 'unixepoch') || '-01-01') AS INTEGER) WHEN r."born" IN ('infinity', '-infinity') THEN r."born" ELSE strftime('%Y', ((SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."born" AS v))) / 1000, 'unixepoch') || '-01-01' END, "card" = (SELECT m.value FROM temp."lifecycle_pseudonyms" AS m WHERE m.kind = ?1 AND m.field = ?2 AND m.id = +r."id"), "gone_at" = ?3, "mail" = (CASE WHEN typeof(r."id") = 'blob' AND length(r."id") = 16 THEN lower(substr(hex(r."id"), 1, 8) || '-' || substr(hex(r."id"), 9, 4) || '-' || substr(hex(r."id"), 13, 4) || '-' || substr(hex(r."id"), 17, 4) || '-' || substr(hex(r."id"), 21, 12)) ELSE r."id" END) || '@anonymized.invalid', "name" = ?4, "phone" = ?5, "revision" = coalesce(r."revision", 0) + 1, "status" = ?6, "written_at" = ?7, "zip" = substr(r."zip", 1, 2) WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 4);

DELETE FROM temp."lifecycle_members";

DELETE FROM temp."lifecycle_pseudonyms";

-- == people p1 --mode soft_delete
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((r."gone_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" IN (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((r."gone_at" IS NULL))) AS n;

SELECT 0, 0, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, json_set(?6, '$.before', json(coalesce(j.fields, '{}'))) FROM (SELECT a.value AS value, min(a.key) AS key, max(a.fields) AS fields FROM (SELECT j.value AS value, j.key AS key, NULL AS fields FROM json_each(?7) AS j UNION ALL SELECT CASE WHEN typeof(r."id") = 'blob' AND length(r."id") = 16 THEN lower(substr(hex(r."id"), 1, 8) || '-' || substr(hex(r."id"), 9, 4) || '-' || substr(hex(r."id"), 13, 4) || '-' || substr(hex(r."id"), 17, 4) || '-' || substr(hex(r."id"), 21, 12)) ELSE r."id" END, NULL, json_object(?8, CASE WHEN typeof(r."gone_at") = 'blob' AND length(r."gone_at") <> 16 THEN hex(r."gone_at") ELSE CASE WHEN typeof(r."gone_at") = 'blob' AND length(r."gone_at") = 16 THEN lower(substr(hex(r."gone_at"), 1, 8) || '-' || substr(hex(r."gone_at"), 9, 4) || '-' || substr(hex(r."gone_at"), 13, 4) || '-' || substr(hex(r."gone_at"), 17, 4) || '-' || substr(hex(r."gone_at"), 21, 12)) ELSE r."gone_at" END END, ?9, CASE WHEN typeof(r."revision") = 'blob' AND length(r."revision") <> 16 THEN hex(r."revision") ELSE CASE WHEN typeof(r."revision") = 'blob' AND length(r."revision") = 16 THEN lower(substr(hex(r."revision"), 1, 8) || '-' || substr(hex(r."revision"), 9, 4) || '-' || substr(hex(r."revision"), 13, 4) || '-' || substr(hex(r."revision"), 17, 4) || '-' || substr(hex(r."revision"), 21, 12)) ELSE r."revision" END END, ?10, CASE WHEN typeof(r."status") = 'blob' AND length(r."status") <> 16 THEN hex(r."status") ELSE CASE WHEN typeof(r."status") = 'blob' AND length(r."status") = 16 THEN lower(substr(hex(r."status"), 1, 8) || '-' || substr(hex(r."status"), 9, 4) || '-' || substr(hex(r."status"), 13, 4) || '-' || substr(hex(r."status"), 17, 4) || '-' || substr(hex(r."status"), 21, 12)) ELSE r."status" END END, ?11, CASE WHEN typeof(r."written_at") = 'blob' AND length(r."written_at") <> 16 THEN hex(r."written_at") ELSE CASE WHEN typeof(r."written_at") = 'blob' AND length(r."written_at") = 16 THEN lower(substr(hex(r."written_at"), 1, 8) || '-' || substr(hex(r."written_at"), 9, 4) || '-' || substr(hex(r."written_at"), 13, 4) || '-' || substr(hex(r."written_at"), 17, 4) || '-' || substr(hex(r."written_at"), 21, 12)) ELSE r."written_at" END END) FROM "people" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS a GROUP BY a.value) AS j WHERE j.key IS NOT NULL ORDER BY j.key;

UPDATE "orders" AS r SET "memo" = substr(r."memo", 1, 1) WHERE r."person" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

INSERT INTO "lifecycle_replaced" (operation, kind, field, record, before, after)
SELECT ?1, ?2, ?3, +r."id", r."gone_at", ?4 FROM "people" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) ON CONFLICT (operation, kind, field, record) DO UPDATE SET after = excluded.after;

UPDATE "people" AS r SET "gone_at" = ?1, "written_at" = ?2, "revision" = coalesce(r."revision", 0) + 1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM temp."lifecycle_members";

-- == people p1 --mode deactivate
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((r."gone_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" IN (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((r."gone_at" IS NULL))) AS n;

WITH "lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0))
SELECT 0, 0, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

UPDATE "people" AS r SET "status" = ?1, "written_at" = ?2, "revision" = coalesce(r."revision", 0) + 1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM temp."lifecycle_members";

-- == people p1 --mode reactivate
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((r."gone_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" IN (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "people" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((r."gone_at" IS NULL))) AS n;

WITH "lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "orders" AS r WHERE r."person" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0))
SELECT 0, 0, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

UPDATE "people" AS r SET "status" = ?1, "written_at" = ?2, "revision" = coalesce(r."revision", 0) + 1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM temp."lifecycle_members";

