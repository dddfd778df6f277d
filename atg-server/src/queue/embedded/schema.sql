-- Version 1 of the queue. A published version is never edited: the next one migrates it, and migrations only add.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
-- Raised by every claim, so that of two tokens the greater is the newer.
INSERT INTO meta VALUES ('epoch', 1), ('fence', 0);
-- Raised by every write, so that other processes find what they have not seen.
INSERT INTO meta VALUES ('change', 0);

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

-- Apart from the job, because it is renewed far more often, and may be lost without harm.
CREATE TABLE lease (
    job    INTEGER PRIMARY KEY REFERENCES job (number) ON DELETE CASCADE,
    worker TEXT NOT NULL,
    until  INTEGER NOT NULL                       -- nanoseconds since 1970
) STRICT;

-- Which claim of a lane served an owner last: the next goes to who waits longest.
CREATE TABLE served (
    owner TEXT NOT NULL,
    lane  TEXT NOT NULL,
    claim INTEGER NOT NULL,
    PRIMARY KEY (owner, lane)
) STRICT, WITHOUT ROWID;

-- Jobs that were here, so that an old id is not taken for a new one.
CREATE TABLE gone (
    id      TEXT PRIMARY KEY,
    expired INTEGER NOT NULL,                     -- 1: its time was over; 0: somebody deleted it
    at      INTEGER NOT NULL                      -- milliseconds since 1970
) STRICT, WITHOUT ROWID;
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

-- Which inputs a job refers to: they are kept until it has ended.
CREATE TABLE job_input (
    job    INTEGER NOT NULL REFERENCES job (number) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (job, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_input_sha256 ON job_input (sha256);
