// What an identity may do: its roles and those of its groups, where, what they allow and what is denied there. A resource stands for the identities that it has.
// $identity: a name, an object ID, a user principal name or a client ID
MATCH (x)
WHERE x.id = $identity OR x.name = $identity OR x.user_principal_name = $identity OR x.app_id = $identity
MATCH (x)-[:USES_IDENTITY*0..2]->(who)
WHERE who:User OR who:Group OR who:ServicePrincipal OR who:External
MATCH (who)-[:MEMBER_OF*0..8]->(p)<-[to:ASSIGNS]-(a)-[by:ASSIGNS]->(d), (a)-[at:ASSIGNS]->(scope)
WHERE at.path = 'properties.scope' AND by.path = 'properties.roleDefinitionId' AND to.path = 'properties.principalId'
RETURN DISTINCT who.name AS identity, coalesce(d.roleName, d.name) AS by_role, scope.id AS at, CASE WHEN p = who THEN null ELSE p.name END AS through,
  NOT a:RoleAssignment AS eligible, a.condition AS condition, d.actions AS actions, d.not_actions AS not_actions,
  d.data_actions AS data_actions, d.not_data_actions AS not_data_actions,
  COLLECT {
    MATCH (scope)<-[:CONTAINS*0..12]-(s)<-[r:ASSIGNS]-(n:DenyAssignment)
    WHERE r.path = 'properties.scope' AND (s = scope OR NOT coalesce(n.doNotApplyToChildScopes, false))
      AND ('00000000-0000-0000-0000-000000000000' IN n.principals OR EXISTS { MATCH (who)-[:MEMBER_OF*0..8]->(g) WHERE g.id IN n.principals })
      AND NOT EXISTS { MATCH (who)-[:MEMBER_OF*0..8]->(g) WHERE g.id IN n.excluded_principals }
    RETURN n.denyAssignmentName ORDER BY n.denyAssignmentName
  } AS denied_by
ORDER BY identity, by_role, at, through
UNION
MATCH (x)
WHERE x.id = $identity OR x.name = $identity OR x.user_principal_name = $identity OR x.app_id = $identity
MATCH (x)-[:USES_IDENTITY*0..2]->(who)
WHERE who:User OR who:Group OR who:ServicePrincipal OR who:External
MATCH (who)-[:MEMBER_OF*0..8]->(p)-[h:HAS_ROLE]->(on:Resource)
WHERE h.role_definition_id IS NULL
RETURN DISTINCT who.name AS identity, h.role AS by_role, on.id AS at, CASE WHEN p = who THEN null ELSE p.name END AS through,
  false AS eligible, null AS condition, coalesce(h.permissions, []) AS actions, [] AS not_actions, [] AS data_actions, [] AS not_data_actions, [] AS denied_by
ORDER BY identity, by_role, at, through
