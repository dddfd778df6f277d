-- Sets jobs aside for a worker, who then appends `Started`; if it never does, the lease runs out and they are put back.
-- ARGV: the time, worker, lane, how many, lease, per owner, per tenant, operations between commas, version, and the jobs
-- that this worker cannot read. Answers: the time, and for each job its id and its fields.
--
-- The index is read as far as it is needed and written once, however many jobs are taken: in between, what they change is
-- reckoned here.
local at = clock()
local worker, lane, wanted, lease = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local per_owner, per_tenant, operations, version = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], tonumber(ARGV[9])
local unreadable = {}
for i = 10, #ARGV do unreadable[ARGV[i]] = true end
-- How many owners, groups or jobs to read at a time.
local CHUNK = 16

-- What was delayed and is due now.
local due = call('ZRANGEBYSCORE', P .. ':d:' .. lane, '-inf', at, 'LIMIT', 0, 500)
for _, id in ipairs(due) do
  local job = call('HMGET', P .. ':j:' .. id, 'prio', 'owner', 'tenant', 'op', 'ver', 'num')
  call('ZREM', P .. ':d:' .. lane, id)
  if job[1] then put(lane, job[1], job[2], job[3] .. '|' .. job[4] .. '|' .. job[5], job[6], id) end
end

local tenants, places, turns = {}, {}, {}

-- The tenant of a group whose jobs this worker knows.
local function tenant_of(group)
  local tenant, op, ver = string.match(group, '^([^|]*)|([^|]*)|(%d+)$')
  if tenant and tonumber(ver) <= version and string.find(operations, ',' .. op .. ',', 1, true) then return tenant end
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

-- The oldest job of a group that this worker can read and that was not taken here: its number and id.
local function head(group)
  while true do
    local num, id = group.jobs[group.at + 1], group.jobs[group.at]
    if not id then
      if group.over then return nil end
      group.jobs = call('ZRANGE', group.key, group.read, group.read + CHUNK - 1, 'WITHSCORES')
      group.read, group.at, group.over = group.read + CHUNK, 1, #group.jobs < 2 * CHUNK
    elseif unreadable[id] then
      group.at = group.at + 2
    else
      return tonumber(num), id
    end
  end
end

-- The oldest job of an owner that may start, with its group. Groups come in the order of their oldest jobs, so
-- those that were not read yet have none that is older than the last that was.
local function first_of(owner)
  local known = owner.first
  if known and has_room(known.group.tenant) then return known end
  local best_num, best_id, best
  local from = 1
  while true do
    for i = from, #owner.groups do
      local group = owner.groups[i]
      if has_room(group.tenant) then
        local num, id = head(group)
        if num and (not best_num or num < best_num) then best_num, best_id, best = num, id, group end
      end
    end
    if owner.over or (best_num and best_num <= owner.last) then
      owner.first = best and { num = best_num, id = best_id, group = best }
      return owner.first
    end
    from = #owner.groups + 1
    local groups = call('ZRANGE', owner.g, owner.read, owner.read + CHUNK - 1, 'WITHSCORES')
    owner.read, owner.over = owner.read + CHUNK, #groups < 2 * CHUNK
    for i = 1, #groups, 2 do
      owner.last = tonumber(groups[i + 1])
      local tenant = tenant_of(groups[i])
      if tenant then
        local key = P .. ':r:' .. owner.who .. ':' .. groups[i]
        owner.groups[#owner.groups + 1] =
          { name = groups[i], key = key, tenant = tenant, jobs = {}, at = 1, read = 0, over = false, gone = {} }
      end
    end
  end
end

-- Owners of one priority, in the order of their turns as far as they were read.
local function owners_of(prio)
  return { prio = prio, key = P .. ':o:' .. lane .. ':' .. prio, list = {}, read = 0, last = -1, over = false }
end

local function read_owners(owners)
  local found = call('ZRANGEBYSCORE', owners.key, '-inf', '(' .. string.format('%.0f', per_owner * TURN), 'WITHSCORES',
    'LIMIT', owners.read, CHUNK)
  owners.read, owners.over = owners.read + CHUNK, #found < 2 * CHUNK
  for i = 1, #found, 2 do
    local name = found[i]
    owners.last = tonumber(found[i + 1])
    places[name] = places[name] or owners.last
    local who = lane .. ':' .. owners.prio .. ':' .. owned(name)
    owners.list[#owners.list + 1] =
      { name = name, who = who, g = P .. ':g:' .. who, groups = {}, read = 0, last = -1, over = false, empty = false }
  end
end

-- Of the owners whose turn it is, the one with the oldest job.
local function next_of(owners)
  while true do
    local best
    for _, owner in ipairs(owners.list) do
      local place = places[owner.name]
      if not owner.empty and place < per_owner * TURN and (not best or place <= places[best.name]) then
        local first = first_of(owner)
        if not first then
          -- Nothing that is taken from here on gives it anything.
          owner.empty = true
        elseif not best or place < places[best.name] or first.num < best.first.num then
          best = owner
        end
      end
    end
    if owners.over or (best and places[best.name] < owners.last) then return best end
    read_owners(owners)
  end
end

local out = { string.format('%.0f', at) }
local epoch = call('HGET', P .. ':meta', 'epoch')
local counter = tonumber(call('GET', P .. ':fence') or 0)
local count, store_counts = occupations()
local leases, reserved, touched = {}, {}, {}
local taken = 0

-- The status stands where a reader finds the end of the lease.
local ASKED = { unpack(FIELDS) }
ASKED[21] = 'status'

local function take(owner)
  local id, group = owner.first.id, owner.first.group
  owner.first = nil
  -- Out of the index, also what stands for no waiting job, of a careless restore for example: that must not take one from
  -- its worker.
  if #group.gone == 0 then touched[#touched + 1] = { owner = owner, group = group } end
  group.gone[#group.gone + 1] = id
  group.at = group.at + 2
  local job = call('HMGET', P .. ':j:' .. id, unpack(ASKED))
  if job[21] ~= 'pending' or job[13] ~= '' then return end
  taken = taken + 1
  counter = counter + 1
  job[1], job[12], job[13], job[14], job[21] = job[1] + 1, epoch, string.format('%.0f', counter), worker, string.format('%.0f', at + lease)
  call('HSET', P .. ':j:' .. id, 'rev', job[1], 'epoch', epoch, 'counter', job[13], 'worker', worker)
  job[1] = string.format('%.0f', job[1])
  leases[#leases + 1] = job[21]
  leases[#leases + 1] = id
  reserved[#reserved + 1] = at
  reserved[#reserved + 1] = id
  count(lane, owner.name, group.tenant, 1)
  turns[owner.name] = job[13]
  -- One more runs, and nobody was served later.
  places[owner.name] = (math.floor(places[owner.name] / TURN) + 1) * TURN + counter
  if group.tenant ~= '' then tenants[group.tenant] = tenants[group.tenant] + 1 end
  out[#out + 1] = id
  out[#out + 1] = job
end

local prios = call('ZREVRANGE', P .. ':p:' .. lane, 0, -1)
local lists = {}
for _, prio in ipairs(prios) do
  local owners = owners_of(prio)
  while taken < wanted do
    local owner = next_of(owners)
    if not owner then break end
    take(owner)
  end
  lists[#lists + 1] = owners
  if taken >= wanted then break end
end

-- What was taken leaves the index.
for _, entry in ipairs(touched) do
  local owner, group = entry.owner, entry.group
  call_all('ZREM', group.key, group.gone)
  local first = call('ZRANGE', group.key, 0, 0, 'WITHSCORES')
  if first[1] then
    call('ZADD', owner.g, first[2], group.name)
  else
    call('ZREM', owner.g, group.name)
    owner.less = true
  end
end
for _, owners in ipairs(lists) do
  for _, owner in ipairs(owners.list) do
    if owner.less and call('EXISTS', owner.g) == 0 then
      call('ZREM', owners.key, owner.name)
      if call('EXISTS', owners.key) == 0 then call('ZREM', P .. ':p:' .. lane, owners.prio) end
    end
  end
end
if taken > 0 then
  call('SET', P .. ':fence', string.format('%.0f', counter))
  call_all('ZADD', P .. ':lease', leases)
  call_all('ZADD', P .. ':reserved', reserved)
  store_counts(turns)
end
return out
