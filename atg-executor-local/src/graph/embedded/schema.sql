-- Version 1 of the embedded graph. A published version is never edited: the next one migrates it.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- One row a tenant, with the one write lock and its fence.
CREATE TABLE tenant (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again: a forgotten tenant's writer may still wake up
    tenant_id    TEXT NOT NULL UNIQUE,
    fence        INTEGER NOT NULL DEFAULT 0,
    holder       TEXT,
    holder_file  TEXT,                           -- the file that the holder's process keeps locked while it lives
    heartbeat_at INTEGER,                        -- milliseconds since 1970
    partial      INTEGER NOT NULL DEFAULT 0,     -- 1: being written, or a scan did not end; 2: the last one missed something
    edges        INTEGER NOT NULL DEFAULT 0,     -- how many: edges carry no tenant of their own
    last_scan_id TEXT,
    last_scan_at TEXT
);

CREATE TABLE label (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

-- What every scan reads of a node stands first, so that it never has to walk through the pages of long properties.
CREATE TABLE node (
    id            INTEGER PRIMARY KEY,
    tenant        INTEGER NOT NULL REFERENCES tenant (id),
    class         INTEGER NOT NULL,              -- 0 hierarchy, 1 resource, 2 Entra, 3 value, 4 external, 5 scan
    standing      INTEGER NOT NULL,              -- 0 implied, 1 inline, 2 own
    hash          BLOB NOT NULL,                 -- of the content
    key           TEXT NOT NULL,                 -- '<tenant id>|<lower-cased id>'
    azure_id      TEXT NOT NULL,                 -- the property `id`
    name          TEXT NOT NULL,
    type          TEXT,
    source        TEXT NOT NULL,
    first_seen_at TEXT NOT NULL,
    changed_at    TEXT NOT NULL,
    scan_id       TEXT NOT NULL,
    labels        TEXT NOT NULL,                 -- JSON array of names
    members       TEXT NOT NULL,                 -- JSON object: top-level members under their names in the graph
    scalars       TEXT,                          -- JSON object: dotted path to scalar
    properties    TEXT                           -- JSON text, whole
);
CREATE UNIQUE INDEX node_key ON node (key);
CREATE INDEX node_class ON node (tenant, class);
CREATE INDEX node_azure_id ON node (azure_id);
CREATE INDEX node_type ON node (type) WHERE type IS NOT NULL;
CREATE INDEX node_name ON node (name);

CREATE TABLE node_label (
    label INTEGER NOT NULL,
    node  INTEGER NOT NULL,
    PRIMARY KEY (label, node)
) WITHOUT ROWID;

CREATE TABLE relationship_type (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    doubtful INTEGER NOT NULL DEFAULT 0          -- whether any was ever said from a far end or assumed
);

-- The edges that queries see. Unique by (owner, src, dst, type, path): the writer sees to it, an index for it would be as
-- large as the table.
CREATE TABLE edge (
    id         INTEGER PRIMARY KEY,
    type       INTEGER NOT NULL,
    src        INTEGER NOT NULL,
    dst        INTEGER NOT NULL,
    owner      INTEGER NOT NULL,                 -- the node whose source states it
    said       INTEGER NOT NULL,                 -- 0 here, 1 at the far end, 2 assumed
    path       TEXT NOT NULL,
    properties TEXT,                             -- JSON object of further properties
    scan_id    TEXT NOT NULL
);
CREATE INDEX edge_src ON edge (src, type, dst);
CREATE INDEX edge_dst ON edge (dst, type, src);
CREATE INDEX edge_owner ON edge (owner);
CREATE INDEX edge_doubtful ON edge (dst, type) WHERE said > 0;

-- What was said from a far end or assumed, and is superfluous as long as a better edge says it. Comes back when that one
-- goes, though its own source has not changed.
CREATE TABLE spare_edge (
    id         INTEGER PRIMARY KEY,
    type       INTEGER NOT NULL,
    src        INTEGER NOT NULL,
    dst        INTEGER NOT NULL,
    owner      INTEGER NOT NULL,
    said       INTEGER NOT NULL,
    path       TEXT NOT NULL,
    properties TEXT,
    scan_id    TEXT NOT NULL
);
CREATE INDEX spare_edge_src ON spare_edge (src);
CREATE INDEX spare_edge_dst ON spare_edge (dst, type);
CREATE INDEX spare_edge_owner ON spare_edge (owner);

-- The hash of the references from which a node's edges were last made; no row where it owns none. Beside the node, since
-- edges are written after all nodes and long rows should not be written twice.
CREATE TABLE edge_set (node INTEGER PRIMARY KEY, hash BLOB NOT NULL);

-- For people and `--sql`: documented names, without row numbers of this store in the values.
CREATE VIEW nodes AS
    SELECT n.key, t.tenant_id, n.azure_id AS id, n.name, n.type, n.labels, n.members, n.properties, n.source,
           n.first_seen_at, n.changed_at, n.scan_id
    FROM node n JOIN tenant t ON t.id = n.tenant;
CREATE VIEW edges AS
    SELECT s.key AS source_key, r.name AS type, d.key AS target_key, o.key AS owner_key, e.path, e.properties, e.scan_id
    FROM edge e
    JOIN relationship_type r ON r.id = e.type
    JOIN node s ON s.id = e.src JOIN node d ON d.id = e.dst JOIN node o ON o.id = e.owner;
CREATE VIEW node_labels AS
    SELECT n.key, l.name AS label FROM node_label nl JOIN label l ON l.id = nl.label JOIN node n ON n.id = nl.node;
