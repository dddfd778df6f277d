-- Reads jobs. ARGV: the time, and their ids. Answers: the time, and for each its fields, or what is remembered of it.
local out = { string.format('%.0f', clock()) }
for i = 2, #ARGV do
  local job = fields(ARGV[i])
  if job[1] then
    out[#out + 1] = job
  else
    out[#out + 1] = call('HGET', P .. ':gone', ARGV[i]) or ''
  end
end
return out
