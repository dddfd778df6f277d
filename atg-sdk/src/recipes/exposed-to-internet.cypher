// What can be reached from the Internet: a public address, what answers at it (a balancer, a gateway), the machine behind it, and the rules of the security groups of interface and subnet that let it through. Where both have a group, both must.
MATCH (ip:PublicIPAddress)-[:EXPOSES]->(front)-[:CONNECTED_TO*0..1]->(nic:NetworkInterface)<-[:CONNECTED_TO]-(machine:VirtualMachine)
OPTIONAL MATCH (nic)-[:SECURED_BY]->(own:NetworkSecurityGroup)
OPTIONAL MATCH (nic)-[:USES_SUBNET]->(:Subnet)-[:SECURED_BY]->(around:NetworkSecurityGroup)
WITH DISTINCT ip, front, nic, machine, own, around
WITH ip, front, machine, own, around,
  COLLECT {
    MATCH (own)-[:CONTAINS]->(r:SecurityRule)
    WHERE r.direction = 'Inbound' AND r.access = 'Allow' AND any(s IN r.sources WHERE toLower(s) IN ['*', 'any', 'internet', '0.0.0.0/0', '::/0'])
      AND NOT EXISTS {
        MATCH (own)-[:CONTAINS]->(n:SecurityRule)
        WHERE n.direction = 'Inbound' AND n.access = 'Deny' AND n.priority < r.priority AND n.protocol IN ['*', r.protocol]
          AND any(s IN n.sources WHERE toLower(s) IN ['*', 'any', 'internet', '0.0.0.0/0']) AND ('*' IN n.ports OR all(x IN r.ports WHERE x IN n.ports))
      }
    RETURN r.name + ' (' + r.protocol + ' ' + reduce(all = '', x IN r.ports | all + CASE WHEN all = '' THEN '' ELSE ',' END + x) + ')' AS rule ORDER BY rule
  } AS at_interface,
  COLLECT {
    MATCH (around)-[:CONTAINS]->(r:SecurityRule)
    WHERE r.direction = 'Inbound' AND r.access = 'Allow' AND any(s IN r.sources WHERE toLower(s) IN ['*', 'any', 'internet', '0.0.0.0/0', '::/0'])
      AND NOT EXISTS {
        MATCH (around)-[:CONTAINS]->(n:SecurityRule)
        WHERE n.direction = 'Inbound' AND n.access = 'Deny' AND n.priority < r.priority AND n.protocol IN ['*', r.protocol]
          AND any(s IN n.sources WHERE toLower(s) IN ['*', 'any', 'internet', '0.0.0.0/0']) AND ('*' IN n.ports OR all(x IN r.ports WHERE x IN n.ports))
      }
    RETURN r.name + ' (' + r.protocol + ' ' + reduce(all = '', x IN r.ports | all + CASE WHEN all = '' THEN '' ELSE ',' END + x) + ')' AS rule ORDER BY rule
  } AS at_subnet
// An address of the standard kind is closed until a group opens it.
WHERE (own IS NULL OR size(at_interface) > 0) AND (around IS NULL OR size(at_subnet) > 0)
  AND (own IS NOT NULL OR around IS NOT NULL OR ip.sku CONTAINS 'Basic')
RETURN ip.ipAddress AS address, ip.name AS public_ip, front.name AS front, machine.name AS target, machine.type AS type, at_interface, at_subnet
ORDER BY public_ip, target
UNION
MATCH (ip:PublicIPAddress)-[:EXPOSES]->(front)
WHERE NOT front:NetworkInterface AND NOT front:LoadBalancer
OPTIONAL MATCH (front)-[:CONNECTED_TO]->(behind)
WHERE NOT behind:NetworkInterface AND NOT behind:VirtualNetwork AND NOT behind:External
WITH DISTINCT ip, front, coalesce(behind, front) AS target
RETURN ip.ipAddress AS address, ip.name AS public_ip, front.name AS front, target.name AS target, target.type AS type, [] AS at_interface, [] AS at_subnet
ORDER BY public_ip, target
