-- The ages of a shard's locks in their order, and nothing else of them: several shards are merged by it.
-- ARGV: run, now, from this age on ('(' before it: behind it), up to this age, at most this many
if not ready() then return { 'NOT_READY' } end
local found, ages = call('ZRANGEBYSCORE', AGES, ARGV[3], ARGV[4], 'WITHSCORES', 'LIMIT', 0, ARGV[5]), {}
for i = 2, #found, 2 do ages[#ages + 1] = found[i] end
return commit(ages, true)
