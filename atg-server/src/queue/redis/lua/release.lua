-- Puts back what was set aside and not started. ARGV: the time, and of each job: id, revision.
local released = 0
for i = 2, #ARGV, 2 do
  local id = ARGV[i]
  local job = call('HMGET', P .. ':j:' .. id, 'rev', 'status', 'counter', 'lane', 'prio', 'owner', 'tenant', 'op', 'ver', 'num')
  if job[1] == ARGV[i + 1] and job[2] == 'pending' and job[3] ~= '' then
    put_back(id, job)
    released = released + 1
  end
end
return released
