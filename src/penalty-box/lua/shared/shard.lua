-- Prepended to every operation. One shard's state is held in fifteen keys of one hash slot; what a script reads is read
-- once, what it changes is kept in Lua tables and written by commit() in a few variadic commands: a batch of 1,000
-- records costs about 15 Redis commands instead of 10,000.
--
-- ARGV[1] run id of the server that the caller's connection was made to     ARGV[2] now, epoch ms on Redis' clock
-- KEYS[16], where it is given and no other one: holds nothing, and says that the caller wants to hear what was changed (tell()).
-- Every reply starts with a status: OK | NOT_READY | FENCED | BEHIND | CURSOR.
local META, LOCKS, RECORDS, STATES, QUEUE, DUE, FLIGHT, PENDING, KNOWN, CHANGES, UNRESOLVED, SETTLING, JOURNAL, REDRIVEN, AGES, TELL =
  unpack(KEYS)
if TELL == META then TELL = nil end
local RUN, NOW = ARGV[1], tonumber(ARGV[2])
local call = redis.call

local function text(value)
  if type(value) ~= 'number' then return value end
  return string.format(value % 1 == 0 and '%d' or '%.3f', value)
end

-- Lua's unpack() overflows its stack near 8,000 values.
local function variadic(command, key, values, step)
  for from = 1, #values, step do
    call(command, key, unpack(values, from, math.min(from + step - 1, #values)))
  end
end

local meta, metaChanged = {}, {}
do
  local flat = call('HGETALL', META)
  for i = 1, #flat, 2 do meta[flat[i]] = flat[i + 1] end
end
local function number(name) return tonumber(meta[name]) or 0 end
local function put(name, value) meta[name] = value; metaChanged[name] = true end
local function add(name, by) put(name, number(name) + by) end

-- Rises with every change in the form of what is stored: a version that finds another one rebuilds the shard from Kafka.
local LAYOUT = '3'
local function ready()
  return meta.incarnation ~= nil and meta.layout == LAYOUT and meta.incarnation:sub(1, #RUN + 1) == RUN .. ':'
end

-- Where nobody is the owner, Redis has lost the shard: its owner has to hear of that, not of another one.
local function not_the_owner() return { meta.ownerEpoch and 'FENCED' or 'NOT_READY' } end

-- The rows of a hash: read at most once, written at most once.
local function rows_of(key, decode, encode)
  local rows, changed = {}, {}
  local self = {}
  local function keep(field, raw) rows[field] = raw and decode(raw) or false end
  function self.fetch(fields)
    for from = 1, #fields, 1000 do
      local upto = math.min(from + 999, #fields)
      local raw = call('HMGET', key, unpack(fields, from, upto))
      for i = from, upto do
        if rows[fields[i]] == nil then keep(fields[i], raw[i - from + 1]) end
      end
    end
  end
  function self.get(field)
    if rows[field] == nil then keep(field, call('HGET', key, field)) end
    return rows[field]
  end
  function self.put(field, row) rows[field] = row; changed[field] = true end
  function self.touch(field) changed[field] = true end
  function self.drop(field) self.put(field, false) end
  function self.commit()
    local sets, gone = {}, {}
    for field in pairs(changed) do
      if rows[field] then
        sets[#sets + 1] = field
        sets[#sets + 1] = encode(rows[field])
      else
        gone[#gone + 1] = field
      end
    end
    variadic('HSET', key, sets, 2000)
    variadic('HDEL', key, gone, 2000)
  end
  return self
end

-- The scores of a sorted set, with the writes put off in the same way.
local function scores_of(key)
  local scores = {}
  local self = { least = math.huge }
  local stored
  function self.get(member)
    if scores[member] == nil then
      stored = stored or call('ZCARD', key) -- most often there is nothing to look up
      scores[member] = stored > 0 and tonumber(call('ZSCORE', key, member) or nil) or false
    end
    return scores[member]
  end
  local changed = {}
  function self.put(member, score)
    scores[member] = score; changed[member] = true
    if score and score < self.least then self.least = score end
  end
  function self.drop(member) self.put(member, false) end
  function self.commit()
    local sets, gone = {}, {}
    for member in pairs(changed) do
      if scores[member] then
        sets[#sets + 1] = text(scores[member])
        sets[#sets + 1] = member
      else
        gone[#gone + 1] = member
      end
    end
    variadic('ZADD', key, sets, 2000)
    variadic('ZREM', key, gone, 2000)
  end
  return self
end

local function same(value) return value end
local locks = rows_of(LOCKS, cmsgpack.unpack, cmsgpack.pack)
local states = rows_of(STATES, cmsgpack.unpack, cmsgpack.pack)
local records, journal = rows_of(RECORDS, same, same), rows_of(JOURNAL, same, same)
local due, flight, pending = scores_of(DUE), scores_of(FLIGHT), scores_of(PENDING)
local known, changes, settling = scores_of(KNOWN), scores_of(CHANGES), scores_of(SETTLING)
local redriven, ages = scores_of(REDRIVEN), scores_of(AGES)

-- One bit per retry-topic offset from `base` on: 1 = the checkpoint may not pass it.
local bits = {}
local function mark(offset, bit) bits[offset] = bit end

-- Locks gained and lost by this call, for the counters of the replica that made it.
local acquired, released = 0, {}

-- What this call changed, for those who publish it. A rebuild does everything anew, which is no news.
local told = {}
local function tell(kind, unit, place, attempt, detail)
  if TELL and meta.rebuilding ~= RUN then told[#told + 1] = { kind, unit, place or '', attempt or 0, detail or '' } end
end

-- Writes everything and builds the reply: {status, due time of the earliest head or '', acquired, released, result, told}.
local function commit(result, quiet)
  local fields = {}
  for name in pairs(metaChanged) do
    fields[#fields + 1] = name
    fields[#fields + 1] = text(meta[name])
  end
  variadic('HSET', META, fields, 2000)
  locks.commit(); states.commit(); records.commit(); journal.commit()
  due.commit(); flight.commit(); pending.commit(); known.commit(); changes.commit(); settling.commit()
  redriven.commit(); ages.commit()
  local flips, base = {}, number('base')
  for offset, bit in pairs(bits) do
    if offset >= base then
      flips[#flips + 1] = 'SET'; flips[#flips + 1] = 'u1'
      flips[#flips + 1] = text(offset - base); flips[#flips + 1] = bit
    end
  end
  variadic('BITFIELD', UNRESOLVED, flips, 4000)
  local earliest = call('ZRANGE', DUE, 0, 0, 'WITHSCORES')[2] or ''
  -- The owner may be another replica: wake it when there is something to do earlier than before.
  if not quiet and earliest ~= '' and due.least <= tonumber(earliest) then
    call('PUBLISH', META, earliest)
  end
  return { 'OK', earliest, acquired, released, result, TELL and told }
end
