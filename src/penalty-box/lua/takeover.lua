-- A replica was assigned the shard: it draws the ownerEpoch, and what its predecessor was publishing is withdrawn.
-- ARGV: run, now, ids of the retry topic and of the main topic ('' = Kafka does not say)
-- returns ownerEpoch, 'ready' | 'lost', cursor, ids of the topics that the shard was made from ('' = unknown), which of them
--   were made anew, where an owner before had begun to deal with that
put('ownerEpoch', math.max(number('ownerEpoch') + 1, NOW))
for i, topic in ipairs({ 'retryTopic', 'mainTopic' }) do
  if not meta[topic] and (ARGV[2 + i] or '') ~= '' then put(topic, ARGV[2 + i]) end
end
local intact = ready()
if intact then
  -- Stored with a token, no acknowledgement recorded: in Kafka or not, nobody can say. Admitted ones wait for their outcome.
  for _, id in ipairs(call('ZRANGEBYSCORE', FLIGHT, '-inf', '-1')) do
    local state = states.get(id)
    local unit = state[UNIT]
    local lock = locks.get(unit)
    if state[ADMITTED] == '' then
      land(lock, id, state)
      advance(unit, lock)
    end
  end
end
return commit({ text(meta.ownerEpoch), intact and 'ready' or 'lost', meta.cursor or '', meta.retryTopic or '',
  meta.mainTopic or '', meta.remade or '' }, true)
