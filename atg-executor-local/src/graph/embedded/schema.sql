-- Version 1 of the embedded graph. A published version is never edited: the next one migrates it.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- One row a tenant, with the one write lock and its fence.
CREATE TABLE tenant (
    id           INTEGER PRIMARY KEY,
    tenant_id    TEXT NOT NULL UNIQUE,
    fence        INTEGER NOT NULL DEFAULT 0,
    holder       TEXT,
    heartbeat_at INTEGER,                        -- milliseconds since 1970
    partial      INTEGER NOT NULL DEFAULT 0,     -- being written, or a scan did not end
    last_scan_id TEXT,
    last_scan_at TEXT
);

CREATE TABLE label (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE node (
    id            INTEGER PRIMARY KEY,
    tenant        INTEGER NOT NULL REFERENCES tenant (id),
    key           TEXT NOT NULL,                 -- '<tenant id>|<lower-cased id>'
    azure_id      TEXT NOT NULL,                 -- the property `id`
    name          TEXT NOT NULL,
    class         INTEGER NOT NULL,
    type          TEXT,
    labels        TEXT NOT NULL,                 -- JSON array of names
    members       TEXT NOT NULL,                 -- JSON object: top-level members under their names in the graph
    properties    TEXT,                          -- JSON text, whole
    scalars       TEXT,                          -- JSON object: dotted path to scalar
    source        TEXT NOT NULL,
    first_seen_at TEXT NOT NULL,
    changed_at    TEXT NOT NULL,
    scan_id       TEXT NOT NULL,
    hash          BLOB NOT NULL,                 -- of the content
    edge_hash     BLOB                           -- of the references that this node's source states
);
CREATE UNIQUE INDEX node_key ON node (key);
CREATE INDEX node_azure_id ON node (azure_id);
CREATE INDEX node_type ON node (type) WHERE type IS NOT NULL;
CREATE INDEX node_name ON node (name);

CREATE TABLE node_label (
    label INTEGER NOT NULL,
    node  INTEGER NOT NULL,
    PRIMARY KEY (label, node)
) WITHOUT ROWID;

CREATE TABLE relationship_type (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE edge (
    id         INTEGER PRIMARY KEY,
    type       INTEGER NOT NULL,
    src        INTEGER NOT NULL,
    dst        INTEGER NOT NULL,
    owner      INTEGER NOT NULL,                 -- the node whose source states it
    path       TEXT NOT NULL,
    properties TEXT,                             -- JSON object of further properties
    scan_id    TEXT NOT NULL
);
CREATE INDEX edge_src ON edge (src, type, dst);
CREATE INDEX edge_dst ON edge (dst, type, src);
CREATE INDEX edge_owner ON edge (owner);
