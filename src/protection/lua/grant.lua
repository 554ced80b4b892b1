-- Probes in flight while the circuit breaker is open, of all shards together. Each has a field with how many it may have.
-- KEYS: the table of the route. ARGV: since when the breaker is open, shard, in flight there, how many more it wants, probes
-- returns how many more it may release
local since, shard, flying = tonumber(ARGV[1]), 's' .. ARGV[2], tonumber(ARGV[3])
local stored = tonumber(redis.call('HGET', KEYS[1], 'since') or 0)
-- Somebody knows of a later opening.
if stored > since then return 0 end
if stored < since then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'since', ARGV[1])
end
local others, flat = 0, redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do
  if flat[i] ~= 'since' and flat[i] ~= shard then others = others + tonumber(flat[i + 1]) end
end
local granted = math.max(flying, math.min(flying + tonumber(ARGV[4]), tonumber(ARGV[5]) - others))
if granted > 0 then redis.call('HSET', KEYS[1], shard, granted) else redis.call('HDEL', KEYS[1], shard) end
redis.call('PEXPIRE', KEYS[1], 86400000)
return granted - flying
