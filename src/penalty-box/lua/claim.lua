-- A consumer takes a main partition: it gets the claimEpoch and the list of locked and known keys, in one step.
-- ARGV: run, now, consumerId, generation ('' = unknown), call ('' = none), claimTtl, end of the retry partition when the
--   call arrived, group's committed offset (-1), gateListLimit, whether it can hold records (1 | 0), then 6 for each outstanding record:
--   unit, origin, attempt, error class, error message, fatal
-- returns claimEpoch, incarnation, complete (1 | 0), nullKeyUpTo, seen, unanswered offset or -1, keys...
if not ready() then return { 'NOT_READY' } end
local behind = number('behind') == 1
if number('cursor') < tonumber(ARGV[7]) and not behind then return { 'BEHIND' } end
local consumer, generation, callNumber, limit = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[9])

local alive = NOW - number('claimRenewedAt') < tonumber(ARGV[6])
local present = tonumber(meta.claimGeneration or '')
if generation and present and alive and generation < present then return { 'FENCED' } end

-- A call that was given up must not take effect later: the last call of each recent consumer is kept.
local calls = meta.calls and meta.calls ~= '' and cmsgpack.unpack(meta.calls) or {}
for i, made in ipairs(calls) do
  if made[1] == consumer then
    if callNumber and callNumber <= made[2] then return { 'FENCED' } end
    table.remove(calls, i)
    break
  end
end
if callNumber then table.insert(calls, 1, { consumer, callNumber }) end
while #calls > 64 do table.remove(calls) end
put('calls', cmsgpack.pack(calls))

-- The claim that ends now may have died of a record: of those admitted under it and unanswered, the first is counted.
local unanswered = -1
if meta.claimEpoch then
  local from = math.max(0, tonumber(ARGV[8]))
  local copies = call('ZRANGEBYSCORE', FLIGHT, from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1000)
  for i = 1, #copies, 2 do
    local id = copies[i]
    local state = states.get(id)
    if state[STATUS] == FLOWN and state[ADMITTED] == meta.claimEpoch then
      state[UNANSWERED] = state[UNANSWERED] + 1
      states.touch(id)
      note(state[UNIT], place_in(id))
      unanswered = tonumber(copies[i + 1])
      break
    end
  end
end

put('claimEpoch', text(math.max(number('claimEpoch') + 1, NOW)))
put('claimConsumer', consumer)
put('claimGeneration', ARGV[4])
put('claimRenewedAt', NOW)
put('claimEnd', ARGV[7])
put('claimUsed', 0)
put('claimHolds', ARGV[10])
put('changesFrom', number('seen'))
call('DEL', CHANGES)

announce_outstanding(11)

local nullKeyUpTo = tonumber(meta.nullKeyUpTo) or -1
if number('nullUnits') == 0 and nullKeyUpTo < number('settled') then nullKeyUpTo = -1 end
local result = { meta.claimEpoch, meta.incarnation, 1, nullKeyUpTo, number('seen'), unanswered }
local reply = commit(result)
if behind or call('HLEN', LOCKS) + call('ZCARD', KNOWN) > limit then
  result[3] = 0
  return reply
end
local listed = {}
local function list(units)
  for _, unit in ipairs(units) do
    if unit:sub(1, 1) == 'k' and not listed[unit] then
      listed[unit] = true
      result[#result + 1] = unit:sub(2)
    end
  end
end
list(call('HKEYS', LOCKS))
list(call('ZRANGE', KNOWN, 0, -1))
return reply
