"""Pages through a simulated Azure with the Azure SDKs for Python, and compares what they see with what is true.

The proxy in HTTPS_PROXY leads Azure's own hosts to the simulator: nothing here knows of one.
"""

import asyncio
import os
import sys

from azure.core.rest import HttpRequest
from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions
from msgraph import GraphServiceClient

import truth
from truth import compare, expected, is_arm, listed, of_type

credential = ClientSecretCredential(
    os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"]
)
# Small enough that even a small tenant has several pages.
PAGE = int(os.environ["AZURE_SIM_PAGE"])
VERSION = "2021-04-01"


def subscriptions():
    return [each.subscription_id for each in SubscriptionClient(credential).subscriptions.list()]


SUBSCRIPTIONS = subscriptions()


def groups():
    for subscription in SUBSCRIPTIONS:
        for group in ResourceManagementClient(credential, subscription).resource_groups.list(top=PAGE):
            yield group.id


def resources():
    for subscription in SUBSCRIPTIONS:
        for resource in ResourceManagementClient(credential, subscription).resources.list(top=PAGE):
            yield resource.id


def each_by_id():
    """Reads every row by its ID, spelled in capitals."""
    client = ResourceManagementClient(credential, SUBSCRIPTIONS[0])
    for row in filter(is_arm, truth.rows):
        yield client.resources.get_by_id(row["id"].upper(), api_version=VERSION).id


def children():
    """Lists every collection that a row without a place in the subscription's list lies in.

    Children that stand only in their parent's body are seen too; what has no row is left out of the comparison. A
    subscription's list of a type has what hangs on its resources as well, so some are seen from two places.
    """
    client = ResourceManagementClient(credential, SUBSCRIPTIONS[0])
    known, seen = expected(is_child), set()
    for collection in sorted({row["id"].rsplit("/", 1)[0].lower() for row in truth.rows if is_child(row)}):
        link = f"https://management.azure.com{collection}?api-version={VERSION}&$top={PAGE}"
        while link:
            answer = client._client.send_request(HttpRequest("GET", link))
            answer.raise_for_status()
            page = answer.json()
            seen |= {each["id"].lower() for each in page["value"]} & known
            link = page.get("nextLink")
    return seen


def is_child(row):
    """Rows that lie in a resource or beside the groups of a subscription, except what inheritance shows elsewhere."""
    inherited = "microsoft.authorization/", "microsoft.management/", "microsoft.resources/"
    return is_arm(row) and not listed(row) and not row["type"].lower().startswith(inherited) and not is_unlisted(row)


def is_unlisted(row):
    """A site's settings that no list shows, in Azure neither: they are asked for by name, as every row is above."""
    names = "authsettingsv2", "logs", "slotconfignames"
    return row["type"].lower().startswith("microsoft.web/sites") and row["id"].lower().rsplit("/", 2)[1:] in (
        ["config", name] for name in names
    )


def query(text):
    def look():
        client, token = ResourceGraphClient(credential), None
        while True:
            options = QueryRequestOptions(top=PAGE, skip_token=token)
            answer = client.resources(QueryRequest(query=text, options=options))
            yield from (row["id"] for row in answer.data)
            token = answer.skip_token
            if token is None:
                assert answer.result_truncated == "false", answer.result_truncated
                return

    return look


def assignments():
    """What is attached to the tenant and its management groups is inherited by every subscription."""
    client = AuthorizationManagementClient(credential, SUBSCRIPTIONS[0])
    scopes = [row["id"] for row in truth.rows if of_type("Microsoft.Management/managementGroups")(row)]
    scopes += [f"subscriptions/{id}" for id in SUBSCRIPTIONS]
    return {each.id.lower() for scope in scopes for each in client.role_assignments.list_for_scope(scope)}


def definitions():
    """Each subscription shows a definition below itself: its name is what it is known by."""
    client = AuthorizationManagementClient(credential, SUBSCRIPTIONS[0])
    scopes = ["/"] + [f"subscriptions/{id}" for id in SUBSCRIPTIONS]
    return {each.name.lower() for scope in scopes for each in client.role_definitions.list(scope)}


def secrets():
    for vault in sorted({id.split("/")[0] for id in expected(of_type("secret"))}):
        client = SecretClient(f"https://{vault}.vault.azure.net", credential)
        for secret in client.list_properties_of_secrets(max_page_size=5):
            assert client.get_secret(secret.name).value, secret.name
            yield f"{vault}/{secret.name}"


async def pages(builder):
    """Follows the links of a collection of Microsoft Graph."""
    page = await builder.get()
    while True:
        for each in page.value:
            yield each
        if not page.odata_next_link:
            return
        page = await builder.with_url(page.odata_next_link).get()


def objects(choose):
    async def look():
        return [each.id async for each in pages(choose(GraphServiceClient(credential)))]

    return lambda: asyncio.run(look())


def members_of_groups():
    async def look():
        client = GraphServiceClient(credential)
        return [f"{group.id}/{member.id}" async for group in pages(client.groups)
                async for member in pages(client.groups.by_group_id(group.id).members)]

    return asyncio.run(look())


def main():
    containers = of_type("Microsoft.Resources/subscriptions", "Microsoft.Resources/resourceGroups",
                         "Microsoft.Management/managementGroups")
    compare("azure-mgmt-resource-subscriptions", lambda: [f"/subscriptions/{id}" for id in subscriptions()],
            expected(of_type("Microsoft.Resources/subscriptions")))
    compare("azure-mgmt-resource: resource groups", groups, expected(of_type("Microsoft.Resources/resourceGroups")))
    compare("azure-mgmt-resource: resources", resources, expected(listed))
    compare("azure-mgmt-resource: every row by its ID, in capitals", each_by_id, expected(is_arm))
    compare("azure-mgmt-resource: child collections", children, expected(is_child))
    compare("azure-mgmt-resourcegraph: resources",
            query("resources | project id, name, type, properties | order by id asc"), expected(listed))
    compare("azure-mgmt-resourcegraph: containers", query("resourcecontainers | project id | order by id asc"),
            expected(containers))
    compare("azure-mgmt-authorization: role assignments", assignments,
            expected(of_type("Microsoft.Authorization/roleAssignments")))
    compare("azure-mgmt-authorization: role definitions", definitions,
            {id.rsplit("/", 1)[1] for id in expected(of_type("Microsoft.Authorization/roleDefinitions"))})
    compare("azure-keyvault-secrets", secrets, expected(of_type("secret")))
    graph = "#microsoft.graph."
    for name, kind, choose in (
        ("users", "user", lambda client: client.users),
        ("groups", "group", lambda client: client.groups),
        ("service principals", "servicePrincipal", lambda client: client.service_principals),
        ("applications", "application", lambda client: client.applications),
        ("directory roles", "directoryRole", lambda client: client.directory_roles),
    ):
        if wanted := expected(of_type(graph + kind)):
            compare(f"msgraph-sdk: {name}", objects(choose), wanted)
    members = {f"{row['id']}/{member}".lower() for row in truth.rows if of_type(graph + "group")(row)
               for member in row.get("members", [])}
    if members:
        compare("msgraph-sdk: members of groups", members_of_groups, members)
    return truth.failed


if __name__ == "__main__":
    sys.exit(main())
