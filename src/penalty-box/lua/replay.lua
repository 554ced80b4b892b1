-- A rebuild has come to a journal record: what has happened to the entries before it, as journal.lua told.
-- ARGV: run, now, ownerEpoch, cursor before, cursor after, ownerEpoch of the journal record, its items
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
if meta.rebuilding ~= RUN then return { 'NOT_READY' } end
if meta.cursor ~= ARGV[4] then return { 'CURSOR', meta.cursor } end

local function parked(unit, on)
  local lock = locks.get(unit) or (on and open(unit, false))
  if not lock or lock[PARKED] == (on and 1 or 0) then return end
  if not on then parks(-1, unit) elseif lock[PARKED] == 0 then parks(1, unit) end
  lock[PARKED] = on and 1 or 0
  if not on and lock[COUNT] == 0 then close(unit, lock, 'unparked') else advance(unit, lock) end
end

local function apply(item)
  local unit, place, upto, status = item[1], item[2], item[3], item[4]
  if place == '' then return parked(unit, status == 1) end
  local lock = locks.get(unit)
  local here = lock and find(lock, place)
  local id = here and id_of(lock, here)
  local record = id and records.get(id)
  -- A record from there on came later, and speaks for itself.
  if not record or (read_record(record)) >= upto then return end
  local state = state_of(unit, id)
  if not status and state[COPY_AT] >= upto then return end
  if here == lock[HEAD] then set_free(unit, lock) end
  if not status then return resolve(unit, lock, here, 'replayed') end
  state[STATUS], state[ATTEMPT], state[UNANSWERED], state[FIRST_FAILED], state[DUE_AT], state[ERROR_CLASS],
    state[ERROR_MESSAGE], state[FATAL], state[REASON], state[GRACE] = status, item[5], item[6], item[7], NOW + item[8],
    item[9], item[10], item[11], item[12], item[13]
  state[KEPT] = item[14] == 1 and 1 or 0
  states.touch(id)
  if here == lock[HEAD] then advance(unit, lock) end
end

-- Whoever may write to the retry topic must not be able to stop a rebuild.
local TYPES = { 'string', 'string', 'number', false, 'number', 'number', 'number', 'number', 'string', 'string', 'number',
  'string', 'number' }
local function sound(item)
  if type(item) ~= 'table' then return false end
  local status = item[4]
  for i = 1, (status == HELD or status == BURIED) and #TYPES or 3 do
    if TYPES[i] and type(item[i]) ~= TYPES[i] then return false end
  end
  local size = #item[2]
  if size == 0 then return status == 0 or status == 1 end
  return (size == 8 or size == 16) and (status == nil or status == HELD or status == BURIED)
end

-- What a replica wrote that did not know yet that another one had taken over.
if tonumber(ARGV[6]) >= number('journalEpoch') then
  put('journalEpoch', tonumber(ARGV[6]))
  for i = 7, #ARGV do
    local readable, item = pcall(cmsgpack.unpack, ARGV[i])
    if readable and sound(item) then apply(item) end
  end
end
put('cursor', ARGV[5])
return commit({}, true)
