-- Notes what belongs together, as far as nobody has. ARGV: the time, graph, artifact store (or empty).
-- Answers: the queue's id, graph, artifact store, as they are known now.
local meta = P .. ':meta'
if ARGV[2] ~= '' then call('HSETNX', meta, 'graph_id', ARGV[2]) end
if ARGV[3] ~= '' then call('HSETNX', meta, 'artifact_store_id', ARGV[3]) end
return call('HMGET', meta, 'queue_id', 'graph_id', 'artifact_store_id')
