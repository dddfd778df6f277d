// Whose loss would cost most: identities by the number of resources that they may change, directly or through groups, the most first.
// $action = "Microsoft.Compute/virtualMachines/write": what a role has to allow
// $eligible = true: whether roles count that have yet to be activated
// $count = 25: how many identities
MATCH (scope)<-[at:ASSIGNS]-(a)-[by:ASSIGNS]->(d:RoleDefinition), (a)-[to:ASSIGNS]->(p)
WHERE at.path = 'properties.scope' AND by.path = 'properties.roleDefinitionId' AND to.path = 'properties.principalId'
  AND any(x IN d.actions WHERE toLower($action) =~ replace(replace(toLower(x), '.', '[.]'), '*', '.*'))
  AND none(x IN d.not_actions WHERE toLower($action) =~ replace(replace(toLower(x), '.', '[.]'), '*', '.*'))
  AND (a:RoleAssignment OR $eligible)
MATCH (who)-[:MEMBER_OF*0..8]->(p)
WHERE NOT who:Group
WITH DISTINCT who, d, scope
MATCH (scope)-[:CONTAINS*0..12]->(r:Resource)
WITH who, count(DISTINCT r) AS resources, collect(DISTINCT d.roleName) AS roles, collect(DISTINCT scope.name) AS scopes
RETURN who.name AS who, labels(who)[0] AS kind, resources, COLLECT { UNWIND roles AS role RETURN role ORDER BY role } AS by_roles, COLLECT { UNWIND scopes AS scope RETURN scope ORDER BY scope } AS at
ORDER BY resources DESC, who LIMIT $count
