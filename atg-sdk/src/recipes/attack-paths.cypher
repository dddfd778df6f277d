// How somebody could come to a resource: from the Internet over what answers there to a machine or an application, from it to its identity, and from the identity by a role to the resource. Without an entry, whoever is on the machine already.
// $resource: the resource's name or ID
MATCH (target:Resource)
WHERE target.name = $resource OR target.id = $resource
MATCH (target)<-[:CONTAINS*0..12]-(scope)<-[at:ASSIGNS]-(a)-[by:ASSIGNS]->(d:RoleDefinition), (a)-[to:ASSIGNS]->(p)
WHERE at.path = 'properties.scope' AND by.path = 'properties.roleDefinitionId' AND to.path = 'properties.principalId'
  AND (size(d.data_actions) > 0 OR any(x IN d.actions WHERE NOT toLower(x) ENDS WITH '/read'))
MATCH (host:Resource)-[:USES_IDENTITY*1..2]->(who)-[:MEMBER_OF*0..8]->(p)
WHERE host.type <> 'Microsoft.ManagedIdentity/userAssignedIdentities' AND NOT who:Resource AND host <> target
OPTIONAL MATCH (ip:PublicIPAddress)-[:EXPOSES]->(front)-[:CONNECTED_TO*0..1]->(at_host)
WHERE at_host = host OR EXISTS { (at_host:NetworkInterface)<-[:CONNECTED_TO]-(host) }
RETURN DISTINCT target.name AS target, coalesce(ip.name,
    CASE WHEN coalesce(host.publicNetworkAccess, '') <> 'Disabled' THEN host.defaultHostName END,
    CASE WHEN host.`configuration.ingress.external` THEN host.`configuration.ingress.fqdn` END) AS entry, front.name AS front, host.name AS host, host.type AS host_type,
  who.name AS identity, d.roleName AS by_role, scope.id AS at, NOT a:RoleAssignment AS eligible, a.condition AS condition
ORDER BY target, entry IS NULL, entry, host, identity, by_role, at
