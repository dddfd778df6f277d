-- Counts. ARGV: the time. Answers: waiting, running, and since when one waits that might start.
local at = clock()
local first = call('ZRANGEBYSCORE', P .. ':pending', '-inf', at, 'WITHSCORES', 'LIMIT', 0, 1)
return { call('ZCARD', P .. ':pending'), call('ZCARD', P .. ':running'), first[2] or '' }
