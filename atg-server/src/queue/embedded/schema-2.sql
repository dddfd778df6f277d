-- Version 2 of the queue: a job that is gone is known to whom it belonged, and to nobody else.
ALTER TABLE gone ADD COLUMN owner TEXT;           -- NULL: nobody remembers
ALTER TABLE gone ADD COLUMN tenant_id TEXT;
