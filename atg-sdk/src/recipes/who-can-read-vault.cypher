// Who can read the secrets of a key vault: by roles at it or above it and through groups, less what is denied, or by its own access policies.
// $vault: the vault's name or ID
// $action = "Microsoft.KeyVault/vaults/secrets/getSecret/action": what a role has to allow
MATCH (v:KeyVault)
WHERE (v.name = $vault OR v.id = $vault) AND v.enableRbacAuthorization = true
MATCH (v)<-[:CONTAINS*0..12]-(scope)<-[at:ASSIGNS]-(a)-[by:ASSIGNS]->(d:RoleDefinition), (a)-[to:ASSIGNS]->(p)
WHERE at.path = 'properties.scope' AND by.path = 'properties.roleDefinitionId' AND to.path = 'properties.principalId'
  AND any(x IN d.data_actions WHERE toLower($action) =~ replace(replace(toLower(x), '.', '[.]'), '*', '.*'))
  AND none(x IN d.not_data_actions WHERE toLower($action) =~ replace(replace(toLower(x), '.', '[.]'), '*', '.*'))
MATCH (who)-[:MEMBER_OF*0..8]->(p)
WHERE NOT who:Group AND NOT EXISTS {
  MATCH (v)<-[:CONTAINS*0..12]-(s)<-[r:ASSIGNS]-(n:DenyAssignment)
  WHERE r.path = 'properties.scope' AND (s = v OR NOT coalesce(n.doNotApplyToChildScopes, false))
    AND any(x IN n.data_actions WHERE toLower($action) =~ replace(replace(toLower(x), '.', '[.]'), '*', '.*'))
    AND none(x IN n.not_data_actions WHERE toLower($action) =~ replace(replace(toLower(x), '.', '[.]'), '*', '.*'))
    AND ('00000000-0000-0000-0000-000000000000' IN n.principals OR EXISTS { MATCH (who)-[:MEMBER_OF*0..8]->(g) WHERE g.id IN n.principals })
    AND NOT EXISTS { MATCH (who)-[:MEMBER_OF*0..8]->(g) WHERE g.id IN n.excluded_principals }
}
RETURN DISTINCT who.name AS who, labels(who)[0] AS kind, d.roleName AS by_role, scope.id AS at, CASE WHEN p = who THEN null ELSE p.name END AS through,
  NOT a:RoleAssignment AS eligible, a.condition AS condition,
  COLLECT { MATCH (r:Resource)-[:USES_IDENTITY*1..2]->(who) WHERE r.type <> 'Microsoft.ManagedIdentity/userAssignedIdentities' RETURN DISTINCT r.name AS name ORDER BY name } AS used_by
ORDER BY who, by_role, at, through
UNION
MATCH (v:KeyVault)
WHERE (v.name = $vault OR v.id = $vault) AND NOT coalesce(v.enableRbacAuthorization, false)
MATCH (p)-[h:HAS_ROLE]->(v)
WHERE h.role = 'Key Vault access policy' AND any(x IN h.permissions WHERE x IN ['secrets/get', 'secrets/all'])
MATCH (who)-[:MEMBER_OF*0..8]->(p)
WHERE NOT who:Group
RETURN DISTINCT who.name AS who, labels(who)[0] AS kind, h.role AS by_role, v.id AS at, CASE WHEN p = who THEN null ELSE p.name END AS through,
  false AS eligible, null AS condition,
  COLLECT { MATCH (r:Resource)-[:USES_IDENTITY*1..2]->(who) WHERE r.type <> 'Microsoft.ManagedIdentity/userAssignedIdentities' RETURN DISTINCT r.name AS name ORDER BY name } AS used_by
ORDER BY who, by_role, at, through
