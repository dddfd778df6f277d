-- Looks through a part of an index, newest first. ARGV: the time, the index, from which place, how many to look at, how many
-- to find, created and id of the last one seen (or empty), statuses, tenants and operations between commas (or empty).
-- Answers: the time, the place to go on from (-1 at the end), and for each job its id and its fields.
local at = clock()
local index, from, look, most = P .. ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local before, before_id, statuses, tenants, operations = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local highest = before == '' and '+inf' or before
local ids = call('ZREVRANGEBYSCORE', index, highest, '-inf', 'WITHSCORES', 'LIMIT', from, look)
local out = { string.format('%.0f', at), #ids < 2 * look and -1 or from + look }
local found = 0

local function among(list, value)
  return list == '' or string.find(list, ',' .. value .. ',', 1, true)
end

for i = 1, #ids, 2 do
  local id = ids[i]
  if before == '' or tonumber(ids[i + 1]) < tonumber(before) or id < before_id then
    local job = call('HMGET', P .. ':j:' .. id, 'status', 'tenant', 'op', 'exp')
    local over = job[4] and job[4] ~= '' and tonumber(job[4]) * 1000 <= at
    if job[1] and not over and among(statuses, job[1]) and among(operations, job[3])
      and (tenants == '' or (job[2] ~= '' and among(tenants, job[2]))) then
      out[#out + 1] = id
      out[#out + 1] = fields(id)
      found = found + 1
      if found == most then
        out[2] = -1
        break
      end
    end
  end
end
return out
