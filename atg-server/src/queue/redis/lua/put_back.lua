-- Ends a reservation: the job waits again, where it was.
local function put_back(id, job)
  call('HSET', P .. ':j:' .. id, 'epoch', '', 'counter', '', 'worker', '')
  call('HINCRBY', P .. ':j:' .. id, 'rev', 1)
  call('ZREM', P .. ':lease', id)
  call('ZREM', P .. ':reserved', id)
  occupy(job[4], job[6], job[7], -1)
  put(job[4], job[5], job[6], job[7] .. '|' .. job[8] .. '|' .. job[9], job[10], id)
end
