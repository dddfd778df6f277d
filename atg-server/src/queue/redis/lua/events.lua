-- Reads a part of a log. ARGV: the time, id, after which sequence, how many. Answers: the time, the job's fields or what is
-- remembered of it, and the events' bodies. The first event is kept with the job.
local job = fields(ARGV[2])
local out = { string.format('%.0f', clock()) }
if not job[1] then
  out[2] = call('HGET', P .. ':gone', ARGV[2]) or ''
  return out
end
out[2] = job
local after, most = tonumber(ARGV[3]), tonumber(ARGV[4])
if after == 0 then
  out[3] = job[5]
  most = most - 1
end
for _, entry in ipairs(call('XRANGE', P .. ':e:' .. ARGV[2], '(' .. string.format('%.0f', after) .. '-0', '+', 'COUNT', most)) do
  out[#out + 1] = entry[2][2]
end
return out
