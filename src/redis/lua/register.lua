-- KEYS: a hash with a value and its version. ARGV: version that the caller has read, the next one, the next value
-- returns 1: it was replaced, 0: somebody else was first
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or 0)
if version ~= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'text', ARGV[3])
return 1
