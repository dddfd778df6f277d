"""Reads the exports of one graph as other programs do, and compares them with the one in JSON Lines.

usage: check.py DIRECTORY [BOLT-URI]

DIRECTORY holds graph.jsonl.zst, graph.graphml and graph-csv. With a server on which graph-neo4j-admin was imported, what it
answers is compared too, value by value.
"""

import collections
import csv
import json
import pathlib
import sys

import networkx
import zstandard

place = pathlib.Path(sys.argv[1])
csv.field_size_limit(1 << 30)
with zstandard.open(place / "graph.jsonl.zst", "rt", encoding="utf-8", newline="\n") as file:
    lines = [json.loads(line) for line in file]
nodes = {line["node"]["key"]: line["node"] for line in lines if "node" in line}
edges = [line["edge"] for line in lines if "edge" in line and not line["edge"].get("spare")]
assert nodes and edges


def visible(node):
    """The properties of a node as a query shows them, but for `properties`, whose text may be spelled otherwise."""
    shown = {"key": node["key"], "id": node["id"], "tenant_id": node["key"].split("|")[0], "name": node["name"]}
    if node.get("type") is not None:
        shown["type"] = node["type"]
    for part in ("members", "scalars"):
        for name, value in (node.get(part) or {}).items():
            if name != "properties":
                shown.setdefault(name, value)
    return shown


def same_body(text, node):
    return (json.loads(text) if text else None) == node.get("properties")


def check_graphml():
    graph = networkx.read_graphml(place / "graph.graphml", force_multigraph=True)
    assert graph.is_directed() and graph.number_of_edges() == len(edges)
    keys = networkx.get_node_attributes(graph, "key")
    assert sorted(keys.values()) == sorted(nodes) and len(keys) == len(nodes)

    def xml(text):
        # XML 1.0 cannot write these.
        return "".join("\ufffd" if (ord(c) < 32 and c not in "\t\n\r") or c in "\ufffe\uffff" else c for c in text)

    for number, found in graph.nodes(data=True):
        node = nodes[found["key"]]
        assert found.pop("labels") == "".join(":" + label for label in node["labels"])
        body = found.pop("properties", None)
        assert (body is None) == (node.get("properties") is None)
        wanted = {}
        for name, value in visible(node).items():
            if isinstance(value, list):
                value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            wanted["property.labels" if name == "labels" else xml(name)] = xml(value) if isinstance(value, str) else value
        assert found == wanted, (found, wanted)
    ends = collections.Counter((keys[a], data["label"], keys[b], data["path"]) for a, b, data in graph.edges(data=True))
    assert ends == collections.Counter((e["from"], e["type"], e["to"], e["path"]) for e in edges)


def check_csv():
    with open(place / "graph-csv/nodes.csv", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    assert [row["key"] for row in rows] == list(nodes)
    for row in rows:
        node = nodes[row["key"]]
        assert row["id"] == node["id"] and row["name"] == node["name"], row
        assert row["labels"] == ";".join(node["labels"]) and row["type"] == (node.get("type") or ""), row
        assert json.loads(row["members"]) == node["members"] and same_body(row["properties"], node), row
    with open(place / "graph-csv/edges.csv", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    assert len(rows) == len(edges)
    for row, edge in zip(rows, edges):
        assert [row[name] for name in ("from", "type", "to", "path")] == [edge[name] for name in ("from", "type", "to", "path")]
        assert (json.loads(row["properties"]) if row["properties"] else None) == edge.get("properties"), row


def stored(value):
    """A value as the importer keeps it: it knows no empty list, and no delimiter within an item."""
    if isinstance(value, list) and (not value or any(item == "" or "\x1f" in item for item in value)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value


def has_column(name):
    return name and name == name.strip() and not any(c in "{}()" or ord(c) < 32 or 127 <= ord(c) < 160 for c in name)


def check_server(uri):
    import neo4j

    with neo4j.GraphDatabase.driver(uri) as driver, driver.session() as session:
        count = 0
        for record in session.run("MATCH (n) RETURN labels(n) AS labels, properties(n) AS found"):
            count += 1
            found = record["found"]
            node = nodes[found["key"]]
            assert set(record["labels"]) == set(node["labels"]), record
            assert same_body(found.pop("properties", None), node), record
            other = json.loads(found.pop("atg_other", "{}"))
            wanted = visible(node)
            assert other == {name: value for name, value in wanted.items() if not has_column(name)}, record
            wanted = {name: stored(value) for name, value in wanted.items() if has_column(name)}
            assert found == wanted, (found, wanted)
        assert count == len(nodes)
        found = session.run("MATCH (a)-[r]->(b) RETURN a.key AS a, type(r) AS t, b.key AS b, properties(r) AS p")
        found = collections.Counter((r["a"], r["t"], r["b"], json.dumps(r["p"], sort_keys=True)) for r in found)
        wanted = collections.Counter(
            (e["from"], e["type"], e["to"], json.dumps({**(e.get("properties") or {}), "path": e["path"]}, sort_keys=True))
            for e in edges
        )
        assert found == wanted, (found - wanted, wanted - found)


check_graphml()
check_csv()
if len(sys.argv) > 2:
    check_server(sys.argv[2])
print(f"{len(nodes)} nodes and {len(edges)} edges are the same in every format")
