-- Deletes an ended job. ARGV: the time, id. Answers: what it was, or nothing.
local at = clock()
local job = call('HMGET', P .. ':j:' .. ARGV[2], 'status', 'exp')
if not job[1] then return '' end
if job[1] == 'pending' or job[1] == 'running' then return job[1] end
forget(ARGV[2], tonumber(job[2]) * 1000 <= at, at)
call('PUBLISH', P .. ':news:' .. ARGV[2], '')
return job[1]
