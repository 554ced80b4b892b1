-- The figures of a shard.
-- ARGV: run, now
-- returns locked units, held messages, held bytes, in flight, pending, parked, cursor, known keys, ownerEpoch,
--   when the oldest lock was made ('' = there is none), age of the youngest one ever, units that are due
if not ready() then return { 'NOT_READY' } end
local oldest = locks.get(call('ZRANGE', AGES, 0, 0)[1] or '')
return commit({
  call('HLEN', LOCKS), call('HLEN', RECORDS), number('heldBytes'), call('ZCARD', FLIGHT), call('ZCARD', PENDING),
  number('parked'), number('cursor'), call('ZCARD', KNOWN), text(meta.ownerEpoch or ''),
  oldest and text(oldest[SINCE]) or '', text(meta.youngest or '0'),
  call('ZCOUNT', DUE, '-inf', '(' .. text(NOW + 1)),
}, true)
