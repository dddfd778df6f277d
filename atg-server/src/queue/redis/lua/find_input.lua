-- Finds an input, which is a use of it. ARGV: the time, owner, digest. Answers: its size and where it lies, or nothing.
local input = ARGV[3] .. ' ' .. ARGV[2]
local there = call('HGET', P .. ':in', input)
if not there then return '' end
call('ZADD', P .. ':in:used', clock(), input)
return there
