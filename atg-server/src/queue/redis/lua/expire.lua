-- Forgets what was kept long enough, a part at a time. ARGV: the time, how long ids are remembered, how long inputs are kept.
-- Answers: jobs, and where inputs lay; when either is full there is more.
local at = clock()
local jobs = call('ZRANGEBYSCORE', P .. ':exp', '-inf', math.floor(at / 1000), 'LIMIT', 0, 200)
for _, id in ipairs(jobs) do forget(id, true, at) end
local old = call('ZRANGEBYSCORE', P .. ':gone:at', '-inf', string.format('(%.0f', at - tonumber(ARGV[2])), 'LIMIT', 0, 500)
for _, id in ipairs(old) do
  call('HDEL', P .. ':gone', id)
  call('ZREM', P .. ':gone:at', id)
end
local places = {}
local unused = call('ZRANGEBYSCORE', P .. ':in:used', '-inf', string.format('(%.0f', at - tonumber(ARGV[3])), 'LIMIT', 0, 500)
for _, input in ipairs(unused) do
  if call('HEXISTS', P .. ':in:refs', input) == 1 then
    -- A job that has not ended needs it: look again a while later.
    call('ZADD', P .. ':in:used', at - tonumber(ARGV[3]), input)
  else
    local size, where = string.match(call('HGET', P .. ':in', input), '^(%d+) (.*)$')
    local owner = string.sub(input, 66)
    call('HDEL', P .. ':in', input)
    call('ZREM', P .. ':in:used', input)
    if call('HINCRBY', P .. ':in:bytes', owner, '-' .. size) <= 0 then call('HDEL', P .. ':in:bytes', owner) end
    places[#places + 1] = where
  end
end
return { jobs, places, #old }
