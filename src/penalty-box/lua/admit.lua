-- The turn check: may these records be handled? Judged in order, each after the effects of those before it.
-- ARGV: run, now, claimEpoch, incarnation, then 4 for each record: unit, origin, token's place, token's nonce ('' = fresh)
-- returns for each {'process'} | {'skip'} | {'wait'} | {'redirect', attempt, error class, message, fatal, claim, not before}
if not ready() or meta.incarnation ~= ARGV[4] then return { 'NOT_READY' } end
local claimant = meta.claimEpoch == ARGV[3]
if claimant then put('claimUsed', 1) end
local verdicts, units = {}, {}
local admitted, turns, alone = 0, {}, false
for i = 5, #ARGV, 4 do
  if ARGV[i + 3] == '' and not claimant then return { 'FENCED' } end
  units[#units + 1] = ARGV[i]
end
locks.fetch(units)

local function fresh(unit, origin)
  local lock = locks.get(unit)
  local where, state = standing(unit, lock, origin)
  if where == 'pending' then return redirect(state) end
  if where then return { 'skip' } end
  return lock and redirect(announce(unit, origin, 0)) or { 'process' }
end

-- Every earlier unresolved entry of the key must have been given out before it in this request.
local function its_turn(unit, lock, id, place)
  if lock[HEAD] == place then return true end
  local prefix = struct.pack('>I6', lock[LID])
  local earlier = 1 + call('ZLEXCOUNT', QUEUE, '[' .. prefix, '(' .. id)
  return turns[unit] ~= nil and turns[unit].count == earlier
end

local function redelivered(unit, place, nonce)
  local lock, id, state = current(unit, place, nonce)
  if not lock then return { 'skip' } end
  local given = turns[unit] or { count = 0 }
  if not given[id] then
    local counted = state[UNANSWERED] > 0
    if alone or (counted and admitted > 0) or not its_turn(unit, lock, id, place) then
      land(lock, id, state)
      advance(unit, lock)
      return { 'skip' }
    end
    alone = counted
    turns[unit], given[id], given.count = given, true, given.count + 1
    admitted = admitted + 1
  end
  state[ADMITTED] = ARGV[3]
  states.touch(id)
  return { 'process' }
end

for i = 5, #ARGV, 4 do
  local unit, nonce = ARGV[i], ARGV[i + 3]
  if nonce == '' then
    verdicts[#verdicts + 1] = fresh(unit, tonumber(ARGV[i + 1]))
  else
    verdicts[#verdicts + 1] = redelivered(unit, ARGV[i + 2], nonce)
  end
end
return commit(verdicts)
