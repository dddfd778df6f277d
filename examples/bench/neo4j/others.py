"""What others do with the same rows on the same server.

The official driver with its Rust extension (bare `UNWIND … MERGE`, one and four writers), and the loader of Cartography.
"""

import json
import sys
import time
import threading
import warnings

warnings.simplefilter("ignore")
import neo4j  # noqa: E402

BATCH = 5_000


def driver(uri):
    return neo4j.GraphDatabase.driver(uri, notifications_min_severity="OFF")


def clear(d):
    with d.session() as s:
        s.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 1000 ROWS").consume()
        for (name,) in s.run("SHOW CONSTRAINTS YIELD name RETURN name").values():
            s.run(f"DROP CONSTRAINT `{name}`").consume()
        for (name,) in s.run("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name").values():
            s.run(f"DROP INDEX `{name}`").consume()


def count(d):
    with d.session() as s:
        nodes = s.run("MATCH (n) RETURN count(n)").single()[0]
        edges = s.run("MATCH ()-[r]->() RETURN count(r)").single()[0]
    return nodes, edges


def spread(work, items, writers):
    """Batches over threads; a batch whose transaction meets a deadlock is sent again, as the driver does by itself."""
    batches = [items[at : at + BATCH] for at in range(0, len(items), BATCH)]
    lock = threading.Lock()

    def run():
        while True:
            with lock:
                if not batches:
                    return
                batch = batches.pop(0)
            work(batch)

    threads = [threading.Thread(target=run) for _ in range(writers)]
    [t.start() for t in threads]
    [t.join() for t in threads]


def naive(uri, rows, writers):
    with driver(uri) as d:
        clear(d)
        with d.session() as s:
            s.run("CREATE CONSTRAINT bench FOR (n:Resource) REQUIRE n.id IS UNIQUE").consume()
        nodes = [{k: v for k, v in row.items() if k != "refs"} for row in rows]
        edges = [{"from": row["id"], "to": ref} for row in rows for ref in row["refs"]]

        def write(text):
            def work(batch):
                with d.session() as s:
                    s.execute_write(lambda tx: tx.run(text, rows=batch).consume())

            return work

        began = time.time()
        spread(write("UNWIND $rows AS row MERGE (n:Resource {id: row.id}) SET n += row"), nodes, writers)
        middle = time.time()
        spread(
            write(
                "UNWIND $rows AS row MATCH (a:Resource {id: row.from}) MATCH (b:Resource {id: row.to}) "
                "MERGE (a)-[:REFERENCES]->(b)"
            ),
            edges,
            writers,
        )
        ended = time.time()
        print(
            f"official driver, {writers} writer(s): {ended - began:.2f} s; nodes {middle - began:.2f} s, "
            f"{len(nodes) / (middle - began):.0f}/s; edges {ended - middle:.2f} s, "
            f"{len(edges) / (ended - middle):.0f}/s; there now {count(d)}",
            flush=True,
        )


def cartography(uri, rows):
    from dataclasses import dataclass

    from cartography.client.core.tx import load
    from cartography.models.core.common import PropertyRef
    from cartography.models.core.nodes import CartographyNodeProperties, CartographyNodeSchema
    from cartography.models.core.relationships import (
        CartographyRelProperties,
        CartographyRelSchema,
        LinkDirection,
        OtherRelationships,
        TargetNodeMatcher,
        make_target_node_matcher,
    )

    @dataclass(frozen=True)
    class Properties(CartographyNodeProperties):
        id: PropertyRef = PropertyRef("id", extra_index=True)
        lastupdated: PropertyRef = PropertyRef("lastupdated", set_in_kwargs=True)
        name: PropertyRef = PropertyRef("name")
        type: PropertyRef = PropertyRef("type")
        location: PropertyRef = PropertyRef("location")
        resource_group: PropertyRef = PropertyRef("resource_group")
        properties: PropertyRef = PropertyRef("properties")

    @dataclass(frozen=True)
    class RefProperties(CartographyRelProperties):
        lastupdated: PropertyRef = PropertyRef("lastupdated", set_in_kwargs=True)

    @dataclass(frozen=True)
    class Ref(CartographyRelSchema):
        target_node_label: str = "Resource"
        target_node_matcher: TargetNodeMatcher = make_target_node_matcher({"id": PropertyRef("refs", one_to_many=True)})
        direction: LinkDirection = LinkDirection.OUTWARD
        rel_label: str = "REFERENCES"
        properties: RefProperties = RefProperties()

    @dataclass(frozen=True)
    class Schema(CartographyNodeSchema):
        label: str = "Resource"
        properties: Properties = Properties()
        other_relationships: OtherRelationships = OtherRelationships([Ref()])

    with driver(uri) as d:
        clear(d)
        for attempt in (1, 2):
            began = time.time()
            with d.session() as s:
                load(s, Schema(), rows, lastupdated=attempt)
            print(f"cartography, load {attempt}: {time.time() - began:.2f} s; there now {count(d)}", flush=True)


def main():
    uri, path = sys.argv[1:3]
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    naive(uri, rows, 1)
    naive(uri, rows, 4)
    cartography(uri, rows)
    with driver(uri) as d:
        clear(d)


main()
