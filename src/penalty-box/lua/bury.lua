-- The dead-letter topic acknowledged: the head leaves the box, or stays as a marker and parks its key.
-- ARGV: run, now, ownerEpoch, hold (1 | 0 | 2 = the dead letters lack their values: each stays, whatever the route says), then 2
--   for each: id, nonce
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
if not ready() then return { 'NOT_READY' } end
for i = 5, #ARGV, 2 do
  local id = ARGV[i]
  local state = states.get(id)
  if state and state[NONCE] == ARGV[i + 1] and state[STATUS] == CONDEMNED then
    local unit = state[UNIT]
    local lock = locks.get(unit)
    lock[DRAINING], lock[WINDOW] = 1, 1
    local kept = ARGV[4] == '2'
    if kept or (ARGV[4] == '1' and unit:sub(1, 1) == 'k' and state[REASON] ~= 'operator') then
      land(lock, id, state)
      state[STATUS], state[KEPT] = BURIED, kept and 1 or 0
      note(unit, place_in(id))
      -- What the operator parked stays so, also when the head that was in flight is dealt with.
      if lock[PARKED] == 0 then
        parks(1, unit, 'dead-letter')
        lock[PARKED] = 2
      end
      advance(unit, lock)
    else
      resolve(unit, lock, place_in(id), 'dead-lettered')
    end
  end
end
return commit({}, true)
