-- Adds what was counted in a second to what is known of a route's failures.
-- KEYS: shapes (hash: id -> first seen, class, shape, example), counts (sorted set: id -> how many), seen (sorted set: id ->
--   last seen), keys (hash: unit -> its last failures), recent (sorted set: unit -> last failure)
-- ARGV: shapes kept, keys kept, failures kept of each key, how many shapes follow, then 7 for each: id, count, first seen, last
--   seen, class, shape, example; then 3 for each key: unit, last failure, its failures, the newest first (packed lists)
local SHAPES, COUNTS, SEEN, UNITS, RECENT = unpack(KEYS)
local at = 5
for _ = 1, tonumber(ARGV[4]) do
  local id, count, first, last = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  redis.call('HSETNX', SHAPES, id, cmsgpack.pack({ first, ARGV[at + 4], ARGV[at + 5], ARGV[at + 6] }))
  redis.call('ZINCRBY', COUNTS, count, id)
  redis.call('ZADD', SEEN, 'GT', last, id)
  at = at + 7
end
while at <= #ARGV do
  local unit, failures = ARGV[at], cmsgpack.unpack(ARGV[at + 2])
  local before = redis.call('HGET', UNITS, unit)
  for _, failure in ipairs(before and cmsgpack.unpack(before) or {}) do failures[#failures + 1] = failure end
  while #failures > tonumber(ARGV[3]) do table.remove(failures) end
  redis.call('HSET', UNITS, unit, cmsgpack.pack(failures))
  redis.call('ZADD', RECENT, 'GT', ARGV[at + 1], unit)
  at = at + 3
end

-- What was seen the longest ago makes room.
local function drop(order, over, ...)
  local dropped = over > 0 and redis.call('ZPOPMIN', order, over) or {}
  for i = 1, #dropped, 2 do
    for _, forget in ipairs({ ... }) do redis.call(forget[1], forget[2], dropped[i]) end
  end
end
drop(SEEN, redis.call('ZCARD', SEEN) - tonumber(ARGV[1]), { 'HDEL', SHAPES }, { 'ZREM', COUNTS })
drop(RECENT, redis.call('ZCARD', RECENT) - tonumber(ARGV[2]), { 'HDEL', UNITS })
return 1
