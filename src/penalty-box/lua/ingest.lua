-- Records of the retry topic become entries, and the cursor moves, in one step: read twice, they change nothing.
-- ARGV: run, now, ownerEpoch, cursor before, cursor after, gated (1 | 0), facts of all records, then their payloads
--   facts: bytes that follow (4), unit (4 + text), retry offset, timestamp, delay, not before (6 each), attempt (2),
--   flags (1), origin (8; -1 = foreign), claim ('' = none), token's or copy's place, token's nonce ('' = none) (1 + text
--   each); of a carried copy: retry offset of its original, first failed at (6 each), unanswered (2); of a redrive: its id
--   (1 + text)
-- returns how many were: failed, behind, again, arrived, duplicate, late, moved
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
local rebuilding = meta.rebuilding == RUN
if not rebuilding and not ready() then return { 'NOT_READY' } end
if meta.cursor ~= ARGV[4] then return { 'CURSOR', meta.cursor } end
local gated, batch, PAYLOADS = ARGV[6] == '1', ARGV[7], 7
local ANNOUNCED_FLAG, CARRIED_FLAG, REDRIVEN_FLAG = 4, 8, 16
local count = { failed = 0, behind = 0, again = 0, arrived = 0, duplicate = 0, late = 0, moved = 0 }

local units, facts, at = {}, {}, 1
for i = 1, #ARGV - PAYLOADS do
  local size
  size, units[i], facts[i] = struct.unpack('>I4I4c0', batch, at)
  at = at + 4 + size
end
locks.fetch(units)
local settlingAny = call('ZCARD', SETTLING) > 0

-- A rebuild hears from the journal which records were put aside: of the others none may be, whatever was resolved before it.
local function decided(unit, lock, origin)
  if rebuilding then return false end
  if gated and origin <= known_to(unit, lock) then return true end
  return settlingAny and #call('ZRANGEBYSCORE', SETTLING, origin, origin, 'LIMIT', 0, 1) > 0
end

-- A zombie's late copy: announced under another claim, and read after all that the current claim waited for.
local function late(claim, offset)
  return gated and claim ~= '' and not rebuilding and meta.claimUsed == '1' and claim ~= meta.claimEpoch
    and offset >= number('claimEnd')
end

local function store(unit, lock, id, place, offset, dueAt, firstFailed, attempt, flags, payload, again)
  local old = again and records.get(id)
  if old then
    mark((read_record(old)), 0)
    lock[BYTES] = lock[BYTES] - #old
    add('heldBytes', -#old)
  end
  local record = record_of(offset, dueAt, firstFailed, attempt, flags % ANNOUNCED_FLAG, payload)
  records.put(id, record)
  mark(offset, 1)
  lock[BYTES] = lock[BYTES] + #record
  add('heldBytes', #record)
  locks.touch(unit)
  if lock[HEAD] == place and lock[FLYING] <= 0 and lock[PARKED] == 0 then
    lock[TRIED] = attempt
    due.put(unit, in_turn(math.max(NOW, dueAt), offset))
  end
end

-- A copy of an old record stands for it from here on. What has happened to the entry meanwhile is told after the copy.
local function move(unit, lock, id, place, offset)
  local record = records.get(id)
  local original, dueAt, firstFailed, attempt, flags = read_record(record)
  mark(original, 0)
  records.put(id, record_of(offset, dueAt, firstFailed, attempt, flags, record:sub(RECORD_HEAD + 1)))
  mark(offset, 1)
  note(unit, place)
  if lock[PARKED] == 1 then note_park(unit) end
end

-- A dead letter that an operator wants to be tried again, once by each id. Its copies lie close together: ids are kept for
-- an hour (evidence.lua), and the last 100,000 of them.
local REDRIVEN_LIMIT = 100000
local function redriven_before(id)
  if redriven.get(id) then return true end
  redriven.put(id, NOW)
  return false
end

-- What a redrive finds in its place: a marker, or the message on its way to the dead-letter topic, where it was seen already.
-- All else is being tried anyway. A rebuild may have come upon its past, of which the journal tells further on.
local function gives_way(state)
  return rebuilding or state and (state[STATUS] == BURIED or state[STATUS] == CONDEMNED)
end

for i, unit in ipairs(units) do
  local offset, timestamp, delay, notBefore, attempt, flags, origin, claim, given, nonce, tail =
    struct.unpack('>I6I6I6I6I2Bi8Bc0Bc0Bc0', batch, facts[i])
  local payload = ARGV[PAYLOADS + i]
  local lock = locks.get(unit)
  local original, firstFailedBefore, unanswered, redrive
  local isRedrive = flags >= REDRIVEN_FLAG
  if isRedrive then flags = flags - REDRIVEN_FLAG end
  if flags >= CARRIED_FLAG then
    flags = flags - CARRIED_FLAG
    original, firstFailedBefore, unanswered, tail = struct.unpack('>I6I6I2', batch, tail)
  end
  if isRedrive then redrive = struct.unpack('>Bc0', batch, tail) end
  local repeated = redrive and redriven_before(redrive)
  -- Of a message that is moved its past redrive says nothing new.
  redrive = not original and redrive
  local place = given ~= '' and given or origin >= 0 and place_of(origin)
  local here = place and in_box(lock, place)
  if rebuilding and lock and place and not here then
    here = find(lock, place)
    place = here or place
  end
  local id = here and id_of(lock, place)
  local state = here and states.get(id)
  local failedAt = math.max(timestamp, state and state[ANNOUNCED_AT] or 0)
  local dueAt = math.max(failedAt + delay, notBefore, state and state[STATUS] == ANNOUNCED and state[DUE_AT] or 0)
  local firstFailed = firstFailedBefore or attempt > 0 and failedAt or 0
  local record = original and here and records.get(id)

  -- A rebuild can't tell whether the token was current: the later record is what is known of the message.
  if record and (read_record(record)) == original then
    count.moved = count.moved + 1
    move(unit, lock, id, place, offset)
  elseif original and (here or not rebuilding) then
    count.duplicate = count.duplicate + 1
    -- A rebuild would take it for an entry.
    if not here then note(unit, place, offset + 1) end
  elseif redrive and repeated then
    count.duplicate = count.duplicate + 1
    if place then note(unit, place, offset + 1) end
  elseif redrive and here and (not state or state[STATUS] ~= ANNOUNCED) and gives_way(state) then
    count[attempt > 0 and 'failed' or 'behind'] = count[attempt > 0 and 'failed' or 'behind'] + 1
    tell('redriven', unit, place, attempt, redrive)
    state = state_of(unit, id)
    land(lock, id, state)
    states.drop(id)
    if place == lock[HEAD] then set_free(unit, lock) end
    lock[DRAINING], lock[WINDOW] = 0, 1
    store(unit, lock, id, place, offset, dueAt, firstFailed, attempt, flags, payload, true)
    advance(unit, lock)
  elseif here and nonce ~= '' and (rebuilding and records.get(id) or current(unit, place, nonce)) then
    state = state_of(unit, id)
    count.again = count.again + 1
    -- Published twice, as after a commit that was lost, it is one failure: only its own attempt tells then.
    attempt = math.max(attempt, state[ATTEMPT] + (rebuilding and 0 or 1))
    -- A payload begins with the class of the error.
    tell('failed', unit, place, attempt, TELL and struct.unpack('>I2c0', payload))
    if state[FIRST_FAILED] > 0 then firstFailed = state[FIRST_FAILED] end
    land(lock, id, state)
    states.drop(id)
    recall(unit, lock)
    lock[DRAINING], lock[WINDOW] = 0, 1
    store(unit, lock, id, place, offset, dueAt, firstFailed, attempt, flags, payload, true)
    -- An earlier record may have come meanwhile: then it is the head that has to get its due time now.
    advance(unit, lock)
  elseif here and state and state[STATUS] == ANNOUNCED then
    count.arrived = count.arrived + 1
    states.drop(id); pending.drop(id)
    store(unit, lock, id, place, offset, dueAt, firstFailed, attempt, flags, payload)
  elseif here or (not redrive and place and own(place) and decided(unit, lock, origin_of(place))) then
    count.duplicate = count.duplicate + 1
    -- A rebuild would take it for what is known of the message.
    if not here or nonce ~= '' or redrive then note(unit, place, offset + 1) end
    -- It may be what came anew after the entry was resolved, of which the journal tells further on.
    if rebuilding and here then
      state_of(unit, id)[COPY_AT] = offset
      states.touch(id)
    end
  elseif not original and late(claim, offset) then
    count.late = count.late + 1
  else
    if not place or (not own(place) and not original) then
      lock = lock or open(unit, false)
      local last = last_place(lock)
      place = place_of(last ~= '' and origin_of(last) or 0) .. place_of(offset + 1)
    end
    lock, id = link(unit, place, false)
    if redrive then tell('redriven', unit, place, attempt, redrive) end
    if gated and own(place) and flags >= ANNOUNCED_FLAG then
      lock[KNOWN_TO] = math.max(lock[KNOWN_TO], origin_of(place))
    end
    local kind = attempt > 0 and 'failed' or 'behind'
    count[kind] = count[kind] + 1
    store(unit, lock, id, place, offset, dueAt, firstFailed, attempt, flags, payload)
    if original and unanswered > 0 then
      state_of(unit, id)[UNANSWERED] = unanswered
      states.touch(id)
    end
  end
end
put('cursor', ARGV[5])
if redriven.least < math.huge then
  local overflow = call('ZCARD', REDRIVEN) - REDRIVEN_LIMIT
  if overflow > 0 then call('ZPOPMIN', REDRIVEN, overflow) end
end
return commit({ count.failed, count.behind, count.again, count.arrived, count.duplicate, count.late, count.moved }, true)
