-- What a connection begins with. ARGV: the time, an id for a new queue, the version of its records, the server's run id.
-- A server that is not the one that was seen last may have forgotten what the other acknowledged, counters too: then the
-- epoch is raised, and every token of before is older than those of from now on. Answers: the version, the epoch, the time.
local meta = P .. ':meta'
if call('EXISTS', meta) == 0 then
  call('HSET', meta, 'queue_id', ARGV[2], 'version', ARGV[3], 'epoch', 0, 'server', '')
end
if call('HGET', meta, 'server') ~= ARGV[4] then
  call('HINCRBY', meta, 'epoch', 1)
  call('HSET', meta, 'server', ARGV[4])
end
local known = call('HMGET', meta, 'version', 'epoch')
return { known[1], known[2], string.format('%.0f', clock()) }
