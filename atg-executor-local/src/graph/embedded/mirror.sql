-- Collects what a connection changes, until it is carried over. Temporary: other connections' changes are not ours.

-- How much there is: two for a node, one for an edge, one for each KiB of contents.
CREATE TEMP TABLE out_size (n INTEGER NOT NULL);
INSERT INTO temp.out_size VALUES (0);

-- 1 created, 2 changed, 3 deleted
CREATE TEMP TABLE out_node (node INTEGER PRIMARY KEY, kind INTEGER NOT NULL, key TEXT);
CREATE TEMP TRIGGER out_node_created AFTER INSERT ON main.node BEGIN
    INSERT OR REPLACE INTO out_node VALUES (new.id, 1, NULL);
    UPDATE out_size SET n = n + 2 + (length(new.members) + coalesce(length(new.properties), 0)) / 1024;
END;
-- Whoever changes a node says in which scan: what is only fetched does not.
CREATE TEMP TRIGGER out_node_changed AFTER UPDATE OF scan_id, first_seen_at ON main.node BEGIN
    INSERT OR IGNORE INTO out_node VALUES (new.id, 2, NULL);
    UPDATE out_size SET n = n + 2 + (length(new.members) + coalesce(length(new.properties), 0)) / 1024;
END;
CREATE TEMP TRIGGER out_node_deleted AFTER DELETE ON main.node BEGIN
    INSERT OR REPLACE INTO out_node VALUES (old.id, 3, old.key);
    UPDATE out_size SET n = n + 2;
END;

CREATE TEMP TABLE out_edge (
    seq        INTEGER PRIMARY KEY,
    came       INTEGER NOT NULL,
    src        INTEGER NOT NULL,
    dst        INTEGER NOT NULL,
    owner      INTEGER NOT NULL,
    type       INTEGER NOT NULL,
    said       INTEGER NOT NULL,
    path       TEXT NOT NULL,
    properties TEXT,
    scan_id    TEXT NOT NULL
);
CREATE TEMP TRIGGER out_edge_came AFTER INSERT ON main.edge BEGIN
    INSERT INTO out_edge (came, src, dst, owner, type, said, path, properties, scan_id)
    VALUES (1, new.src, new.dst, new.owner, new.type, new.said, new.path, new.properties, new.scan_id);
    UPDATE out_size SET n = n + 1;
END;
CREATE TEMP TRIGGER out_edge_went AFTER DELETE ON main.edge BEGIN
    INSERT INTO out_edge (came, src, dst, owner, type, said, path, properties, scan_id)
    VALUES (0, old.src, old.dst, old.owner, old.type, old.said, old.path, old.properties, old.scan_id);
    UPDATE out_size SET n = n + 1;
END;

-- The ends at which spare edges changed.
CREATE TEMP TABLE out_spare (node INTEGER PRIMARY KEY);
CREATE TEMP TRIGGER out_spare_came AFTER INSERT ON main.spare_edge BEGIN
    INSERT OR IGNORE INTO out_spare VALUES (new.dst);
    UPDATE out_size SET n = n + 1;
END;
CREATE TEMP TRIGGER out_spare_went AFTER DELETE ON main.spare_edge BEGIN
    INSERT OR IGNORE INTO out_spare VALUES (old.dst);
    UPDATE out_size SET n = n + 1;
END;

-- The nodes whose edges come from another statement than before.
CREATE TEMP TABLE out_stated (node INTEGER PRIMARY KEY);
CREATE TEMP TRIGGER out_stated_set AFTER INSERT ON main.edge_set BEGIN
    INSERT OR IGNORE INTO out_stated VALUES (new.node);
END;
CREATE TEMP TRIGGER out_stated_dropped AFTER DELETE ON main.edge_set BEGIN
    INSERT OR IGNORE INTO out_stated VALUES (old.node);
END;

-- Checkpoints. All of one name go at once, those of a scan that ended or will never go on.
CREATE TEMP TABLE out_kept (tenant INTEGER NOT NULL, sequence INTEGER NOT NULL);
CREATE TEMP TRIGGER out_kept_came AFTER INSERT ON main.checkpoint BEGIN
    INSERT INTO out_kept VALUES (new.tenant, new.sequence);
END;
CREATE TEMP TABLE out_dropped (sequence INTEGER NOT NULL);
CREATE TEMP TRIGGER out_kept_went AFTER DELETE ON main.checkpoint BEGIN
    INSERT INTO out_dropped VALUES (old.sequence);
END;
