-- A publish failed, or nobody knows: the entry is released again with a new token, unless its copy was admitted meanwhile.
-- ARGV: run, now, ownerEpoch, then 5 for each: id, nonce, not before, reason for the dead-letter topic ('' = try again),
--   after how many refusals in a row for its own sake it is undeliverable (0 = this was none)
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
if not ready() then return { 'NOT_READY' } end
for i = 4, #ARGV, 5 do
  local id = ARGV[i]
  local state = states.get(id)
  if state and state[NONCE] == ARGV[i + 1] and state[ADMITTED] == '' then
    local unit = state[UNIT]
    local lock = locks.get(unit)
    land(lock, id, state)
    -- Those sent behind it are turned away by the turn check, and come again after it.
    lock[WINDOW] = 1
    state[DUE_AT] = math.max(state[DUE_AT], tonumber(ARGV[i + 2]))
    local reason, limit = ARGV[i + 3], tonumber(ARGV[i + 4])
    if limit > 0 then
      state[REFUSED] = state[REFUSED] + 1
      if state[REFUSED] >= limit then reason, state[DUE_AT] = 'undeliverable', NOW end
    end
    if reason ~= '' then
      state[REASON] = reason
      note(unit, place_in(id))
    end
    advance(unit, lock)
  end
end
return commit({}, true)
