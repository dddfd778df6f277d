-- Counts calls by the generic cell rate algorithm, all of them or none. ARGV: the time, and of each bucket: name, interval
-- and window in microseconds. Answers for each: whether it may go on, how many may follow, and until when to wait.
local at = clock()
local out, new, allowed = {}, {}, true
for i = 2, #ARGV, 3 do
  local interval, window = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local full = math.max(tonumber(call('GET', P .. ':rate:' .. ARGV[i]) or 0), at)
  local debt = full + interval - at
  if debt > window then
    allowed = false
    out[#out + 1] = { 0, 0, debt - window }
  else
    new[#new + 1] = { P .. ':rate:' .. ARGV[i], full + interval, math.ceil(debt / 1000) }
    out[#out + 1] = { 1, math.floor((window - debt) / interval), debt }
  end
end
if allowed then
  for _, one in ipairs(new) do call('SET', one[1], string.format('%.0f', one[2]), 'PX', one[3]) end
end
return out
