-- What a scan remembers until it ends. Temporary tables lie on disk, belong to one connection, and vanish with it: a scan
-- that was killed leaves nothing that the next one could mistake for its own.

-- The nodes that the scan saw. `rank` is that of the best description so far; none where what is stored stands higher.
CREATE TEMP TABLE seen (
    node  INTEGER PRIMARY KEY,
    rank  BLOB,
    added INTEGER NOT NULL
);

-- New contents of nodes that were there before. Written at the end, when it is certain which description of a thing counts.
CREATE TEMP TABLE pending (
    node       INTEGER PRIMARY KEY,
    class      INTEGER NOT NULL,
    standing   INTEGER NOT NULL,
    azure_id   TEXT NOT NULL,
    name       TEXT NOT NULL,
    type       TEXT,
    source     TEXT NOT NULL,
    labels     TEXT NOT NULL,
    members    TEXT NOT NULL,
    scalars    TEXT,
    properties TEXT
);

-- The edges that a node's source states, packed, where they differ from those of last time.
CREATE TEMP TABLE stated (
    node  INTEGER PRIMARY KEY,
    hash  BLOB NOT NULL,
    scope TEXT,
    edges BLOB NOT NULL
);

-- Ends of stated edges that were not in the graph when they were stated.
CREATE TEMP TABLE target (
    id       INTEGER PRIMARY KEY,
    key      TEXT NOT NULL UNIQUE,
    azure_id TEXT NOT NULL,
    alias    INTEGER NOT NULL,                   -- whether the key is an alias, and so perhaps another node's
    node     INTEGER
);

-- Nodes to be removed.
CREATE TEMP TABLE doomed (node INTEGER PRIMARY KEY);
