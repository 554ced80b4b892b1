-- The turn check: may these records be handled? Judged in order, each after the effects of those before it.
-- ARGV: run, now, claimEpoch, incarnation, then 5 for each record: unit, origin, token's place, token's nonce ('' = fresh),
--   whether the claimant would hold it (1 | 0)
-- returns for each {'process'} | {'skip'} | {'hold'} | {'wait'} | {'redirect', attempt, error class, message, fatal, claim, not before}
if not ready() or meta.incarnation ~= ARGV[4] then return { 'NOT_READY' } end
local claimant = meta.claimEpoch == ARGV[3]
if claimant then put('claimUsed', 1) end
local verdicts, units = {}, {}
local admitted, turns, alone = 0, {}, false
for i = 5, #ARGV, 5 do
  if ARGV[i + 3] == '' and not claimant then return { 'FENCED' } end
  units[#units + 1] = ARGV[i]
end
locks.fetch(units)

-- For how long a key's records are held in all, whatever the claimant says: the next ones are redirected again.
local HOLD_FOR = 5000
local holds = number('claimHolds') == 1

-- The hand-off at the tail: the key is about to be unlocked, so its record stays with the claimant. Only where every entry
-- is in flight, stands before it, and will end with an outcome that the claimant tells.
local function at_the_tail(unit, lock, origin)
  if lock[COUNT] == 0 or lock[FLYING] < lock[COUNT] or lock[PARKED] ~= 0 then return false end
  if states.get(id_of(lock, lock[HEAD]))[STATUS] == CONDEMNED then return false end
  if not before(last_place(lock), place_of(origin)) then return false end
  local since = lock[HOLDING]
  if since == 0 then
    lock[HOLDING] = NOW
    locks.touch(unit)
  end
  return since == 0 or NOW - since < HOLD_FOR
end

local function fresh(unit, origin, mayHold)
  local lock = locks.get(unit)
  local where, state = standing(unit, lock, origin)
  if where == 'pending' then return redirect(state) end
  if where then return { 'skip' } end
  if number('behind') == 1 then return redirect(announcement(unit, 0)) end
  if lock and holds and mayHold and at_the_tail(unit, lock, origin) then return { 'hold' } end
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

for i = 5, #ARGV, 5 do
  local unit, nonce = ARGV[i], ARGV[i + 3]
  if nonce == '' then
    verdicts[#verdicts + 1] = fresh(unit, tonumber(ARGV[i + 1]), ARGV[i + 4] == '1')
  else
    verdicts[#verdicts + 1] = redelivered(unit, ARGV[i + 2], nonce)
  end
end
return commit(verdicts)
