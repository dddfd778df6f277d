"""What people write with the Azure SDK for Python: every subscription's resources, page by page. Prints an ID a line.

The proxy in HTTPS_PROXY leads Azure's own hosts to the simulator: nothing here knows of one.
"""

import os

from azure.identity import ClientSecretCredential
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

credential = ClientSecretCredential(
    os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"]
)
for subscription in SubscriptionClient(credential).subscriptions.list():
    client = ResourceManagementClient(credential, subscription.subscription_id)
    for group in client.resource_groups.list():
        print(group.id)
    for resource in client.resources.list():
        print(resource.id, "properties" if getattr(resource, "properties", None) else "")
