-- Version 2: what others may call a node beside its ID, and which of it changed hands since edges were last led by it.

-- `alias` is '<tenant id>|<lower-cased alias>': a key, which the stub has when nobody or several have the alias.
CREATE TABLE node_alias (
    alias TEXT NOT NULL,
    node  INTEGER NOT NULL,
    PRIMARY KEY (alias, node)
) WITHOUT ROWID;
CREATE INDEX node_alias_node ON node_alias (node);

-- Who got or lost an alias in a scan that has not yet led the edges anew. A table like any other, so that a scan that was
-- killed leaves this to the next one.
CREATE TABLE unsettled_alias (
    alias TEXT NOT NULL,
    node  INTEGER NOT NULL,
    PRIMARY KEY (alias, node)
) WITHOUT ROWID;
CREATE TRIGGER node_alias_came AFTER INSERT ON node_alias BEGIN
    INSERT OR IGNORE INTO unsettled_alias VALUES (new.alias, new.node);
END;
CREATE TRIGGER node_alias_went AFTER DELETE ON node_alias BEGIN
    INSERT OR IGNORE INTO unsettled_alias VALUES (old.alias, old.node);
END;
