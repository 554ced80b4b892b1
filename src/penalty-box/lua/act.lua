-- An operator's hand on one unit.
-- ARGV: run, now, unit, action: retry-now | park | unpark | skip-head | discard-head | discard-all
-- returns 'done' | 'unchanged' | 'unknown', entries concerned
if not ready() then return { 'NOT_READY' } end
local unit, action = ARGV[3], ARGV[4]
local lock = locks.get(unit)
local function answer(word, concerned) return commit({ word, concerned or 0 }) end

-- A key can be parked before its messages come; a message that is its own unit has to be here.
if not lock and (action ~= 'park' or unit:sub(1, 1) ~= 'k') then return answer('unknown') end
if action == 'park' then
  if lock and lock[PARKED] ~= 0 then return answer('unchanged') end
  lock = lock or open(unit, false)
  lock[PARKED] = 1
  note_park(unit)
  parks(1, unit, 'operator')
  advance(unit, lock)
  return answer('done', lock[COUNT])
end
local headId = lock[HEAD] ~= '' and id_of(lock, lock[HEAD])
local head = headId and records.get(headId) and state_of(unit, headId)
local function unpark()
  if lock[PARKED] ~= 0 then
    parks(-1, unit)
    note_park(unit)
  end
  lock[PARKED] = 0
end

if action == 'retry-now' then
  if not head then return answer('unchanged') end
  if head[STATUS] == BURIED then
    unpark()
    head[STATUS], head[REASON], head[FATAL], head[UNANSWERED] = HELD, '', 0, 0
    head[GRACE] = head[ATTEMPT] + 1 -- one more attempt, whatever maxAttempts and maxAge say
  elseif head[STATUS] ~= HELD or lock[PARKED] ~= 0 then
    return answer('unchanged')
  end
  head[DUE_AT] = NOW
  note(unit, lock[HEAD])
  states.touch(headId)
  advance(unit, lock)
  return answer('done', 1)
end

if action == 'unpark' then
  if lock[PARKED] == 0 then return answer('unchanged') end
  unpark()
  if head and head[STATUS] == BURIED then
    resolve(unit, lock, lock[HEAD], 'dead-lettered')
  elseif lock[COUNT] == 0 then
    close(unit, lock, 'unparked')
  else
    advance(unit, lock)
  end
  return answer('done', 1)
end

if action == 'skip-head' then
  if not head or head[STATUS] == CONDEMNED or head[STATUS] == BURIED then return answer('unchanged') end
  recall(unit, lock)
  unpark()
  head[REASON], head[DUE_AT] = 'operator', NOW
  note(unit, lock[HEAD])
  states.touch(headId)
  advance(unit, lock)
  return answer('done', 1)
end

-- discard-head, discard-all. What is only pending is left: its consumer is about to publish it.
if action == 'discard-head' and not head then return answer('unchanged') end
local concerned = 0
recall(unit, lock)
if action == 'discard-all' then unpark() end
repeat
  local id = lock[HEAD] ~= '' and id_of(lock, lock[HEAD])
  if not id or not records.get(id) then break end
  -- A key that the operator parked stays so; one that was parked for this message goes on.
  if state_of(unit, id)[STATUS] == BURIED then unpark() end
  resolve(unit, lock, lock[HEAD], 'discarded')
  concerned = concerned + 1
until action == 'discard-head' or not locks.get(unit) or concerned >= 5000
if locks.get(unit) then
  if lock[COUNT] == 0 and lock[PARKED] == 0 then close(unit, lock, 'discarded') else advance(unit, lock) end
end
return answer('done', concerned)
