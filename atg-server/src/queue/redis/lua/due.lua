-- When the next delayed job may start. ARGV: the time, lane.
local first = call('ZRANGEBYSCORE', P .. ':d:' .. ARGV[2], '(' .. string.format('%.0f', clock()), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
return first[2] or ''
