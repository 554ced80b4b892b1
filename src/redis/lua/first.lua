-- KEYS: a text that expires. ARGV: text to keep where there is none, for so long (ms)
-- returns the text that was there, and for how long it still is; nothing: ARGV's is kept
local text = redis.call('GET', KEYS[1])
if text then return { text, redis.call('PTTL', KEYS[1]) } end
-- As in exceed.lua, and for no hash.
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {}
