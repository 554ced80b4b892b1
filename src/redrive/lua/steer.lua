-- What is wished of a redrive becomes something else, unless that has changed meanwhile.
-- KEYS: as create.lua. ARGV: id, wish before, wish after
-- returns OK | CHANGED
local id, before, after = unpack(ARGV)
if redis.call('HGET', KEYS[3], id) ~= before then return { 'CHANGED' } end
redis.call('HSET', KEYS[3], id, after)
return { 'OK' }
