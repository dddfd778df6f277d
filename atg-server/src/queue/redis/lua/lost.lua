-- Finds jobs of workers that are not heard of any more: those whose lease is over, and those that lost its record.
-- Reservations that nobody used are ended here. Answers: the time, and for each job its id and its fields.
local at = clock()
local out = { string.format('%.0f', at) }
local back = false
for _, id in ipairs(call('ZRANGEBYSCORE', P .. ':lease', '-inf', at, 'LIMIT', 0, 100)) do
  local job = call('HMGET', P .. ':j:' .. id, 'rev', 'status', 'counter', 'lane', 'prio', 'owner', 'tenant', 'op', 'ver', 'num')
  if job[2] == 'running' then
    out[#out + 1] = id
    out[#out + 1] = fields(id)
  elseif job[2] == 'pending' and job[3] ~= '' then
    put_back(id, job)
    back = true
  else
    call('ZREM', P .. ':lease', id)
  end
end
local held = call('ZCARD', P .. ':running') + call('ZCARD', P .. ':reserved')
if held ~= call('ZCARD', P .. ':lease') then
  for _, kind in ipairs({ 'running', 'reserved' }) do
    for n, id in ipairs(call('ZDIFF', 2, P .. ':' .. kind, P .. ':lease')) do
      if n > 100 then break end
      local job = call('HMGET', P .. ':j:' .. id, 'rev', 'status', 'counter', 'lane', 'prio', 'owner', 'tenant', 'op', 'ver', 'num')
      if job[2] == 'running' then
        out[#out + 1] = id
        out[#out + 1] = fields(id)
      elseif job[2] == 'pending' and job[3] ~= '' then
        put_back(id, job)
        back = true
      end
    end
  end
end
if back then call('PUBLISH', P .. ':news', 'q') end
return out
