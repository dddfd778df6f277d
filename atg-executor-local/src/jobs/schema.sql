-- Version 1 of job history. A published version is never edited: the next one migrates it.
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
CREATE INDEX job_creation ON job (created_at, id);
CREATE INDEX job_open ON job (process) WHERE status IN ('pending', 'running');
CREATE INDEX job_end ON job (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX job_expiry ON job (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE event (
    job      INTEGER NOT NULL REFERENCES job (number) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    body     TEXT NOT NULL,                       -- JSON, as on the wire
    PRIMARY KEY (job, sequence)
) WITHOUT ROWID;

-- Jobs that were here, so that an old id is not taken for a new one.
CREATE TABLE gone (
    id      TEXT PRIMARY KEY,
    expired INTEGER NOT NULL,                     -- 1: its time was over; 0: somebody deleted it
    at      INTEGER NOT NULL                      -- milliseconds since 1970
) WITHOUT ROWID;

CREATE TABLE input (
    owner   TEXT NOT NULL,
    sha256  TEXT NOT NULL,
    path    TEXT,                                 -- where the file lies; NULL: in the spool under its digest
    size    INTEGER NOT NULL,
    stamp   TEXT NOT NULL,                        -- what the file system says of a file that did not change
    used_at INTEGER NOT NULL,                     -- milliseconds since 1970
    PRIMARY KEY (owner, sha256)
) WITHOUT ROWID;
CREATE INDEX input_sha256 ON input (sha256);

-- Which inputs a job refers to: they are kept until it has ended.
CREATE TABLE job_input (
    job    INTEGER NOT NULL REFERENCES job (number) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (job, sha256)
) WITHOUT ROWID;
CREATE INDEX job_input_sha256 ON job_input (sha256);
