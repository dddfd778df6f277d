// Machines, stores, databases and vaults that lack a lock (their own or one above), a backup (where one can be made) or a diagnostic setting.
MATCH (r:Resource)
WHERE r.type IN ['Microsoft.Compute/virtualMachines', 'Microsoft.Storage/storageAccounts', 'Microsoft.KeyVault/vaults', 'Microsoft.Sql/servers',
  'Microsoft.Sql/servers/databases', 'Microsoft.DocumentDB/databaseAccounts', 'Microsoft.DBforPostgreSQL/flexibleServers', 'Microsoft.DBforMySQL/flexibleServers',
  'Microsoft.ContainerService/managedClusters', 'Microsoft.Web/sites', 'Microsoft.Network/applicationGateways', 'Microsoft.Network/azureFirewalls']
WITH r,
  EXISTS { MATCH (r)<-[:CONTAINS*0..12]-(above)-[:LOCKED_BY]->() } AS locked,
  CASE WHEN r.type IN ['Microsoft.Compute/virtualMachines', 'Microsoft.Storage/storageAccounts'] THEN EXISTS { (r)-[:BACKED_UP_BY]->() } END AS backed_up,
  EXISTS { (r)<-[:MONITORS]-(:DiagnosticSetting) } AS logged
WHERE NOT locked OR NOT coalesce(backed_up, true) OR NOT logged
RETURN r.name AS name, r.type AS type, r.resource_group AS resource_group, locked, backed_up, logged
ORDER BY type, name, resource_group
