-- Sets jobs aside for a worker, who then appends `Started`; if it never does, the lease runs out and they are put back.
-- ARGV: the time, worker, lane, how many, lease, per owner, per tenant, operations between commas, version, and the jobs
-- that this worker cannot read. Answers: the time, and for each job its id and its fields.
local at = clock()
local worker, lane, wanted, lease = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local per_owner, per_tenant, operations, version = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], tonumber(ARGV[9])
local unreadable, unreadables = {}, #ARGV - 9
for i = 10, #ARGV do unreadable[ARGV[i]] = true end

-- What was delayed and is due now.
local due = call('ZRANGEBYSCORE', P .. ':d:' .. lane, '-inf', at, 'LIMIT', 0, 500)
for _, id in ipairs(due) do
  local job = call('HMGET', P .. ':j:' .. id, 'prio', 'owner', 'tenant', 'op', 'ver', 'num')
  call('ZREM', P .. ':d:' .. lane, id)
  if job[1] then put(lane, job[1], job[2], job[3] .. '|' .. job[4] .. '|' .. job[5], job[6], id) end
end

local known, tenants = {}, {}

-- The tenant of a group whose jobs this worker knows.
local function tenant_of(group)
  local found = known[group]
  if found == nil then
    local tenant, op, ver = string.match(group, '^([^|]*)|([^|]*)|(%d+)$')
    found = false
    if tenant and tonumber(ver) <= version and string.find(operations, ',' .. op .. ',', 1, true) then found = tenant end
    known[group] = found
  end
  return found
end

local function has_room(tenant)
  if tenant == '' then return true end
  local running = tenants[tenant]
  if not running then
    running = tonumber(call('HGET', P .. ':busy:t:' .. lane, tenant) or 0)
    tenants[tenant] = running
  end
  return running < per_tenant
end

-- The oldest job of an owner that may start: its number, id and group.
local function first_of(prio, owner)
  local who = lane .. ':' .. prio .. ':' .. owned(owner)
  local from = 0
  while true do
    local groups = call('ZRANGE', P .. ':g:' .. who, from, from + 15, 'WITHSCORES')
    if #groups == 0 then return nil end
    for i = 1, #groups, 2 do
      local group = groups[i]
      local tenant = tenant_of(group)
      if tenant and has_room(tenant) then
        for _, id in ipairs(call('ZRANGE', P .. ':r:' .. who .. ':' .. group, 0, unreadables)) do
          if not unreadable[id] then return tonumber(groups[i + 1]), id, group, tenant end
        end
      end
    end
    from = from + 16
  end
end

-- Priorities from above; owners in the order of their turns; of equal owners the one with the oldest job.
local function next_job()
  for _, prio in ipairs(call('ZREVRANGE', P .. ':p:' .. lane, 0, -1)) do
    local from, best = 0, nil
    while true do
      local owners = call('ZRANGEBYSCORE', P .. ':o:' .. lane .. ':' .. prio, '-inf', '(' .. string.format('%.0f', per_owner * TURN),
        'WITHSCORES', 'LIMIT', from, 16)
      if #owners == 0 then break end
      local over = false
      for i = 1, #owners, 2 do
        if best and owners[i + 1] ~= best.place then
          over = true
          break
        end
        local num, id, group, tenant = first_of(prio, owners[i])
        if num and (not best or num < best.num) then
          best = { num = num, id = id, group = group, tenant = tenant, owner = owners[i], prio = prio, place = owners[i + 1] }
        end
      end
      if over then break end
      from = from + 16
    end
    if best then return best end
  end
end

local out = { string.format('%.0f', at) }
local epoch = call('HGET', P .. ':meta', 'epoch')
local taken = 0
while taken < wanted do
  local job = next_job()
  if not job then break end
  drop(lane, job.prio, job.owner, job.group, job.id)
  -- An entry that stands for no waiting job, of a careless restore for example, must not take one from its worker.
  local is = call('HMGET', P .. ':j:' .. job.id, 'status', 'counter')
  if is[1] == 'pending' and is[2] == '' then
    taken = taken + 1
    local counter = call('INCR', P .. ':fence')
    call('HSET', P .. ':j:' .. job.id, 'epoch', epoch, 'counter', counter, 'worker', worker)
    call('HINCRBY', P .. ':j:' .. job.id, 'rev', 1)
    call('ZADD', P .. ':lease', at + lease, job.id)
    call('ZADD', P .. ':reserved', at, job.id)
    occupy(lane, job.owner, job.tenant, 1, counter)
    if job.tenant ~= '' then tenants[job.tenant] = tenants[job.tenant] + 1 end
    out[#out + 1] = job.id
    out[#out + 1] = fields(job.id)
  end
end
return out
