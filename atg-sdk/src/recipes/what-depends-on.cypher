// What depends on a resource or on a part of it, directly or over at most three steps, the nearest first.
// $resource: its name or its ID
MATCH (r:Resource)
WHERE r.name = $resource OR r.id = $resource
MATCH (r)-[:CONTAINS*0..3]->(part:Resource)
MATCH p = (d)-[:USES_IDENTITY|USES_SUBNET|SECURED_BY|ROUTES_VIA|RUNS_ON|STORES_IN|LOGS_TO|ENCRYPTED_WITH|PULLS_FROM|DEPENDS_ON|CONNECTED_TO|RESOLVES_TO|BACKED_UP_BY|REFERENCES*1..3]->(part)
WHERE NOT EXISTS { (r)-[:CONTAINS*0..4]->(d) }
RETURN d.id AS dependent, coalesce(d.type, labels(d)[0]) AS type, min(length(p)) AS steps
ORDER BY steps, dependent
UNION
MATCH (r:Resource)
WHERE r.name = $resource OR r.id = $resource
MATCH (r)-[:ATTACHED_TO]->(d)
RETURN d.id AS dependent, coalesce(d.type, labels(d)[0]) AS type, 1 AS steps
ORDER BY steps, dependent
