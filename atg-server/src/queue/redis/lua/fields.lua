-- A job as it is read: its fields in the order that the reader knows, and the end of its lease.
local function fields(id)
  local job = call('HMGET', P .. ':j:' .. id, 'rev', 'ver', 'seq', 'snap', 'first', 'owner', 'lane', 'prio', 'fail', 'ready',
    'touched', 'epoch', 'counter', 'worker', 'prog', 'warn', 'dead', 'exp', 'num', 'requeued')
  job[#job + 1] = call('ZSCORE', P .. ':lease', id)
  return job
end
