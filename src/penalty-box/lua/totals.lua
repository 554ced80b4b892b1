-- The figures of a shard.
-- ARGV: run, now
-- returns locked units, held messages, held bytes, in flight, pending, parked, cursor, known keys, ownerEpoch
if not ready() then return { 'NOT_READY' } end
return commit({
  call('HLEN', LOCKS), call('HLEN', RECORDS), number('heldBytes'), call('ZCARD', FLIGHT), call('ZCARD', PENDING),
  number('parked'), number('cursor'), call('ZCARD', KNOWN), text(meta.ownerEpoch or ''),
}, true)
