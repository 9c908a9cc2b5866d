-- == customers user123 --mode soft_delete --reason privacy_request --actor ana --role ADMIN
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((r."deleted_at" IS NULL))),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "devices" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "logs" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "subscriptions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "vpn_sessions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "subscriptions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((+r."status" COLLATE BINARY = ?2) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "subscriptions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" IS NULL))),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "transactions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((+r."status" COLLATE BINARY = ?3) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_11"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" IS NULL))),
"lifecycle_set_12"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "vpn_sessions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_13"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "devices" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 7, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_7" AS s
UNION ALL SELECT 8, 0, count(*) FROM "lifecycle_set_8" AS s
UNION ALL SELECT 10, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_10" AS s
UNION ALL SELECT 11, 0, count(*) FROM "lifecycle_set_11" AS s
UNION ALL SELECT 12, 0, count(*) FROM "lifecycle_set_12" AS s
UNION ALL SELECT 13, 0, count(*) FROM "lifecycle_set_13" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j) AND ((r."deleted_at" IS NULL))) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 12, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "vpn_sessions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 13, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "devices" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS n;

WITH "lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "logs" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "subscriptions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "subscriptions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND ((+r."status" COLLATE BINARY = ?1) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "subscriptions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND ((r."status" IS NULL))),
"lifecycle_set_10"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "transactions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND ((+r."status" COLLATE BINARY = ?2) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_11"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND ((r."status" IS NULL)))
SELECT 0, 0, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 2, 0, count(*) FROM "lifecycle_set_2" AS s
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, 0, count(*) FROM "lifecycle_set_4" AS s
UNION ALL SELECT 7, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_7" AS s
UNION ALL SELECT 8, 0, count(*) FROM "lifecycle_set_8" AS s
UNION ALL SELECT 10, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_10" AS s
UNION ALL SELECT 11, 0, count(*) FROM "lifecycle_set_11" AS s;

INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT ?1, ?2, ?3, r."id", ?4, json_object() FROM "vpn_sessions" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 12) ORDER BY r."id" COLLATE BINARY ON CONFLICT DO NOTHING;

INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT ?1, ?2, ?3, r."id", ?4, json_object() FROM "devices" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 13) ORDER BY r."id" COLLATE BINARY ON CONFLICT DO NOTHING;

INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT ?1, ?2, ?3, r."id", ?4, json_object(?5, CASE WHEN typeof(r."email") = 'blob' AND length(r."email") <> 16 THEN hex(r."email") ELSE CASE WHEN typeof(r."email") = 'blob' AND length(r."email") = 16 THEN lower(substr(hex(r."email"), 1, 8) || '-' || substr(hex(r."email"), 9, 4) || '-' || substr(hex(r."email"), 13, 4) || '-' || substr(hex(r."email"), 17, 4) || '-' || substr(hex(r."email"), 21, 12)) ELSE r."email" END END) FROM "customers" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) ORDER BY r."id" COLLATE BINARY ON CONFLICT DO NOTHING;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, json_set(?6, '$.before', json(coalesce(j.fields, '{}'))) FROM (SELECT a.value AS value, min(a.key) AS key, max(a.fields) AS fields FROM (SELECT j.value AS value, j.key AS key, NULL AS fields FROM json_each(?7) AS j UNION ALL SELECT CASE WHEN typeof(r."id") = 'blob' AND length(r."id") = 16 THEN lower(substr(hex(r."id"), 1, 8) || '-' || substr(hex(r."id"), 9, 4) || '-' || substr(hex(r."id"), 13, 4) || '-' || substr(hex(r."id"), 17, 4) || '-' || substr(hex(r."id"), 21, 12)) ELSE r."id" END, NULL, json_object(?8, CASE WHEN typeof(r."deleted_at") = 'blob' AND length(r."deleted_at") <> 16 THEN hex(r."deleted_at") ELSE CASE WHEN typeof(r."deleted_at") = 'blob' AND length(r."deleted_at") = 16 THEN lower(substr(hex(r."deleted_at"), 1, 8) || '-' || substr(hex(r."deleted_at"), 9, 4) || '-' || substr(hex(r."deleted_at"), 13, 4) || '-' || substr(hex(r."deleted_at"), 17, 4) || '-' || substr(hex(r."deleted_at"), 21, 12)) ELSE r."deleted_at" END END, ?9, CASE WHEN typeof(r."managed_by") = 'blob' AND length(r."managed_by") <> 16 THEN hex(r."managed_by") ELSE CASE WHEN typeof(r."managed_by") = 'blob' AND length(r."managed_by") = 16 THEN lower(substr(hex(r."managed_by"), 1, 8) || '-' || substr(hex(r."managed_by"), 9, 4) || '-' || substr(hex(r."managed_by"), 13, 4) || '-' || substr(hex(r."managed_by"), 17, 4) || '-' || substr(hex(r."managed_by"), 21, 12)) ELSE r."managed_by" END END) FROM "customers" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS a GROUP BY a.value) AS j WHERE j.key IS NOT NULL ORDER BY j.key;

DELETE FROM "vpn_sessions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM "devices" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

INSERT INTO "lifecycle_replaced" (operation, kind, field, record, before, after)
SELECT ?1, ?2, ?3, +r."id", r."deleted_at", ?4 FROM "customers" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) ON CONFLICT (operation, kind, field, record) DO UPDATE SET after = excluded.after;

UPDATE "customers" AS r SET "deleted_at" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM temp."lifecycle_members";

-- == customers user123 --mode hard_delete --reason privacy_request --actor ana --role ADMIN
WITH "lifecycle_set_0"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)),
"lifecycle_set_1"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "devices" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_2"(id, rank) AS (SELECT r."id" AS id, (SELECT CASE WHEN ((r."created_at" IS NOT NULL AND n."created_at" IS NULL)) THEN -1 WHEN (n."created_at" < ?2) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."created_at" AS v)) AS "created_at") AS n) AS rank FROM "logs" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_3"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "subscriptions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_4"(id, rank) AS (SELECT r."id" AS id, (SELECT CASE WHEN ((r."created_at" IS NOT NULL AND n."created_at" IS NULL)) THEN -1 WHEN (n."created_at" < ?3) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."created_at" AS v)) AS "created_at") AS n) AS rank FROM "transactions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_5"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "vpn_sessions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_6"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "logs" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 1)),
"lifecycle_set_7"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND r."id" NOT IN (SELECT s.id FROM "lifecycle_set_4" AS s WHERE s.rank = 1)),
"lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_4" AS s WHERE s.rank = 0) AND ((r."created_at" IS NULL))),
"lifecycle_set_9"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "logs" AS r WHERE r."id" IN (SELECT s.id FROM "lifecycle_set_2" AS s WHERE s.rank = 0) AND ((r."created_at" IS NULL))),
"lifecycle_set_11"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "subscriptions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((+r."status" COLLATE BINARY = ?4) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_12"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "subscriptions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" IS NULL))),
"lifecycle_set_14"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "transactions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((+r."status" COLLATE BINARY = ?5) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_15"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s) AND ((r."status" IS NULL))),
"lifecycle_set_16"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "vpn_sessions" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s)),
"lifecycle_set_17"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "devices" AS r WHERE r."customer_id" IN (SELECT s.id FROM "lifecycle_set_0" AS s))
SELECT 0, 0, count(*) FROM "lifecycle_set_0" AS s
UNION ALL SELECT 1, 0, count(*) FROM "lifecycle_set_1" AS s
UNION ALL SELECT 2, s.rank, count(*) FROM "lifecycle_set_2" AS s GROUP BY s.rank
UNION ALL SELECT 3, 0, count(*) FROM "lifecycle_set_3" AS s
UNION ALL SELECT 4, s.rank, count(*) FROM "lifecycle_set_4" AS s GROUP BY s.rank
UNION ALL SELECT 5, 0, count(*) FROM "lifecycle_set_5" AS s
UNION ALL SELECT 6, 0, count(*) FROM "lifecycle_set_6" AS s
UNION ALL SELECT 7, 0, count(*) FROM "lifecycle_set_7" AS s
UNION ALL SELECT 8, 0, count(*) FROM "lifecycle_set_8" AS s
UNION ALL SELECT 9, 0, count(*) FROM "lifecycle_set_9" AS s
UNION ALL SELECT 11, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_11" AS s
UNION ALL SELECT 12, 0, count(*) FROM "lifecycle_set_12" AS s
UNION ALL SELECT 14, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_14" AS s
UNION ALL SELECT 15, 0, count(*) FROM "lifecycle_set_15" AS s
UNION ALL SELECT 16, 0, count(*) FROM "lifecycle_set_16" AS s
UNION ALL SELECT 17, 0, count(*) FROM "lifecycle_set_17" AS s
UNION ALL SELECT -1, 0, s.id FROM "lifecycle_set_0" AS s;

CREATE TABLE IF NOT EXISTS temp."lifecycle_members" (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID;

INSERT INTO "lifecycle_operations" (operation, at, receipt) VALUES (?1, ?2, ?3) ON CONFLICT (operation) DO NOTHING RETURNING 1;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 0, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "customers" AS r WHERE r."id" IN (SELECT j.value FROM json_each(?1) AS j)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 2, n.id, n.rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."created_at" IS NOT NULL AND n."created_at" IS NULL)) THEN -1 WHEN (n."created_at" < ?1) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."created_at" AS v)) AS "created_at") AS n) AS rank FROM "logs" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 4, n.id, n.rank FROM (SELECT r."id" AS id, (SELECT CASE WHEN ((r."created_at" IS NOT NULL AND n."created_at" IS NULL)) THEN -1 WHEN (n."created_at" < ?1) THEN 1 ELSE 0 END FROM (SELECT (SELECT CASE typeof(v) WHEN 'integer' THEN CASE WHEN v BETWEEN -62167219200 AND 253402300799 THEN v * 1000 END WHEN 'text' THEN CASE v WHEN 'infinity' THEN 8210266876799999 WHEN '-infinity' THEN -8334601228800000 ELSE (SELECT strftime('%s', s || z) * 1000 + (substr(substr(f, 1, length(f) - length(z)) || '0000', 2, 4) + 5) / 10 FROM (SELECT s, f, iif(f GLOB '.[0-9]*', ltrim(substr(f, 2), '0123456789'), f) AS z FROM (SELECT replace(upper(substr(v || ' 00:00:00', 1, 19)), 'T', ' ') AS s, substr(v, 20) AS f)) WHERE datetime(julianday(s)) IS s AND z NOT GLOB '*[^-+:0-9Zz]*') END END FROM (SELECT +r."created_at" AS v)) AS "created_at") AS n) AS rank FROM "transactions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 6, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "logs" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2 AND s.rank = 1)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 7, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND r."id" NOT IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 4 AND s.rank = 1)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 16, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "vpn_sessions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS n;

INSERT INTO temp."lifecycle_members" (set_id, id, rank)
SELECT 17, n.id, n.rank FROM (SELECT r."id" AS id, 0 AS rank FROM "devices" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0)) AS n;

WITH "lifecycle_set_8"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 4 AND s.rank = 0) AND ((r."created_at" IS NULL))),
"lifecycle_set_9"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "logs" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2 AND s.rank = 0) AND ((r."created_at" IS NULL))),
"lifecycle_set_11"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "subscriptions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND ((+r."status" COLLATE BINARY = ?1) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_12"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "subscriptions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND ((r."status" IS NULL))),
"lifecycle_set_14"(id, rank) AS (SELECT r."id" AS id, CASE WHEN typeof(r."status") NOT IN ('text', 'null') THEN -1 ELSE 0 END AS rank FROM "transactions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND ((+r."status" COLLATE BINARY = ?2) OR typeof(r."status") NOT IN ('text', 'null'))),
"lifecycle_set_15"(id, rank) AS (SELECT r."id" AS id, 0 AS rank FROM "transactions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) AND ((r."status" IS NULL)))
SELECT 0, 0, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 0
UNION ALL SELECT 2, s.rank, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 2 GROUP BY s.rank
UNION ALL SELECT 4, s.rank, count(*) FROM temp."lifecycle_members" AS s WHERE s.set_id = 4 GROUP BY s.rank
UNION ALL SELECT 8, 0, count(*) FROM "lifecycle_set_8" AS s
UNION ALL SELECT 9, 0, count(*) FROM "lifecycle_set_9" AS s
UNION ALL SELECT 11, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_11" AS s
UNION ALL SELECT 12, 0, count(*) FROM "lifecycle_set_12" AS s
UNION ALL SELECT 14, 0, count(*) || ',' || count(*) FILTER (WHERE s.rank = -1) FROM "lifecycle_set_14" AS s
UNION ALL SELECT 15, 0, count(*) FROM "lifecycle_set_15" AS s;

INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT ?1, ?2, ?3, r."id", ?4, json_object() FROM "vpn_sessions" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 16) ORDER BY r."id" COLLATE BINARY ON CONFLICT DO NOTHING;

INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT ?1, ?2, ?3, r."id", ?4, json_object() FROM "devices" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 17) ORDER BY r."id" COLLATE BINARY ON CONFLICT DO NOTHING;

INSERT INTO "lifecycle_outbox" (operation, topic, kind, record, at, payload)
SELECT ?1, ?2, ?3, r."id", ?4, json_object(?5, CASE WHEN typeof(r."email") = 'blob' AND length(r."email") <> 16 THEN hex(r."email") ELSE CASE WHEN typeof(r."email") = 'blob' AND length(r."email") = 16 THEN lower(substr(hex(r."email"), 1, 8) || '-' || substr(hex(r."email"), 9, 4) || '-' || substr(hex(r."email"), 13, 4) || '-' || substr(hex(r."email"), 17, 4) || '-' || substr(hex(r."email"), 21, 12)) ELSE r."email" END END) FROM "customers" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0) ORDER BY r."id" COLLATE BINARY ON CONFLICT DO NOTHING;

INSERT INTO "lifecycle_audit" (operation, kind, record, at, action, outcome, entry)
SELECT ?1, ?2, j.value, ?3, ?4, ?5, (SELECT ?6) FROM json_each(?7) AS j ORDER BY j.key;

DELETE FROM "vpn_sessions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM "transactions" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 4 AND s.rank = 1);

UPDATE "transactions" AS r SET "customer_id" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 7);

DELETE FROM "subscriptions" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM "logs" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 2 AND s.rank = 1);

UPDATE "logs" AS r SET "customer_id" = ?1 WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 6);

DELETE FROM "devices" AS r WHERE r."customer_id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM "customers" AS r WHERE r."id" IN (SELECT s.id FROM temp."lifecycle_members" AS s WHERE s.set_id = 0);

DELETE FROM temp."lifecycle_members";

