-- The owner takes what is due: heads alone, draining locks in windows, used-up heads for the dead-letter topic.
-- ARGV: run, now, ownerEpoch, at most this many entries, window, maxAttempts, maxAge (0 = none), nonce prefix
-- returns facts of all entries, then their records; the nonce is the prefix and the entry's place in the answer
--   facts: id (1 + text), unit (4 + text), attempts so far (2 bytes), first failed at, due at (6 each), dead-letter
--   reason ('' = redeliver; 1 + text), error class, error message (2 + text each)
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
if not ready() then return { 'NOT_READY' } end
local room, widest, maxAttempts, maxAge = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local facts, jobs = {}, { '' }

local heads, units, dueAt = {}, {}, call('ZRANGEBYSCORE', DUE, '-inf', '(' .. text(NOW + 1), 'WITHSCORES', 'LIMIT', 0, room)
for i = 1, #dueAt, 2 do units[#units + 1] = dueAt[i] end
locks.fetch(units)
for i, unit in ipairs(units) do heads[i] = id_of(locks.get(unit), locks.get(unit)[HEAD]) end
states.fetch(heads)
records.fetch(heads)

local function used_up(state)
  if state[REASON] ~= '' then return state[REASON] end
  if state[UNANSWERED] >= maxAttempts then return 'unanswered' end
  if state[FATAL] == 1 then return 'fatal' end
  if state[GRACE] > state[ATTEMPT] then return '' end
  if state[ATTEMPT] >= maxAttempts then return 'exhausted' end
  if maxAge > 0 and state[FIRST_FAILED] > 0 and NOW - state[FIRST_FAILED] >= maxAge then return 'expired' end
  return ''
end

local function take(unit, lock, id, state, status, reason, dueAt)
  state[STATUS], state[NONCE], state[ADMITTED] = status, ARGV[8] .. #facts, ''
  states.touch(id)
  flight.put(id, -1)
  lock[FLYING] = lock[FLYING] + 1
  local class, message = state[ERROR_CLASS], state[ERROR_MESSAGE]
  facts[#facts + 1] = struct.pack('>Bc0I4c0I2I6I6Bc0I2c0I2c0', #id, id, #unit, unit, state[ATTEMPT], state[FIRST_FAILED],
    tonumber(dueAt), #reason, reason, #class, class, #message, message)
  jobs[#jobs + 1] = records.get(id)
end

for i, unit in ipairs(units) do
  local lock, id = locks.get(unit), heads[i]
  if room <= 0 then break end
  local state = state_of(unit, id)
  local reason = used_up(state)
  due.drop(unit)
  locks.touch(unit)
  lock[TRIED] = state[ATTEMPT]
  take(unit, lock, id, state, reason == '' and FLOWN or CONDEMNED, reason, dueAt[2 * i])
  room = room - 1
  if reason == '' and lock[DRAINING] == 1 then
    local window = math.min(lock[WINDOW], widest, room + 1) - 1
    for _, nextId in ipairs(window > 0 and neighbours(lock, window) or {}) do
      local follower = states.get(nextId)
      if follower and follower[STATUS] ~= HELD then break end
      follower = state_of(unit, nextId)
      if used_up(follower) ~= '' or follower[DUE_AT] > NOW then break end
      take(unit, lock, nextId, follower, FLOWN, '', dueAt[2 * i])
      room = room - 1
    end
  end
end
jobs[1] = table.concat(facts)
return commit(jobs, true)
