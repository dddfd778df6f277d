// What is left over and serves nobody: disks without a machine, addresses and interfaces without a use, empty groups and plans, rights of principals that are gone.
MATCH (n:Disk) WHERE NOT EXISTS { (n)-[:ATTACHED_TO]->() }
RETURN n.id AS id, 'a disk that is attached to nothing' AS why ORDER BY id
UNION
MATCH (n:PublicIPAddress) WHERE NOT EXISTS { (n)-[:ATTACHED_TO]->() }
RETURN n.id AS id, 'a public address that is attached to nothing' AS why ORDER BY id
UNION
MATCH (n:NetworkInterface) WHERE NOT EXISTS { (n)<-[:CONNECTED_TO]-(:VirtualMachine) } AND NOT EXISTS { (n)<-[:CONNECTED_TO]-(:PrivateEndpoint) }
RETURN n.id AS id, 'an interface of no machine and no endpoint' AS why ORDER BY id
UNION
MATCH (n:NetworkSecurityGroup) WHERE NOT EXISTS { (n)<-[:SECURED_BY]-() }
RETURN n.id AS id, 'a security group that guards nothing' AS why ORDER BY id
UNION
MATCH (n:RouteTable) WHERE NOT EXISTS { (n)<-[:ROUTES_VIA]-() }
RETURN n.id AS id, 'a route table of no subnet' AS why ORDER BY id
UNION
MATCH (n:AppServicePlan) WHERE NOT EXISTS { (n)<-[:RUNS_ON]-() }
RETURN n.id AS id, 'a plan on which nothing runs' AS why ORDER BY id
UNION
MATCH (n:ResourceGroup) WHERE NOT EXISTS { (n)-[:CONTAINS]->() }
RETURN n.id AS id, 'a resource group with nothing in it' AS why ORDER BY id
UNION
MATCH (n:RoleAssignment)-[r:ASSIGNS]->(gone:External) WHERE r.path = 'properties.principalId'
RETURN n.id AS id, 'a role assignment whose principal is not in the directory that was read' AS why ORDER BY id
UNION
MATCH (n:Resource)-[:RESOLVES_TO]->(gone:External)
RETURN n.id AS id, 'a name that leads to nothing of the tenant' AS why ORDER BY id
