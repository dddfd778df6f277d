-- Version 3: what an unfinished scan needs to go on.

-- In the order in which they were kept. One scan of a tenant at most has any: the next one takes them up, or drops them.
CREATE TABLE checkpoint (
    tenant   INTEGER NOT NULL REFERENCES tenant (id),
    sequence INTEGER NOT NULL,
    name     TEXT NOT NULL,                      -- whose: the outer job
    content  BLOB NOT NULL,
    PRIMARY KEY (tenant, sequence)
);
