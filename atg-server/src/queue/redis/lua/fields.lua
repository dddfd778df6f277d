-- A job as it is read: its fields in the order that the reader knows, and the end of its lease.
local FIELDS = { 'rev', 'ver', 'seq', 'snap', 'first', 'owner', 'lane', 'prio', 'fail', 'ready', 'touched', 'epoch', 'counter',
  'worker', 'prog', 'warn', 'dead', 'exp', 'num', 'requeued' }

local function fields(id)
  local job = call('HMGET', P .. ':j:' .. id, unpack(FIELDS))
  job[#FIELDS + 1] = call('ZSCORE', P .. ':lease', id)
  return job
end
