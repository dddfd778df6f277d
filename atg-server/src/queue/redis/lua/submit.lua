-- Accepts jobs. ARGV: the time, how many may wait, how many an owner may have open, and of each job: id, owner, tenant,
-- operation, lane, priority, version, created, graph (`*` where it does not matter), inputs, snapshot, first event.
-- Answers for each: what became of it, and a detail. What many jobs add to one index is written once for all of them.
local at = clock()
local most, most_open = tonumber(ARGV[2]), tonumber(ARGV[3])
local pending = call('ZCARD', P .. ':pending')
local graph = call('HGET', P .. ':meta', 'graph_id') or ''
local num = tonumber(call('GET', P .. ':num') or 0)
local out, waiting, owners, groups = {}, {}, {}, {}

-- What is known of an owner, and what this call adds.
local function owner_of(name)
  local owner = owners[name]
  if not owner then
    owner = { open = tonumber(call('HGET', P .. ':open', name) or 0), new = 0, all = {} }
    owners[name] = owner
  end
  return owner
end

local function accept(i)
  local id, name, tenant, op, lane, prio, ver = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6]
  local created, inputs = ARGV[i + 7], ARGV[i + 9]
  local j = P .. ':j:' .. id
  if call('EXISTS', j) == 1 then return { 'known', '' } end
  local gone = call('HGET', P .. ':gone', id)
  if gone then return { 'gone', gone } end
  if ARGV[i + 8] ~= '*' and ARGV[i + 8] ~= graph then return { 'graph', graph } end
  if pending >= most then return { 'full', tostring(pending) } end
  local owner = owner_of(name)
  if owner.open + owner.new >= most_open then return { 'open', tostring(owner.open + owner.new) } end
  local refs = {}
  for digest in string.gmatch(inputs, '[^,]+') do
    local input = digest .. ' ' .. name
    if call('HEXISTS', P .. ':in', input) == 0 then return { 'input', digest } end
    refs[#refs + 1] = input
  end
  for _, input in ipairs(refs) do
    call('HINCRBY', P .. ':in:refs', input, 1)
    call('ZADD', P .. ':in:used', at, input)
  end
  num = num + 1
  call('HSET', j, 'rev', 1, 'ver', ver, 'seq', 1, 'snap', ARGV[i + 10], 'first', ARGV[i + 11], 'owner', name,
    'tenant', tenant, 'op', op, 'lane', lane, 'prio', prio, 'num', num, 'status', 'pending', 'fail', 0,
    'ready', created, 'touched', created, 'epoch', '', 'counter', '', 'worker', '', 'prog', 0, 'warn', 0, 'dead', 0, 'wish', 0,
    'exp', '', 'inputs', inputs)
  waiting[#waiting + 1] = created
  waiting[#waiting + 1] = id
  owner.new = owner.new + 1
  owner.all[#owner.all + 1] = created
  owner.all[#owner.all + 1] = id
  local group = tenant .. '|' .. op .. '|' .. ver
  local place = lane .. ':' .. prio .. ':' .. owned(name) .. ':' .. group
  local jobs = groups[place]
  if jobs then
    jobs[#jobs + 1] = num
    jobs[#jobs + 1] = id
  else
    -- The oldest of its group here: with it comes everything that leads to the group.
    put(lane, prio, name, group, num, id)
    groups[place] = {}
  end
  pending = pending + 1
  return { 'new', '' }
end

for i = 4, #ARGV, 12 do out[#out + 1] = accept(i) end
if #waiting > 0 then
  call('SET', P .. ':num', string.format('%.0f', num))
  call_all('ZADD', P .. ':pending', waiting)
  call_all('ZADD', P .. ':all', waiting)
  for name, owner in pairs(owners) do
    if owner.new > 0 then
      call('HINCRBY', P .. ':open', name, owner.new)
      call_all('ZADD', P .. ':all:' .. name, owner.all)
    end
  end
  for place, jobs in pairs(groups) do call_all('ZADD', P .. ':r:' .. place, jobs) end
  call('PUBLISH', P .. ':news', 'q')
end
return out
