-- Notes under which id a dead letter was sent again. ARGV: the time, id, the new id.
if call('EXISTS', P .. ':j:' .. ARGV[2]) == 1 then call('HSET', P .. ':j:' .. ARGV[2], 'requeued', ARGV[3]) end
return 1
