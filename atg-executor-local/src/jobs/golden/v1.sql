PRAGMA foreign_keys = OFF;
CREATE TABLE event (
    job      INTEGER NOT NULL REFERENCES job (number) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    body     TEXT NOT NULL,                       -- JSON, as on the wire
    PRIMARY KEY (job, sequence)
) WITHOUT ROWID;
INSERT INTO "event" VALUES(1,1,'{"sequence":1,"time":"2026-11-23T09:02:30.72957763Z","kind":"submitted","owner":"local","operation":"scan","parameters":{"tenant_id":"aaaaaaaa-0000-4000-8000-00000000000a","subscription_ids":[],"resource_groups":[],"resource_types":[],"filter_config":{"include":{"types":[],"regions":[],"tags":{}},"exclude":{"types":[],"regions":[],"tags":{}}},"resource_limit":null,"include_entra":true,"include_rbac":true,"rebuild_edges":false,"no_wait":false,"input":"b21fdf8a93d45ac3e71dba79d07419612cc2fd638ba33be1f0f85f2df5bbfcdf","authoritative":[],"keep_export":false},"tenant_id":"aaaaaaaa-0000-4000-8000-00000000000a","graph_id":"01a207a4-7f37-732b-8938-f3c2edd64468","confined_to":null}');
INSERT INTO "event" VALUES(1,2,'{"sequence":2,"time":"2026-11-23T09:02:30.73254756Z","kind":"started","attempt":1}');
INSERT INTO "event" VALUES(1,3,'{"sequence":3,"time":"2026-11-23T09:02:30.756692973Z","kind":"progress","progress":0.97,"step":"writing the report","counters":{"resources":1,"relationships":1,"requests":0,"throttled":0}}');
INSERT INTO "event" VALUES(1,4,'{"sequence":4,"time":"2026-11-23T09:02:30.756692973Z","kind":"completed","operation":"scan","output":{"success":true,"subscriptions":1,"resources":1,"relationships":1,"added":2,"changed":0,"removed":0,"unchanged":0,"incomplete_units":[],"incomplete_units_total":0,"duration_seconds":0.015826214},"completeness":"complete","artifacts":[{"name":"changes.jsonl","content_type":"application/jsonl","size_bytes":230,"sha256":"e893d39f73cdd0ea3f639f0bc3fcd142b970f2f8bb5346f180fd4524fe6b5208"},{"name":"manifest.json","content_type":"application/json","size_bytes":1495,"sha256":"f9f6200251483e181df5e3dea926d523181efb4586f0cf2c6d7c008f4e172343"},{"name":"report.json","content_type":"application/json","size_bytes":1059,"sha256":"40be4970bd782be35340e8c5507462ac54aa8e10f414b228fe2027da384eb696"}]}');
INSERT INTO "event" VALUES(2,1,'{"sequence":1,"time":"2026-11-23T09:02:30.789951287Z","kind":"submitted","owner":"local","operation":"query","parameters":{"tenant_id":null,"query":"MATCH (n) RETURN n.name","parameters":{},"row_limit":10000,"timeout_seconds":30},"tenant_id":null,"graph_id":"01a207a4-7f37-732b-8938-f3c2edd64468","confined_to":null}');
INSERT INTO "event" VALUES(2,2,'{"sequence":2,"time":"2026-11-23T09:02:30.797289932Z","kind":"started","attempt":1}');
INSERT INTO "event" VALUES(2,3,'{"sequence":3,"time":"2026-11-23T09:02:30.798727577Z","kind":"failed","error":{"kind":"Unsupported","code":"Unsupported","detail":"run query: this build does not have it yet","retryable":false},"artifacts":[]}');
CREATE TABLE gone (
    id      TEXT PRIMARY KEY,
    expired INTEGER NOT NULL,                     -- 1: its time was over; 0: somebody deleted it
    at      INTEGER NOT NULL                      -- milliseconds since 1970
) WITHOUT ROWID;
INSERT INTO "gone" VALUES('01a207a4-ad47-7762-8355-a5ced3508161',0,9999999999999);
CREATE TABLE input (
    owner   TEXT NOT NULL,
    sha256  TEXT NOT NULL,
    path    TEXT,                                 -- where the file lies; NULL: in the spool under its digest
    size    INTEGER NOT NULL,
    stamp   TEXT NOT NULL,                        -- what the file system says of a file that did not change
    used_at INTEGER NOT NULL,                     -- milliseconds since 1970
    PRIMARY KEY (owner, sha256)
) WITHOUT ROWID;
INSERT INTO "input" VALUES('local','b21fdf8a93d45ac3e71dba79d07419612cc2fd638ba33be1f0f85f2df5bbfcdf','/nowhere/tenant.jsonl',247,'247 1795424550633700060 65024 10273513',1795424550704);
CREATE TABLE job (
    number     INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,                  -- nanoseconds since 1970, all that the log says: it is sorted by
    owner      TEXT NOT NULL,
    operation  TEXT NOT NULL,
    tenant_id  TEXT,
    status     TEXT NOT NULL,                     -- as on the wire
    process    TEXT NOT NULL,                     -- the name of the lock that the process running it holds
    sequence   INTEGER NOT NULL,                  -- of its last event
    cancelling INTEGER NOT NULL DEFAULT 0,        -- somebody asked for it to stop
    snapshot   TEXT NOT NULL,                     -- JSON: what applying its events gives
    ended_at   INTEGER,                           -- milliseconds since 1970
    expires_at INTEGER                            -- milliseconds since 1970; set when it ended
);
INSERT INTO "job" VALUES(1,'01a207a4-7f36-7153-a903-71efe1baa66d',1795424550729577630,'local','scan','aaaaaaaa-0000-4000-8000-00000000000a','completed','01a207a4-7f49-7336-a6d8-bec290cf2324',4,0,'{"job_id":"01a207a4-7f36-7153-a903-71efe1baa66d","operation":"scan","status":"completed","progress":1.0,"current_step":null,"counters":{"resources":1,"relationships":1,"requests":0,"throttled":0},"tenant_id":"aaaaaaaa-0000-4000-8000-00000000000a","graph_id":"01a207a4-7f37-732b-8938-f3c2edd64468","attempt":1,"created_at":"2026-11-23T09:02:30.72957763Z","started_at":"2026-11-23T09:02:30.73254756Z","completed_at":"2026-11-23T09:02:30.756692973Z","cancel_requested_at":null,"expires_at":null,"output":{"success":true,"subscriptions":1,"resources":1,"relationships":1,"added":2,"changed":0,"removed":0,"unchanged":0,"incomplete_units":[],"incomplete_units_total":0,"duration_seconds":0.015826214},"completeness":"complete","error":null,"artifacts":[{"name":"changes.jsonl","content_type":"application/jsonl","size_bytes":230,"sha256":"e893d39f73cdd0ea3f639f0bc3fcd142b970f2f8bb5346f180fd4524fe6b5208"},{"name":"manifest.json","content_type":"application/json","size_bytes":1495,"sha256":"f9f6200251483e181df5e3dea926d523181efb4586f0cf2c6d7c008f4e172343"},{"name":"report.json","content_type":"application/json","size_bytes":1059,"sha256":"40be4970bd782be35340e8c5507462ac54aa8e10f414b228fe2027da384eb696"}]}',1795424550756,9999999999999);
INSERT INTO "job" VALUES(2,'01a207a4-7f81-7700-a445-c4d377477c48',1795424550789951287,'local','query',NULL,'failed','01a207a4-7f85-72e7-ad81-d6dffb3cf77e',3,0,'{"job_id":"01a207a4-7f81-7700-a445-c4d377477c48","operation":"query","status":"failed","progress":0.0,"current_step":null,"counters":{"resources":0,"relationships":0,"requests":0,"throttled":0},"tenant_id":null,"graph_id":"01a207a4-7f37-732b-8938-f3c2edd64468","attempt":1,"created_at":"2026-11-23T09:02:30.789951287Z","started_at":"2026-11-23T09:02:30.797289932Z","completed_at":"2026-11-23T09:02:30.798727577Z","cancel_requested_at":null,"expires_at":null,"output":null,"completeness":null,"error":{"kind":"Unsupported","code":"Unsupported","detail":"run query: this build does not have it yet","retryable":false},"artifacts":[]}',1795424550798,9999999999999);
CREATE TABLE job_input (
    job    INTEGER NOT NULL REFERENCES job (number) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (job, sha256)
) WITHOUT ROWID;
INSERT INTO "job_input" VALUES(1,'b21fdf8a93d45ac3e71dba79d07419612cc2fd638ba33be1f0f85f2df5bbfcdf');
CREATE INDEX job_creation ON job (created_at, id);
CREATE INDEX job_open ON job (process) WHERE status IN ('pending', 'running');
CREATE INDEX job_end ON job (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX job_expiry ON job (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX input_sha256 ON input (sha256);
CREATE INDEX job_input_sha256 ON job_input (sha256);
PRAGMA application_id = 1096042346;
PRAGMA user_version = 1;
