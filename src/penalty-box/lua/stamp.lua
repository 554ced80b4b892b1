-- The rebuild has reached the end that was observed when it began: the shard answers again, under a new incarnation.
-- ARGV: run, now, ownerEpoch, nonce, ids of the retry topic and of the main topic ('' = unknown)
-- returns the incarnation
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
if meta.rebuilding ~= RUN then return { 'NOT_READY' } end
put('incarnation', RUN .. ':' .. ARGV[4])
put('layout', LAYOUT)
put('rebuilding', '')
-- Counted now, and not before: a rebuild that is begun anew would count them twice.
acquired = call('HLEN', LOCKS)
for i, topic in ipairs({ 'retryTopic', 'mainTopic' }) do
  if (ARGV[4 + i] or '') ~= '' then put(topic, ARGV[4 + i]) end
end
-- Claims of the lost incarnation are void: the first new one starts from the box as it is now.
put('claimUsed', 0)
put('claimRenewedAt', 0)
return commit({ meta.incarnation }, true)
