-- Locks and their entries.
--
-- A unit is what has an order of its own: 'k' .. key, or one message without one ('n' .. origin, 'm' .. retry offset).
-- A place is an entry's position in its unit: 8 bytes, its origin offset; a foreign origin stands behind all that were
-- there when it came: 8 bytes of the last one's offset and 8 of its own retry offset + 1. An entry's id is the lock's
-- number and its place, so that a lock's entries are neighbours in QUEUE, which orders everything behind the heads.
local LID, HEAD, SINCE, COUNT, BYTES, DRAINING, WINDOW, FLYING, KNOWN_TO, PARKED, TRIED, HOLDING = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12

-- What became of an entry after it was appended. An entry without a state is held as its record says.
local UNIT, STATUS, ATTEMPT, UNANSWERED, NONCE, ADMITTED, FIRST_FAILED, DUE_AT = 1, 2, 3, 4, 5, 6, 7, 8
local ERROR_CLASS, ERROR_MESSAGE, FATAL, CLAIM, REASON, GRACE, ANNOUNCED_AT, COPY_AT = 9, 10, 11, 12, 13, 14, 15, 16
-- REFUSED: how often in a row Kafka refused it for its own sake. KEPT: 1 = its dead letter lacks the value, which this marker keeps.
local REFUSED, KEPT = 17, 18
local ANNOUNCED, HELD, FLOWN, CONDEMNED, BURIED = 'A', 'H', 'F', 'C', 'B'

local function place_of(offset) return struct.pack('>I8', offset) end
local function origin_of(place) return (struct.unpack('>I8', place)) end
local function own(place) return #place == 8 end
local function id_of(lock, place) return struct.pack('>I6', lock[LID]) .. place end
local function place_in(id) return id:sub(7) end

-- Not Lua's `<`: it goes by the server's locale.
local function before(a, b)
  local first, second = origin_of(a), origin_of(b)
  if first ~= second then return first < second end
  if own(a) or own(b) then return own(a) and not own(b) end
  return (struct.unpack('>I8', a, 9)) < (struct.unpack('>I8', b, 9))
end

-- A record is 21 bytes about it and the payload, which scripts never look into.
local RECORD_HEAD, FATAL_BIT, MALFORMED_BIT = 21, 1, 2
local function record_of(retryOffset, dueAt, firstFailed, attempt, flags, payload)
  return struct.pack('>I6I6I6I2B', retryOffset, dueAt, firstFailed, attempt, flags) .. payload
end
local function read_record(record) return struct.unpack('>I6I6I6I2B', record) end

local function new_state(unit, status, attempt)
  return { unit, status, attempt, 0, '', '', 0, 0, '', '', 0, '', '', 0, 0, 0, 0, 0 }
end

-- The state of an entry, made from its record if nothing happened to it yet.
local function state_of(unit, id)
  local state = states.get(id)
  if state then return state end
  local _, dueAt, firstFailed, attempt, flags = read_record(records.get(id))
  state = new_state(unit, HELD, attempt)
  state[FIRST_FAILED], state[DUE_AT] = firstFailed, dueAt
  if flags % 2 == FATAL_BIT then state[FATAL] = 1 end
  if flags >= MALFORMED_BIT then state[REASON] = 'malformed' end
  states.put(id, state)
  return state
end

-- What the journal has to tell Kafka: an entry (unit and place), or a unit's park. If nothing is there any more, all of it
-- before this retry offset is resolved. A rebuild hears it from the journal.
local function noted(unit, place) return struct.pack('>I4c0', #unit, unit) .. place end
local function note(unit, place, upto)
  if meta.rebuilding == RUN then return end
  add('noted', 1)
  journal.put(noted(unit, place), struct.pack('>I6I6', number('noted'), upto or number('cursor')))
end
local function note_park(unit) note(unit, '') end

-- How many keys are parked. Every record that tells of one of them lies from `parksFrom` on.
local function parks(by, unit, who)
  if number('parked') == 0 then put('parksFrom', number('cursor')) end
  add('parked', by)
  tell(by > 0 and 'parked' or 'unparked', unit, '', 0, who)
end

-- What parked the key for its head is over; advance() parks it again for a marker.
local function set_free(unit, lock)
  if lock[PARKED] == 2 then
    parks(-1, unit)
    lock[PARKED] = 0
  end
end

local function in_box(lock, place)
  return lock and (lock[HEAD] == place or call('ZSCORE', QUEUE, id_of(lock, place)) ~= false)
end

-- The claimant hears of changes that were not made through its own calls.
local function changed(unit)
  if meta.claimEpoch and unit:sub(1, 1) == 'k' then
    add('seen', 1)
    changes.put(unit, number('seen'))
  end
end

-- The highest announced origin of a unit, or -1: forgotten once the group has committed past it.
local function known_to(unit, lock)
  local upto = lock and lock[KNOWN_TO] or known.get(unit) or -1
  return upto >= number('settled') and upto or -1
end

-- A lock's place in the order of age, as its score in AGES: the time of its making, and a thousandth more than the one before
-- where that is not later. So no two are the same, and a page of a listing begins behind a number.
local function next_age()
  put('youngest', text(math.max(NOW, (tonumber(meta.youngest) or 0) + 0.001)))
  return tonumber(meta.youngest)
end

local function open(unit, byClaimant, place)
  add('lid', 1)
  local lock = { number('lid'), '', NOW, 0, 0, 0, 1, 0, known_to(unit, false), 0, 0, 0 }
  locks.put(unit, lock)
  ages.put(unit, next_age())
  if meta.rebuilding ~= RUN then acquired = acquired + 1 end
  tell('locked', unit, place)
  if unit:sub(1, 1) == 'n' then add('nullUnits', 1) end
  if not byClaimant then changed(unit) end
  return lock
end

local function close(unit, lock, reason)
  locks.drop(unit); due.drop(unit); ages.drop(unit)
  if lock[PARKED] ~= 0 then parks(-1, unit) end
  if meta.rebuilding ~= RUN then
    released[#released + 1] = reason
    released[#released + 1] = NOW - lock[SINCE]
  end
  tell('unlocked', unit, '', 0, reason)
  if unit:sub(1, 1) == 'n' then add('nullUnits', -1) end
  local upto = known_to(unit, lock)
  if upto >= 0 then known.put(unit, upto) else changed(unit) end
end

local function neighbours(lock, limit)
  local prefix = struct.pack('>I6', lock[LID])
  return call('ZRANGEBYLEX', QUEUE, '[' .. prefix, '(' .. struct.pack('>I6', lock[LID] + 1), 'LIMIT', 0, limit)
end

-- The place behind which everything new of the key comes.
local function last_place(lock)
  local last = call('ZREVRANGEBYLEX', QUEUE, '(' .. struct.pack('>I6', lock[LID] + 1),
    '[' .. struct.pack('>I6', lock[LID]), 'LIMIT', 0, 1)[1]
  return last and place_in(last) or lock[HEAD]
end

-- In a rebuild: where a message is that the box before the loss had there. A foreign one's place begins with what was
-- there when it came, which a rebuild may see otherwise.
local function find(lock, place)
  if own(place) then return in_box(lock, place) and place end
  local function same(other) return #other == 16 and other:sub(9) == place:sub(9) and other end
  local found = same(lock[HEAD])
  for _, id in ipairs(found and {} or neighbours(lock, 100000)) do
    found = found or same(place_in(id))
  end
  return found
end

-- Puts an entry in its place. The head stands in the lock; all behind it in QUEUE.
local function link(unit, place, byClaimant)
  local lock = locks.get(unit) or open(unit, byClaimant, place)
  if unit:sub(1, 1) == 'n' and own(place) then
    put('nullKeyUpTo', math.max(tonumber(meta.nullKeyUpTo) or -1, origin_of(place)))
  end
  if lock[HEAD] == '' then
    lock[HEAD] = place
    lock[DRAINING], lock[WINDOW] = 0, 1 -- a parked lock outlives its entries: what it drained is over
  elseif before(place, lock[HEAD]) then
    call('ZADD', QUEUE, 0, id_of(lock, lock[HEAD]))
    lock[HEAD] = place
  else
    call('ZADD', QUEUE, 0, id_of(lock, place))
  end
  lock[COUNT] = lock[COUNT] + 1
  locks.touch(unit)
  return lock, id_of(lock, place)
end

-- What is due in the same millisecond goes in the order of the retry topic, so that values that stayed there are read in one
-- go: in any other order the service read 250 a second of a million. The score has thousandths: they tell far from farther.
local function in_turn(dueAt, retryOffset)
  local ahead = math.max(0, retryOffset - number('base'))
  return dueAt + math.floor(25 * math.log(1 + ahead) / math.log(2)) / 1000
end

-- The next action of a lock whose entries are all on the ground: its head's due time, or none.
local function advance(unit, lock)
  due.drop(unit)
  locks.touch(unit)
  if lock[PARKED] ~= 0 or lock[FLYING] > 0 or lock[HEAD] == '' then return end
  local id = id_of(lock, lock[HEAD])
  local state = states.get(id)
  if state then
    lock[TRIED] = state[ATTEMPT]
    if state[STATUS] == HELD then due.put(unit, math.max(NOW, state[DUE_AT])) end
    -- A marker that earlier entries had overtaken is the head again: its key waits for the operator, as before.
    if state[STATUS] == BURIED then
      lock[PARKED] = 2
      parks(1, unit, 'dead-letter')
    end
  else
    local retryOffset, dueAt, _, attempt = read_record(records.get(id))
    lock[TRIED] = attempt
    due.put(unit, in_turn(math.max(NOW, dueAt), retryOffset))
  end
end

-- An entry's copy no longer counts: its token is not current from here on.
local function land(lock, id, state)
  if state[STATUS] == FLOWN or state[STATUS] == CONDEMNED then
    lock[FLYING] = lock[FLYING] - 1
    flight.drop(id)
  end
  state[STATUS], state[NONCE], state[ADMITTED] = HELD, '', ''
  states.touch(id)
end

-- Recalls everything of a lock that is in flight.
local function recall(unit, lock)
  if lock[FLYING] <= 0 then return end
  local ids = neighbours(lock, 2000)
  table.insert(ids, 1, id_of(lock, lock[HEAD]))
  for _, id in ipairs(ids) do
    local state = states.get(id)
    if state and state[STATUS] == FLOWN then land(lock, id, state) end
    if lock[FLYING] <= 0 then break end
  end
  locks.touch(unit)
end

-- An entry leaves the box for good.
local function resolve(unit, lock, place, reason)
  local id = id_of(lock, place)
  local record = records.get(id)
  if record then
    local retryOffset = (read_record(record))
    note(unit, place)
    -- The checkpoint may pass it once the group has committed past its origin too: a record read again there must
    -- still find what was decided.
    if own(place) and origin_of(place) >= number('settled') then
      settling.put(text(retryOffset), origin_of(place))
    else
      mark(retryOffset, 0)
    end
    lock[BYTES] = lock[BYTES] - #record
    add('heldBytes', -#record)
    records.drop(id)
  end
  local state = states.get(id)
  if state then
    if reason == 'succeeded' then tell('succeeded', unit, place, state[ATTEMPT] + 1) end
    if state[STATUS] == ANNOUNCED then pending.drop(id) end
    land(lock, id, state)
    states.drop(id)
  end
  lock[COUNT] = lock[COUNT] - 1
  if place ~= lock[HEAD] then
    call('ZREM', QUEUE, id)
  else
    local nextId = neighbours(lock, 1)[1]
    if nextId then call('ZREM', QUEUE, nextId) end
    lock[HEAD] = nextId and place_in(nextId) or ''
  end
  if lock[COUNT] == 0 and lock[PARKED] ~= 1 then close(unit, lock, reason) else advance(unit, lock) end
end

-- The entry that a token names, if the token is current.
local function current(unit, place, nonce)
  local lock = nonce ~= '' and locks.get(unit)
  if not lock or not in_box(lock, place) then return false end
  local id = id_of(lock, place)
  local state = states.get(id)
  if not state or state[NONCE] ~= nonce or state[STATUS] ~= FLOWN then return false end
  return lock, id, state
end

-- What the claimant is told to publish to the retry topic. While the shard is behind nothing is kept of it: see behind.lua.
local function announcement(unit, attempt, failure)
  local state = new_state(unit, ANNOUNCED, attempt)
  state[ANNOUNCED_AT], state[CLAIM] = NOW, meta.claimEpoch
  if failure then
    state[ERROR_CLASS], state[ERROR_MESSAGE], state[FATAL] = failure.class, failure.message, failure.fatal
    state[DUE_AT] = failure.retryAfter > 0 and NOW + failure.retryAfter or 0
  end
  return state
end

-- The claimant is told so, and the place of the record is kept.
local function announce(unit, origin, attempt, failure)
  local place = place_of(origin)
  local lock, id = link(unit, place, true)
  local state = announcement(unit, attempt, failure)
  states.put(id, state)
  pending.put(id, origin)
  lock[KNOWN_TO] = math.max(lock[KNOWN_TO], origin)
  lock[HOLDING] = 0
  if lock[HEAD] == place then advance(unit, lock) end
  return state
end

-- Where a fresh record of this origin stands: 'pending' | 'here' | 'decided' | false.
local function standing(unit, lock, origin)
  local place = place_of(origin)
  if lock and in_box(lock, place) then
    local state = states.get(id_of(lock, place))
    return state and state[STATUS] == ANNOUNCED and 'pending' or 'here', state
  end
  return origin <= known_to(unit, lock) and 'decided' or false
end

-- What a consumer was told to redirect and Kafka has not acknowledged to it, 6 arguments each from ARGV[first] on.
local function announce_outstanding(first)
  for i = first, #ARGV, 6 do
    local unit, origin, attempt = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
    if not standing(unit, locks.get(unit), origin) then
      announce(unit, origin, attempt, attempt > 0 and
        { class = ARGV[i + 3], message = ARGV[i + 4], fatal = tonumber(ARGV[i + 5]), retryAfter = 0 })
    end
  end
end

local function redirect(state)
  return { 'redirect', state[ATTEMPT], state[ERROR_CLASS], state[ERROR_MESSAGE], state[FATAL], state[CLAIM], text(state[DUE_AT]) }
end
