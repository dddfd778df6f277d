-- Makes leases last from now. ARGV: the time, worker, lease, and of each job: id, epoch, counter.
-- Answers for each: 0 when it is lost, 1 when it holds, 2 when somebody asked for the job to stop besides.
local at = clock()
local out = {}
for i = 4, #ARGV, 3 do
  local job = call('HMGET', P .. ':j:' .. ARGV[i], 'epoch', 'counter', 'status', 'wish')
  if job[1] == ARGV[i + 1] and job[2] == ARGV[i + 2] and job[3] == 'running' then
    call('ZADD', P .. ':lease', at + tonumber(ARGV[3]), ARGV[i])
    call('HSET', P .. ':j:' .. ARGV[i], 'worker', ARGV[2])
    out[#out + 1] = job[4] == '1' and 2 or 1
  else
    out[#out + 1] = 0
  end
end
return out
