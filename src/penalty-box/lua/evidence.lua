-- What the group's committed offset proves, once the retry partition has been read to an end that was observed after it.
-- ARGV: run, now, ownerEpoch, gated (1 | 0), committed in the main topic (-1 = never), end of the retry partition,
--   committed, first and end offset of the topic that redeliveries go to (-1 = unknown)
-- While the shard is behind (behind.lua), only copies in flight are looked at.
-- returns checkpoint, whether parks alone hold it back (1 | 0), held messages, succeeded, redelivered, forgotten,
--   more (1 | 0), reaped origins...
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
if not ready() then return { 'NOT_READY' } end
local read = number('cursor') >= tonumber(ARGV[6])
-- Where reading has stopped, what a gate passed over is redelivered all the same: its failure would not be in the retry topic.
if not read and not (number('behind') == 1 and ARGV[4] == '1') then return { 'BEHIND' } end
local gated, committed, passed, first = ARGV[4] == '1', tonumber(ARGV[5]), tonumber(ARGV[7]), tonumber(ARGV[8])
if not read then committed = -1 end
local PAGE, more = 1000, 0
local function below(key, score)
  local members = call('ZRANGEBYSCORE', key, 0, '(' .. text(score), 'LIMIT', 0, PAGE, 'WITHSCORES')
  if #members == 2 * PAGE then more = 1 end
  return members
end

-- Somebody has moved the offsets back to see the records again: what was forgotten stays so for locked keys too.
local before = number('settled')
if committed >= 0 and committed < before then
  for _, unit in ipairs(call('HKEYS', LOCKS)) do
    local lock = locks.get(unit)
    if lock[KNOWN_TO] < before then
      lock[KNOWN_TO] = -1
      locks.touch(unit)
    end
  end
end
if committed >= 0 then put('settled', committed) end

-- Admitted, so it lies in Kafka, but whoever published it did not live to note where. What was so a round ago lies below
-- the end that was observed since.
local ended = tonumber(ARGV[9])
local lost = ended < 0 and {} or call('ZRANGEBYSCORE', FLIGHT, -2, -1, 'WITHSCORES', 'LIMIT', 0, PAGE)
for i = 1, #lost, 2 do
  local state = states.get(lost[i])
  if state[STATUS] == FLOWN and state[ADMITTED] ~= '' then
    flight.put(lost[i], tonumber(lost[i + 1]) == -1 and -2 or ended - 1)
  end
end

local succeeded, redelivered, forgotten, reaped = 0, 0, 0, {}
local inFlight = below(FLIGHT, math.max(passed, first))
for i = 1, #inFlight, 2 do
  local id, offset = inFlight[i], tonumber(inFlight[i + 1])
  local state = states.get(id)
  if state[STATUS] == FLOWN then
    local unit = state[UNIT]
    local lock = locks.get(unit)
    if gated or offset >= passed then
      land(lock, id, state)
      advance(unit, lock)
      redelivered = redelivered + 1
    else
      resolve(unit, lock, place_in(id), 'succeeded')
      succeeded = succeeded + 1
    end
  end
end

if committed >= 0 then
  local passedPending = below(PENDING, committed)
  for i = 1, #passedPending, 2 do
    local state = states.get(passedPending[i])
    resolve(state[UNIT], locks.get(state[UNIT]), place_in(passedPending[i]), 'reaped')
    reaped[#reaped + 1] = passedPending[i + 1]
  end
  local passedSettling = below(SETTLING, committed)
  for i = 1, #passedSettling, 2 do
    mark(tonumber(passedSettling[i]), 0)
    settling.drop(passedSettling[i])
  end
  local passedKnown = below(KNOWN, committed)
  for i = 1, #passedKnown, 2 do
    known.drop(passedKnown[i])
    if not locks.get(passedKnown[i]) then changed(passedKnown[i]) end
    forgotten = forgotten + 1
  end
end
local HOUR = 3600000
local old = call('ZRANGEBYSCORE', REDRIVEN, '-inf', text(NOW - HOUR), 'LIMIT', 0, PAGE)
if #old > 0 then call('ZREM', REDRIVEN, unpack(old)) end
local overflow = call('ZCARD', CHANGES) - 10000
if overflow > 0 then
  local dropped = call('ZPOPMIN', CHANGES, overflow)
  put('changesFrom', tonumber(dropped[#dropped]))
end

local reply = commit({}, true)
local base, bit = number('base'), call('BITPOS', UNRESOLVED, 1)
if bit < 0 then
  call('DEL', UNRESOLVED)
  base, bit = number('cursor'), 0
elseif bit > 262144 then
  -- 32 KiB of zeros in front: cut them off.
  local bytes = math.floor(bit / 8)
  call('SET', UNRESOLVED, call('GETRANGE', UNRESOLVED, bytes, -1))
  base, bit = base + bytes * 8, bit - bytes * 8
end
call('HSET', META, 'base', text(base))
local checkpoint, least = base + bit, number('parked') > 0 and number('parksFrom') or math.huge
reply[5] = { text(math.min(checkpoint, least)), least < checkpoint and 1 or 0, call('HLEN', RECORDS), succeeded, redelivered, forgotten, more }
for _, origin in ipairs(reaped) do table.insert(reply[5], origin) end
return reply
