-- Stores what a record has become, if it is still what it was when it was read. ARGV: the time, and of each change: id,
-- revision, guard (`free`: only if nobody holds the job), status, sequence, snapshot, failures, ready, touched, epoch,
-- counter, progress events, warnings, dead, wish, expires, the number of events, and the events.
-- Answers for each: 1 when it is stored, 0 when the record has changed meanwhile, -1 when there is none.
local at = clock()
local out, i, queue = {}, 2, false
local count, store_counts = occupations()
-- What many changes do to one set is done once for all of them. A job is changed once here at most: whoever sent a second
-- change cannot have known the revision that the first one made.
local sets, open = {}, {}

local function note(command, key, score, member)
  local set = sets[command .. key]
  if not set then
    set = { command, P .. key, {} }
    sets[command .. key] = set
  end
  local list = set[3]
  if score then list[#list + 1] = score end
  list[#list + 1] = member
end

local function ended(status)
  return status == 'completed' or status == 'failed' or status == 'cancelled'
end

while i <= #ARGV do
  local id, guard, status, ready, counter, wish, expires = ARGV[i], ARGV[i + 2], ARGV[i + 3], ARGV[i + 7], ARGV[i + 10], ARGV[i + 14], ARGV[i + 15]
  local events = tonumber(ARGV[i + 16])
  local j = P .. ':j:' .. id
  -- One that is damaged must not keep the others from being stored.
  local was = redis.pcall('HMGET', j, 'rev', 'status', 'counter', 'lane', 'prio', 'owner', 'tenant', 'op', 'ver', 'num', 'wish', 'inputs', 'worker')
  local answer = 1
  if was.err or not was[1] then
    answer = -1
  elseif was[1] ~= ARGV[i + 1] then
    answer = 0
  elseif guard == 'free' then
    local untill = call('ZSCORE', P .. ':lease', id)
    if untill and tonumber(untill) > at then answer = 0 end
  end
  if answer == 1 then
    local first = tonumber(ARGV[i + 4]) - events
    local was_held, is_held = was[3] ~= '', counter ~= ''
    call('HSET', j, 'rev', was[1] + 1, 'status', status, 'seq', ARGV[i + 4], 'snap', ARGV[i + 5], 'fail', ARGV[i + 6],
      'ready', ready, 'touched', ARGV[i + 8], 'epoch', ARGV[i + 9], 'counter', counter, 'prog', ARGV[i + 11],
      'warn', ARGV[i + 12], 'dead', ARGV[i + 13], 'wish', wish, 'exp', expires, 'worker', is_held and was[13] or '')
    for n = 1, events do
      call('XADD', P .. ':e:' .. id, (first + n) .. '-0', 'e', ARGV[i + 16 + n])
    end
    local lane, prio, owner, tenant, num = was[4], was[5], was[6], was[7], was[10]
    local group = tenant .. '|' .. was[8] .. '|' .. was[9]
    if was[2] == 'pending' then
      if status ~= 'pending' then note('ZREM', ':pending', nil, id) end
      if was_held then
        note('ZREM', ':reserved', nil, id)
      elseif status ~= 'pending' then
        drop(lane, prio, owner, group, id)
        call('ZREM', P .. ':d:' .. lane, id)
      end
      if status == 'running' then note('ZADD', ':running', at, id) end
    end
    if was_held and not is_held then
      note('ZREM', ':lease', nil, id)
      note('ZREM', ':running', nil, id)
      count(lane, owner, tenant, -1)
      queue = true
      if status == 'pending' then
        call('ZADD', P .. ':pending', ready, id)
        if tonumber(ready) <= at then
          put(lane, prio, owner, group, num, id)
        else
          call('ZADD', P .. ':d:' .. lane, ready, id)
        end
      end
    end
    if ended(status) and not ended(was[2]) then
      open[owner] = (open[owner] or 0) + 1
      note('ZADD', ':exp', expires, id)
      if ARGV[i + 13] == '1' then call('ZADD', P .. ':dead', num, id) end
      for digest in string.gmatch(was[12], '[^,]+') do
        local input = digest .. ' ' .. owner
        if call('HINCRBY', P .. ':in:refs', input, -1) <= 0 then call('HDEL', P .. ':in:refs', input) end
      end
      queue = true
    end
    call('PUBLISH', P .. ':news:' .. id, '')
    -- Whoever carries it out should hear of it too.
    if was_held and (guard == 'free' or wish ~= was[11]) then call('PUBLISH', P .. ':news', 'w' .. id) end
  end
  out[#out + 1] = answer
  i = i + 17 + events
end
for _, set in pairs(sets) do call_all(set[1], set[2], set[3]) end
for owner, ends in pairs(open) do
  if call('HINCRBY', P .. ':open', owner, -ends) <= 0 then call('HDEL', P .. ':open', owner) end
end
store_counts()
if queue then call('PUBLISH', P .. ':news', 'q') end
return out
