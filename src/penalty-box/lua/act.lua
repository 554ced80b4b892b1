-- An operator's hand on one unit.
-- KEYS[17], where it is given: what was answered to this call before; it is not done twice
-- ARGV: run, now, unit, action: retry-now | park | unpark | skip-head | discard-head | discard-all, age of the lock that is
--   meant ('' = any), retry offset from which on nothing is discarded ('' = the cursor), this call's name in KEYS[17], for how
--   long its answer is kept (ms)
-- returns 'done' | 'unchanged' | 'unknown', entries concerned, age and retry offset to go on with ('' = that was all), whether
--   it was answered before (1 | 0)
if not ready() then return { 'NOT_READY' } end
local unit, action, DEEDS, PAGE = ARGV[3], ARGV[4], KEYS[17], 250
local before = DEEDS and call('HGET', DEEDS, ARGV[7])
before = before and cmsgpack.unpack(before)
if before and before[3] == '' then return { 'OK', '', 0, {}, { before[1], before[2], '', '', 1 } } end

local function answer(word, concerned, age, upto)
  local result = { word, (concerned or 0) + (before and before[2] or 0), age or '', upto or '' }
  -- Of what is not there nothing was done: the same call may find it later.
  if DEEDS and word ~= 'unknown' then
    call('HSET', DEEDS, ARGV[7], cmsgpack.pack(result))
    call('PEXPIRE', DEEDS, ARGV[8])
  end
  result[5] = 0
  return commit(result)
end

local lock, meant = locks.get(unit), before and before[3] or ARGV[5]
if meant ~= '' and (not lock or ages.get(unit) ~= tonumber(meant)) then return answer(before and before[1] or 'unknown') end
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
local function status_of(id)
  local state = states.get(id)
  return state and state[STATUS] or HELD
end
-- Nothing of a head that is only pending.
local status = headId and records.get(headId) and status_of(headId)
local function unpark()
  if lock[PARKED] ~= 0 then
    parks(-1, unit)
    note_park(unit)
  end
  lock[PARKED] = 0
end

if action == 'retry-now' then
  if status ~= BURIED and (status ~= HELD or lock[PARKED] ~= 0) then return answer('unchanged') end
  local head = state_of(unit, headId)
  if status == BURIED then
    -- What the operator parked besides stays so.
    if lock[PARKED] == 2 then unpark() end
    head[STATUS], head[REASON], head[FATAL], head[UNANSWERED], head[REFUSED], head[KEPT] = HELD, '', 0, 0, 0, 0
    head[GRACE] = head[ATTEMPT] + 1 -- one more attempt, whatever maxAttempts and maxAge say
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
  if status == BURIED then
    resolve(unit, lock, lock[HEAD], 'dead-lettered')
  elseif lock[COUNT] == 0 then
    close(unit, lock, 'unparked')
  else
    advance(unit, lock)
  end
  return answer('done', 1)
end

if action == 'skip-head' then
  if not status or status == CONDEMNED or status == BURIED then return answer('unchanged') end
  local head = state_of(unit, headId)
  recall(unit, lock)
  unpark()
  head[REASON], head[DUE_AT] = 'operator', NOW
  note(unit, lock[HEAD])
  states.touch(headId)
  advance(unit, lock)
  return answer('done', 1)
end

-- discard-head, discard-all. What is only pending is left: its consumer is about to publish it.
if action == 'discard-head' and not status then return answer('unchanged') end
local upto = tonumber(before and before[4] or ARGV[6]) or number('cursor')
local concerned, age = 0, text(ages.get(unit))
recall(unit, lock)
repeat
  local id = lock[HEAD] ~= '' and id_of(lock, lock[HEAD])
  local record = id and records.get(id)
  if not record or (read_record(record)) >= upto then break end
  if concerned >= PAGE then return answer('done', concerned, age, text(upto)) end
  -- A key that the operator parked stays so; one that was parked for this message goes on.
  if lock[PARKED] == 2 and status_of(id) == BURIED then unpark() end
  resolve(unit, lock, lock[HEAD], 'discarded')
  concerned = concerned + 1
until action == 'discard-head' or not locks.get(unit)
if locks.get(unit) then
  if action == 'discard-all' then unpark() end
  if lock[COUNT] == 0 and lock[PARKED] == 0 then close(unit, lock, 'discarded') else advance(unit, lock) end
end
return answer('done', concerned)
