-- Replaces a value that is still what it was. ARGV: the time, key, what it was (empty for none), what it becomes, how long it
-- is kept in milliseconds. Answers: 1 when it is stored, 0 otherwise.
local key = P .. ARGV[2]
if (call('GET', key) or '') ~= ARGV[3] then return 0 end
call('SET', key, ARGV[4], 'PX', ARGV[5])
return 1
