-- Version 4: what a scan leaves for the next one of the tenant.

-- JSON text. Its own to read for who wrote it; not in exports, and no query shows it: links to change feeds are in it.
ALTER TABLE tenant ADD COLUMN remembered TEXT;
