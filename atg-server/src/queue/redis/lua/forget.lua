-- Takes a job away with its events, and remembers that it was there.
local function forget(id, expired, at)
  local job = call('HMGET', P .. ':j:' .. id, 'owner', 'tenant')
  call('HSET', P .. ':gone', id, (expired and 'e' or 'd') .. job[2] .. ' ' .. job[1])
  call('ZADD', P .. ':gone:at', at, id)
  call('UNLINK', P .. ':j:' .. id, P .. ':e:' .. id)
  call('ZREM', P .. ':all', id)
  call('ZREM', P .. ':all:' .. job[1], id)
  call('ZREM', P .. ':exp', id)
  call('ZREM', P .. ':dead', id)
end
