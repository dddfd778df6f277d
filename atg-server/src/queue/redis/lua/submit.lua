-- Accepts jobs. ARGV: the time, how many may wait, how many an owner may have open, and of each job: id, owner, tenant,
-- operation, lane, priority, version, created, graph (`*` where it does not matter), inputs, snapshot, first event.
-- Answers for each: what became of it, and a detail.
local at = clock()
local most, most_open = tonumber(ARGV[2]), tonumber(ARGV[3])
local pending = call('ZCARD', P .. ':pending')
local graph = call('HGET', P .. ':meta', 'graph_id') or ''
local out, accepted = {}, false

local function accept(i)
  local id, owner, tenant, op, lane, prio, ver = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6]
  local created, inputs = ARGV[i + 7], ARGV[i + 9]
  local j = P .. ':j:' .. id
  if call('EXISTS', j) == 1 then return { 'known', '' } end
  local gone = call('HGET', P .. ':gone', id)
  if gone then return { 'gone', gone } end
  if ARGV[i + 8] ~= '*' and ARGV[i + 8] ~= graph then return { 'graph', graph } end
  if pending >= most then return { 'full', tostring(pending) } end
  local open = tonumber(call('HGET', P .. ':open', owner) or 0)
  if open >= most_open then return { 'open', tostring(open) } end
  local refs = {}
  for digest in string.gmatch(inputs, '[^,]+') do
    local input = digest .. ' ' .. owner
    if call('HEXISTS', P .. ':in', input) == 0 then return { 'input', digest } end
    refs[#refs + 1] = input
  end
  for _, input in ipairs(refs) do
    call('HINCRBY', P .. ':in:refs', input, 1)
    call('ZADD', P .. ':in:used', at, input)
  end
  local num = call('INCR', P .. ':num')
  local group = tenant .. '|' .. op .. '|' .. ver
  call('HSET', j, 'rev', 1, 'ver', ver, 'seq', 1, 'snap', ARGV[i + 10], 'first', ARGV[i + 11], 'owner', owner,
    'tenant', tenant, 'op', op, 'lane', lane, 'prio', prio, 'num', num, 'status', 'pending', 'fail', 0,
    'ready', created, 'touched', created, 'epoch', '', 'counter', '', 'worker', '', 'prog', 0, 'warn', 0, 'dead', 0, 'wish', 0,
    'exp', '', 'inputs', inputs)
  call('ZADD', P .. ':pending', created, id)
  call('HINCRBY', P .. ':open', owner, 1)
  call('ZADD', P .. ':all', created, id)
  call('ZADD', P .. ':all:' .. owner, created, id)
  put(lane, prio, owner, group, num, id)
  pending = pending + 1
  accepted = true
  return { 'new', '' }
end

for i = 4, #ARGV, 12 do out[#out + 1] = accept(i) end
if accepted then call('PUBLISH', P .. ':news', 'q') end
return out
