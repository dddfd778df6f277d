CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE job (
    number          INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    created_at      INTEGER NOT NULL,             -- nanoseconds since 1970, all that the log says: it is sorted by
    owner           TEXT NOT NULL,
    operation       TEXT NOT NULL,
    tenant_id       TEXT,
    status          TEXT NOT NULL,                -- as on the wire
    sequence        INTEGER NOT NULL,             -- of its last event
    snapshot        TEXT NOT NULL,                -- JSON: what applying its events gives
    expires_at      INTEGER,                      -- milliseconds since 1970; set when it ended
    changed         INTEGER NOT NULL,             -- the write that changed it last
    version         INTEGER NOT NULL,             -- of this record
    lane            TEXT NOT NULL,
    priority        INTEGER NOT NULL,
    failures        INTEGER NOT NULL,             -- attempts that count
    ready_at        INTEGER NOT NULL,             -- nanoseconds since 1970
    touched_at      INTEGER NOT NULL,             -- nanoseconds since 1970: of its last event
    epoch           INTEGER,                      -- the token of its current attempt
    counter         INTEGER,
    progress_events INTEGER NOT NULL,
    warnings        INTEGER NOT NULL,
    dead            INTEGER NOT NULL,             -- failed although another attempt might have helped
    requeued_as     TEXT                          -- the job that a dead one was submitted as again
) STRICT;
CREATE INDEX job_creation ON job (created_at, id);
CREATE INDEX job_change ON job (changed);
CREATE INDEX job_expiry ON job (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX job_open ON job (owner) WHERE status IN ('pending', 'running');
CREATE INDEX job_pending ON job (lane, owner, priority DESC, created_at, number) WHERE status = 'pending';
CREATE INDEX job_running ON job (lane, owner) WHERE status = 'running';
CREATE INDEX job_dead ON job (number) WHERE dead = 1;
CREATE TABLE event (
    job      INTEGER NOT NULL REFERENCES job (number) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    body     TEXT NOT NULL,                       -- JSON, as on the wire
    PRIMARY KEY (job, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE lease (
    job    INTEGER PRIMARY KEY REFERENCES job (number) ON DELETE CASCADE,
    worker TEXT NOT NULL,
    until  INTEGER NOT NULL                       -- nanoseconds since 1970
) STRICT;
CREATE TABLE served (
    owner TEXT NOT NULL,
    lane  TEXT NOT NULL,
    claim INTEGER NOT NULL,
    PRIMARY KEY (owner, lane)
) STRICT, WITHOUT ROWID;
CREATE TABLE gone (
    id      TEXT PRIMARY KEY,
    expired INTEGER NOT NULL,                     -- 1: its time was over; 0: somebody deleted it
    at      INTEGER NOT NULL                      -- milliseconds since 1970
, owner TEXT, tenant_id TEXT) STRICT, WITHOUT ROWID;
CREATE INDEX gone_at ON gone (at);
CREATE TABLE input (
    owner    TEXT NOT NULL,
    sha256   TEXT NOT NULL,
    size     INTEGER NOT NULL,
    location TEXT NOT NULL,                       -- in the store of objects; never used again for other bytes
    used_at  INTEGER NOT NULL,                    -- milliseconds since 1970
    PRIMARY KEY (owner, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX input_use ON input (used_at);
CREATE TABLE job_input (
    job    INTEGER NOT NULL REFERENCES job (number) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (job, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_input_sha256 ON job_input (sha256);
INSERT INTO meta VALUES ('change', 13);
INSERT INTO meta VALUES ('epoch', 1);
INSERT INTO meta VALUES ('fence', 4);
INSERT INTO meta VALUES ('queue_id', '01a207af-edb6-75ac-b2b6-51553055ee22');
INSERT INTO job VALUES (1, '00000000-0000-0000-0000-000000000003', 1800000000000000000, 'somebody', 'scan', '00000000-0000-0000-0000-000000000007', 'completed', 3, '{"job_id":"00000000-0000-0000-0000-000000000003","operation":"scan","status":"completed","progress":1.0,"current_step":null,"counters":{"resources":0,"relationships":0,"requests":0,"throttled":0},"tenant_id":"00000000-0000-0000-0000-000000000007","graph_id":null,"attempt":1,"created_at":"2027-01-15T08:00:00Z","started_at":"2027-01-15T08:00:00Z","completed_at":"2027-01-15T08:00:00Z","cancel_requested_at":null,"expires_at":null,"output":{"success":false,"subscriptions":0,"resources":0,"relationships":0,"added":0,"changed":0,"removed":0,"unchanged":0,"incomplete_units":[],"incomplete_units_total":0,"duration_seconds":0.0},"completeness":"complete","error":null,"artifacts":[]}', 1800604800000, 3, 1, 'long', 0, 0, 1800000000000000000, 1800000000000000000, NULL, NULL, 0, 0, 0, NULL);
INSERT INTO job VALUES (2, '00000000-0000-0000-0000-000000000004', 1800000000000000000, 'somebody', 'scan', '00000000-0000-0000-0000-000000000007', 'failed', 3, '{"job_id":"00000000-0000-0000-0000-000000000004","operation":"scan","status":"failed","progress":0.0,"current_step":null,"counters":{"resources":0,"relationships":0,"requests":0,"throttled":0},"tenant_id":"00000000-0000-0000-0000-000000000007","graph_id":null,"attempt":1,"created_at":"2027-01-15T08:00:00Z","started_at":"2027-01-15T08:00:00Z","completed_at":"2027-01-15T08:00:00Z","cancel_requested_at":null,"expires_at":null,"output":null,"completeness":null,"error":{"kind":"Unavailable","code":"Unavailable","detail":"reach Azure","retryable":true},"artifacts":[]}', 1800604800000, 10, 1, 'long', 0, 1, 1800000000000000000, 1800000000000000000, NULL, NULL, 0, 0, 1, NULL);
INSERT INTO job VALUES (3, '00000000-0000-0000-0000-000000000002', 1800000000000000000, 'somebody', 'scan', '00000000-0000-0000-0000-000000000007', 'running', 2, '{"job_id":"00000000-0000-0000-0000-000000000002","operation":"scan","status":"running","progress":0.0,"current_step":null,"counters":{"resources":0,"relationships":0,"requests":0,"throttled":0},"tenant_id":"00000000-0000-0000-0000-000000000007","graph_id":null,"attempt":1,"created_at":"2027-01-15T08:00:00Z","started_at":"2027-01-15T08:00:00Z","completed_at":null,"cancel_requested_at":null,"expires_at":null,"output":null,"completeness":null,"error":null,"artifacts":[]}', NULL, 12, 1, 'long', 0, 0, 1800000000000000000, 1800000000000000000, 1, 4, 0, 0, 0, NULL);
INSERT INTO job VALUES (4, '00000000-0000-0000-0000-000000000001', 1800000000000000000, 'somebody', 'scan', '00000000-0000-0000-0000-000000000007', 'pending', 1, '{"job_id":"00000000-0000-0000-0000-000000000001","operation":"scan","status":"pending","progress":0.0,"current_step":null,"counters":{"resources":0,"relationships":0,"requests":0,"throttled":0},"tenant_id":"00000000-0000-0000-0000-000000000007","graph_id":null,"attempt":0,"created_at":"2027-01-15T08:00:00Z","started_at":null,"completed_at":null,"cancel_requested_at":null,"expires_at":null,"output":null,"completeness":null,"error":null,"artifacts":[]}', NULL, 13, 1, 'long', 0, 0, 1800000000000000000, 1800000000000000000, NULL, NULL, 0, 0, 0, NULL);
INSERT INTO event VALUES (1, 1, '{"sequence":1,"time":"2027-01-15T08:00:00Z","kind":"submitted","owner":"somebody","operation":"scan","parameters":{"tenant_id":"00000000-0000-0000-0000-000000000007","subscription_ids":[],"resource_groups":[],"resource_types":[],"filter_config":{"include":{"types":[],"regions":[],"tags":{}},"exclude":{"types":[],"regions":[],"tags":{}}},"resource_limit":null,"include_entra":true,"include_rbac":true,"rebuild_edges":false,"no_wait":false,"input":null,"authoritative":[],"keep_export":false},"tenant_id":"00000000-0000-0000-0000-000000000007","graph_id":null,"confined_to":null}');
INSERT INTO event VALUES (1, 2, '{"sequence":2,"time":"2027-01-15T08:00:00Z","kind":"started","attempt":1}');
INSERT INTO event VALUES (1, 3, '{"sequence":3,"time":"2027-01-15T08:00:00Z","kind":"completed","operation":"scan","output":{"success":false,"subscriptions":0,"resources":0,"relationships":0,"added":0,"changed":0,"removed":0,"unchanged":0,"incomplete_units":[],"incomplete_units_total":0,"duration_seconds":0.0},"completeness":"complete","artifacts":[]}');
INSERT INTO event VALUES (2, 1, '{"sequence":1,"time":"2027-01-15T08:00:00Z","kind":"submitted","owner":"somebody","operation":"scan","parameters":{"tenant_id":"00000000-0000-0000-0000-000000000007","subscription_ids":[],"resource_groups":[],"resource_types":[],"filter_config":{"include":{"types":[],"regions":[],"tags":{}},"exclude":{"types":[],"regions":[],"tags":{}}},"resource_limit":null,"include_entra":true,"include_rbac":true,"rebuild_edges":false,"no_wait":false,"input":null,"authoritative":[],"keep_export":false},"tenant_id":"00000000-0000-0000-0000-000000000007","graph_id":null,"confined_to":null}');
INSERT INTO event VALUES (2, 2, '{"sequence":2,"time":"2027-01-15T08:00:00Z","kind":"started","attempt":1}');
INSERT INTO event VALUES (2, 3, '{"sequence":3,"time":"2027-01-15T08:00:00Z","kind":"failed","error":{"kind":"Unavailable","code":"Unavailable","detail":"reach Azure","retryable":true}}');
INSERT INTO event VALUES (3, 1, '{"sequence":1,"time":"2027-01-15T08:00:00Z","kind":"submitted","owner":"somebody","operation":"scan","parameters":{"tenant_id":"00000000-0000-0000-0000-000000000007","subscription_ids":[],"resource_groups":[],"resource_types":[],"filter_config":{"include":{"types":[],"regions":[],"tags":{}},"exclude":{"types":[],"regions":[],"tags":{}}},"resource_limit":null,"include_entra":true,"include_rbac":true,"rebuild_edges":false,"no_wait":false,"input":null,"authoritative":[],"keep_export":false},"tenant_id":"00000000-0000-0000-0000-000000000007","graph_id":null,"confined_to":null}');
INSERT INTO event VALUES (3, 2, '{"sequence":2,"time":"2027-01-15T08:00:00Z","kind":"started","attempt":1}');
INSERT INTO event VALUES (4, 1, '{"sequence":1,"time":"2027-01-15T08:00:00Z","kind":"submitted","owner":"somebody","operation":"scan","parameters":{"tenant_id":"00000000-0000-0000-0000-000000000007","subscription_ids":[],"resource_groups":[],"resource_types":[],"filter_config":{"include":{"types":[],"regions":[],"tags":{}},"exclude":{"types":[],"regions":[],"tags":{}}},"resource_limit":null,"include_entra":true,"include_rbac":true,"rebuild_edges":false,"no_wait":false,"input":null,"authoritative":[],"keep_export":false},"tenant_id":"00000000-0000-0000-0000-000000000007","graph_id":null,"confined_to":null}');
INSERT INTO lease VALUES (3, '00000000-0000-0000-0000-000000000063', 1800000010000000000);
INSERT INTO served VALUES ('somebody', 'long', 4);
INSERT INTO gone VALUES ('00000000-0000-0000-0000-000000000005', 0, 1800000000000, 'somebody', '00000000-0000-0000-0000-000000000007');
PRAGMA application_id = 1096042353;
PRAGMA user_version = 2;
