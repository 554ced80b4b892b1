-- The lease is given back: nothing of its holder is on its way any more.
-- KEYS: as create.lua. ARGV: epoch
if redis.call('HGET', KEYS[7], 'epoch') == ARGV[1] then redis.call('HSET', KEYS[7], 'holder', '', 'until', '0') end
return { 'OK' }
