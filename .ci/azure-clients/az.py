"""Lists a simulated Azure with `az`, as a cloud of its own, and compares what it sees with what is true."""

import json
import os
import subprocess
import sys

import truth
from truth import compare, expected, listed, of_type

AZ, SIMULATOR = os.environ["AZ"], os.environ["AZURE_SIM_HTTPS"]
TENANT, CLIENT, SECRET = (os.environ[f"AZURE_{name}"] for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"))


def az(*arguments):
    done = subprocess.run([AZ, *arguments, "--only-show-errors", "--output", "json"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"az {' '.join(arguments[:3])}: {done.stderr}")
    return json.loads(done.stdout or "null")


def ids(*arguments):
    return lambda: [each["id"] for each in az(*arguments)]


def in_each(*arguments):
    return lambda: [each["id"] for id in SUBSCRIPTIONS for each in az(*arguments, "--subscription", id)]


def query():
    """The pages of a query of Resource Graph."""
    token, address = None, f"{SIMULATOR}/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
    while True:
        options = {"$top": 50} | ({"$skipToken": token} if token else {})
        body = {"query": "resources | project id | order by id asc", "options": options}
        answer = az("rest", "--method", "post", "--url", address, "--body", json.dumps(body))
        yield from (row["id"] for row in answer["data"])
        if not (token := answer.get("$skipToken")):
            return


def assignments():
    """Those of each subscription with what it inherits, and those of management groups beside the path to one."""
    rows = [each for id in SUBSCRIPTIONS
            for each in az("role", "assignment", "list", "--all", "--include-inherited", "--subscription", id)]
    groups = az("account", "management-group", "list")
    rows += [each for group in groups for each in az("role", "assignment", "list", "--scope", group["id"])]
    return {each["id"].lower() for each in rows}


def secrets():
    for vault in sorted({id.split("/")[0] for id in expected(of_type("secret"))}):
        for secret in az("keyvault", "secret", "list", "--vault-name", vault):
            yield f"{vault}/{secret['name']}"


az("config", "set", "core.instance_discovery=false", "core.collect_telemetry=false")
az("cloud", "register", "--name", "AzureSim", "--endpoint-resource-manager", SIMULATOR)
az("cloud", "set", "--name", "AzureSim")
az("login", "--service-principal", "--username", CLIENT, "--password", SECRET, "--tenant", TENANT)
SUBSCRIPTIONS = [each["id"] for each in az("account", "list")]

compare("az account list", lambda: [f"/subscriptions/{each['id']}" for each in az("account", "list", "--refresh")],
        expected(of_type("Microsoft.Resources/subscriptions")))
compare("az account management-group list", ids("account", "management-group", "list"),
        expected(of_type("Microsoft.Management/managementGroups")))
compare("az group list", in_each("group", "list"), expected(of_type("Microsoft.Resources/resourceGroups")))
compare("az resource list", in_each("resource", "list"), expected(listed))
compare("az rest, Resource Graph", query, expected(listed))
compare("az role assignment list", assignments, expected(of_type("Microsoft.Authorization/roleAssignments")))
compare("az lock list", in_each("lock", "list"), expected(of_type("Microsoft.Authorization/locks")))
for words, kind in (("user", "user"), ("group", "group"), ("sp", "servicePrincipal"), ("app", "application")):
    if wanted := expected(of_type(f"#microsoft.graph.{kind}")):
        more = ["--all"] if words in ("sp", "app") else []
        compare(f"az ad {words} list", ids("ad", words, "list", *more), wanted)
compare("az keyvault secret list", secrets, expected(of_type("secret")))
sys.exit(truth.failed)
