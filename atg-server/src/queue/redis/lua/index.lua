-- The index of jobs that may start. Per lane there are the priorities that wait (`p`), per priority the owners (`o`, in the
-- order of their turns), per owner the groups of jobs that differ in nothing that decides about starting (`g`: tenant,
-- operation, version), and per group its jobs in the order in which they came (`r`). A claim looks at the first of each.
local TURN = 1099511627776

-- An owner's name may hold anything, so its length stands before it.
local function owned(owner)
  return #owner .. ':' .. owner
end

-- The place of an owner among those who wait: fewer running jobs first, then who was served longer ago.
local function place(lane, owner)
  local running = call('HGET', P .. ':busy:o:' .. lane, owner) or 0
  local served = call('HGET', P .. ':served:' .. lane, owner) or 0
  return running * TURN + served
end

local function put(lane, prio, owner, group, num, id)
  local who = lane .. ':' .. prio .. ':' .. owned(owner)
  call('ZADD', P .. ':r:' .. who .. ':' .. group, num, id)
  if call('ZADD', P .. ':g:' .. who, 'LT', num, group) == 1 then
    local o = P .. ':o:' .. lane .. ':' .. prio
    if not call('ZSCORE', o, owner) then
      if call('ZADD', o, place(lane, owner), owner) == 1 then
        call('ZADD', P .. ':p:' .. lane, prio, prio)
      end
    end
  end
end

local function drop(lane, prio, owner, group, id)
  local who = lane .. ':' .. prio .. ':' .. owned(owner)
  local r = P .. ':r:' .. who .. ':' .. group
  if call('ZREM', r, id) == 0 then return end
  local g = P .. ':g:' .. who
  local head = call('ZRANGE', r, 0, 0, 'WITHSCORES')
  if head[1] then
    call('ZADD', g, head[2], group)
    return
  end
  call('ZREM', g, group)
  if call('EXISTS', g) == 0 then
    local o = P .. ':o:' .. lane .. ':' .. prio
    call('ZREM', o, owner)
    if call('EXISTS', o) == 0 then call('ZREM', P .. ':p:' .. lane, prio) end
  end
end

-- One more or one fewer job of an owner and a tenant is being carried out.
local function occupy(lane, owner, tenant, by, turn)
  if call('HINCRBY', P .. ':busy:o:' .. lane, owner, by) <= 0 then
    call('HDEL', P .. ':busy:o:' .. lane, owner)
  end
  if tenant ~= '' and call('HINCRBY', P .. ':busy:t:' .. lane, tenant, by) <= 0 then
    call('HDEL', P .. ':busy:t:' .. lane, tenant)
  end
  if turn then call('HSET', P .. ':served:' .. lane, owner, turn) end
  local where
  for _, prio in ipairs(call('ZRANGE', P .. ':p:' .. lane, 0, -1)) do
    where = where or place(lane, owner)
    call('ZADD', P .. ':o:' .. lane .. ':' .. prio, 'XX', where, owner)
  end
end

-- The same for many jobs at once: what each owner and each tenant of a lane have more or fewer.
local function occupations()
  local owners, tenants = {}, {}
  local function count(lane, owner, tenant, by)
    owners[lane] = owners[lane] or {}
    owners[lane][owner] = (owners[lane][owner] or 0) + by
    if tenant ~= '' then
      tenants[lane] = tenants[lane] or {}
      tenants[lane][tenant] = (tenants[lane][tenant] or 0) + by
    end
  end
  local function store(turns)
    for lane, counts in pairs(tenants) do
      for tenant, by in pairs(counts) do
        if by ~= 0 and call('HINCRBY', P .. ':busy:t:' .. lane, tenant, by) <= 0 then
          call('HDEL', P .. ':busy:t:' .. lane, tenant)
        end
      end
    end
    for lane, counts in pairs(owners) do
      for owner, by in pairs(counts) do occupy(lane, owner, '', by, turns and turns[owner]) end
    end
  end
  return count, store
end
