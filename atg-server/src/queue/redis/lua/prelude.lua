-- What every script begins with. KEYS[1] is the queue's name, `{atg}` for example: every key begins with it, so that on a
-- cluster all of them lie in one slot. ARGV[1] is the time in microseconds where a test says it, and empty otherwise: the
-- server's own clock counts, and no worker's.
local P = KEYS[1]
local call = redis.call

local function clock()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local t = call('TIME')
  return t[1] * 1000000 + t[2]
end

-- One command for many elements: parts of it, since a call takes no list of any length.
local function call_all(command, key, arguments)
  for from = 1, #arguments, 1000 do
    call(command, key, unpack(arguments, from, math.min(from + 999, #arguments)))
  end
end
