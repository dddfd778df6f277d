"""What is true of the simulated tenant, and the table that clients are held against."""

import json
import os
import urllib.request

CONTROL = os.environ["AZURE_SIM_HTTP"]
failed = False


def control(path, method="GET"):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(f"{CONTROL}/_sim/{path}", method=method)) as answer:
        return answer.read().decode()


rows = [json.loads(line) for line in control("truth").splitlines()]


def expected(admits):
    return {row["id"].lower() for row in rows if admits(row)}


def of_type(*kinds):
    kinds = {kind.lower() for kind in kinds}
    return lambda row: row["type"].lower() in kinds


def listed(row):
    """Whether a subscription's own list of resources holds it."""
    return row.get("listed", False)


def is_arm(row):
    return row["id"].startswith("/")


def compare(client, look, wanted):
    """Looks, counts the calls that this took, and prints: client, calls made, IDs seen, IDs expected, equal or not."""
    global failed
    control("requests", "DELETE")
    seen = [each.lower() for each in look()]
    calls = json.loads(control("requests?limit=0"))["total"]
    differences = []
    if len(seen) != len(set(seen)):
        differences.append(f"{len(seen) - len(set(seen))} twice")
    for name, ids in (("missing", wanted - set(seen)), ("too many", set(seen) - wanted)):
        if ids:
            differences.append(f"{len(ids)} {name}: {sorted(ids)[0]}")
    if not wanted and not seen:
        differences.append("nothing to see")
    failed |= bool(differences)
    print(f"{client:58} {calls:6} {len(set(seen)):6} {len(wanted):6}  {'; '.join(differences) or 'equal'}", flush=True)
