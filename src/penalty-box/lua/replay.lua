-- A rebuild has come to a journal record: what has happened to the entries before it, as journal.lua told.
-- ARGV: run, now, ownerEpoch, cursor before, cursor after, gated (1 | 0), ownerEpoch of the journal record, its items
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
if meta.rebuilding ~= RUN then return { 'NOT_READY' } end
if meta.cursor ~= ARGV[4] then return { 'CURSOR', meta.cursor } end
local gated = ARGV[6] == '1'

-- A foreign message's place begins with what was there when it came, which a rebuild may see otherwise.
local function find(lock, place)
  if own(place) then return in_box(lock, place) and place end
  local function same(other) return not own(other) and other:sub(9) == place:sub(9) and other end
  local found = same(lock[HEAD])
  for _, id in ipairs(found and {} or neighbours(lock, 100000)) do
    found = found or same(place_in(id))
  end
  return found
end

local function parked(unit, on)
  local lock = locks.get(unit) or (on and open(unit, false))
  if not lock or (lock[PARKED] == 1) == on then return end
  add('parked', on and 1 or -1)
  lock[PARKED] = on and 1 or 0
  if not on and lock[COUNT] == 0 then close(unit, lock, 'unparked') else advance(unit, lock) end
end

-- A consumer may read it again, and a second copy of it may follow.
local function decide(unit, lock, place)
  if not gated or not own(place) then return end
  local origin = origin_of(place)
  if lock then lock[KNOWN_TO] = math.max(lock[KNOWN_TO], origin); locks.touch(unit)
  else known.put(unit, math.max(known.get(unit) or -1, origin)) end
end

local function apply(item)
  local unit, place, offset, status = item[1], item[2], item[3], item[4]
  if place == '' then return parked(unit, status == 1) end
  local lock = locks.get(unit)
  if not status then decide(unit, lock, place) end
  local here = lock and find(lock, place)
  local id = here and id_of(lock, here)
  local record = id and records.get(id)
  if not record or (read_record(record)) ~= offset then return end
  if not status then return resolve(unit, lock, here, 'replayed') end
  local state = state_of(unit, id)
  state[STATUS], state[ATTEMPT], state[UNANSWERED], state[FIRST_FAILED], state[DUE_AT], state[ERROR_CLASS],
    state[ERROR_MESSAGE], state[FATAL], state[REASON], state[GRACE] = status, item[5], item[6], item[7], NOW + item[8],
    item[9], item[10], item[11], item[12], item[13]
  states.touch(id)
  if here == lock[HEAD] and lock[PARKED] ~= 1 then
    if lock[PARKED] == 2 then add('parked', -1) end
    lock[PARKED] = 0
    advance(unit, lock)
  end
end

-- What a replica wrote that did not know yet that another one had taken over.
if tonumber(ARGV[7]) >= number('journalEpoch') then
  put('journalEpoch', tonumber(ARGV[7]))
  for i = 8, #ARGV do apply(cmsgpack.unpack(ARGV[i])) end
end
put('cursor', ARGV[5])
return commit({}, true)
