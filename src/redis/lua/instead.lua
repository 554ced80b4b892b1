-- KEYS: a text that expires. ARGV: what is to stand there instead, until the same time; where nothing is, nothing is done
local left = redis.call('PTTL', KEYS[1])
if left <= 0 then return 0 end
-- As in exceed.lua, and for no hash.
redis.call('PEXPIRE', KEYS[1], left)
redis.call('SET', KEYS[1], ARGV[1], 'PX', left)
return 1
