-- A replica was assigned the shard: it draws the ownerEpoch, and what its predecessor was publishing is withdrawn.
-- ARGV: run, now
-- returns ownerEpoch, 'ready' | 'lost', cursor
put('ownerEpoch', math.max(number('ownerEpoch') + 1, NOW))
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
return commit({ text(meta.ownerEpoch), intact and 'ready' or 'lost', meta.cursor or '' }, true)
