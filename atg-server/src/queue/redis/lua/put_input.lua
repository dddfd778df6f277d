-- Notes an input. ARGV: the time, owner, digest, size, where it lies, the owner's quota.
-- Answers: `at` and where it lies, or `full` and how much there is.
local at = clock()
local input = ARGV[3] .. ' ' .. ARGV[2]
local there = call('HGET', P .. ':in', input)
if not there then
  local used = tonumber(call('HGET', P .. ':in:bytes', ARGV[2]) or 0)
  if used + tonumber(ARGV[4]) > tonumber(ARGV[6]) then return { 'full', string.format('%.0f', used) } end
  there = ARGV[4] .. ' ' .. ARGV[5]
  call('HSET', P .. ':in', input, there)
  call('HINCRBY', P .. ':in:bytes', ARGV[2], ARGV[4])
end
call('ZADD', P .. ':in:used', at, input)
return { 'at', string.match(there, '^%d+ (.*)$') }
