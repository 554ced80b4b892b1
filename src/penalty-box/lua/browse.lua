-- Locks in the order of their age, a page at a time. No more is looked at than is asked for, whatever is found.
-- ARGV: run, now, from this age on ('(' before it: behind it), up to this age, at most this many looked at, at most this many
--   given, at most so many bytes of records read, state ('' = any)
-- returns age of the last one looked at, whether there are more behind it (1 | 0), then 6 for each: age, unit, lock (packed),
--   due time or '', head's state (packed or ''), start of the head's record or '' (also where its state tells the error)
if not ready() then return { 'NOT_READY' } end
local look, room, bytes, wanted = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local found = call('ZRANGEBYSCORE', AGES, ARGV[3], ARGV[4], 'WITHSCORES', 'LIMIT', 0, look + 1)

local units, heads, shown = {}, {}, {}
for i = 1, math.min(#found, 2 * look), 2 do units[#units + 1] = found[i] end
locks.fetch(units)

local function state_name(lock)
  if lock[PARKED] ~= 0 then return 'parked' end
  return lock[DRAINING] == 1 and 'draining' or lock[FLYING] > 0 and 'probing' or 'waiting'
end

local looked = 0
for i, unit in ipairs(units) do
  local lock = locks.get(unit)
  if wanted == '' or state_name(lock) == wanted then
    if room <= 0 then break end
    room = room - 1
    shown[#shown + 1] = i
    if lock[HEAD] ~= '' then heads[#heads + 1] = id_of(lock, lock[HEAD]) end
  end
  looked = i
end
states.fetch(heads)

-- In one call each, not one for each lock.
local shownUnits, small, dueAt = {}, {}, {}
for n, i in ipairs(shown) do shownUnits[n] = units[i] end
if #shown > 0 then dueAt = call('ZMSCORE', DUE, unpack(shownUnits)) end
local SMALL = 2048
for _, i in ipairs(shown) do
  local lock = locks.get(units[i])
  local id = lock[HEAD] ~= '' and id_of(lock, lock[HEAD])
  local state = id and states.get(id)
  if id and lock[BYTES] <= SMALL and not (state and state[ERROR_CLASS] ~= '') then small[#small + 1] = id end
end
records.fetch(small)

-- What a record says before its message: 21 bytes about it, and the class and the message of its error.
local function start_of(record)
  if not record then return '' end
  local class = struct.unpack('>I2', record, 22)
  local message = struct.unpack('>I2', record, 24 + class)
  -- Flags, offset, timestamp, and the topic of a foreign origin.
  return record:sub(1, 21 + 4 + class + message + 19 + 256)
end

local result = { '', 0 }
for n, i in ipairs(shown) do
  local unit = units[i]
  local lock = locks.get(unit)
  local id = lock[HEAD] ~= '' and id_of(lock, lock[HEAD])
  local state, start = id and states.get(id), ''
  if id and not (state and state[ERROR_CLASS] ~= '') then
    bytes = bytes - (lock[BYTES] <= SMALL and lock[BYTES] or call('HSTRLEN', RECORDS, id))
    -- Records may be large: the next page begins here. One is always shown, so that each page gets further.
    if bytes < 0 and #result > 2 then
      looked = i - 1
      break
    end
    start = start_of(records.get(id))
  end
  for _, fact in ipairs({ found[2 * i], unit, cmsgpack.pack(lock), dueAt[n] and text(math.floor(dueAt[n])) or '', state and cmsgpack.pack(state) or '', start }) do
    result[#result + 1] = fact
  end
end
result[1] = found[2 * looked] or ''
result[2] = #found > 2 * looked and 1 or 0
return commit(result, true)
