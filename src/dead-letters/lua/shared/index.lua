-- Prepended to every operation on the index of a route's dead letters. All keys are in one hash slot.
-- ARGV[1] run id of the server that the caller's connection was made to.
-- Every reply starts with a status: OK | NOT_READY (Redis has lost the index, or has that of another topic) | CURSOR.
--
-- meta: incarnation, topic (its id), partitions, open (how many are), pastEvicted, and for each partition p of the topic:
--   c<p> cursor, t<p> restored when the cursor is there, f<p> everything before it is gone, b<p> offset of the first bit
-- rows: id -> row; id: partition (4), offset (6)
-- row: status (1: o pen, r edriven, d ismissed, s uperseded, 2 nd copy), time (6), hash of the key, of reason and error class,
--   of what makes it the same as a second copy (8 each, zeros = none), settled at (6), by (1 + text); the caller's facts
-- open, past: sorted sets of time + id: rows that are open, and the others
-- keys: sorted set of hash of the key + time + id          groups: of hash of reason and class + time + id: open rows alone
-- names: hash of reason and class -> both                  same: what makes copies the same -> id of the first
-- ahead: id -> settlement of what has not been read yet
-- openBits, settledBits: of one partition, a bit for each offset: also of dead letters that have no row any more
local META, ROWS, OPEN, PAST, BY_KEY, GROUPS, NAMES, SAME, AHEAD, OPEN_BITS, SETTLED_BITS = unpack(KEYS)
local RUN = ARGV[1]
local call = redis.call
local HEAD, NONE, GROUPS_LIMIT = '>c1I6c8c8c8I6Bc0', string.rep('\0', 8), 1000

local function text(number) return string.format('%d', number) end
local function id_of(partition, offset) return struct.pack('>I4I6', partition, offset) end

-- Lua's unpack() overflows its stack near 8,000 values.
local function variadic(command, key, values)
  for from = 1, #values, 2000 do
    call(command, key, unpack(values, from, math.min(from + 1999, #values)))
  end
end

local function ready(incarnation)
  return incarnation and incarnation:sub(1, #RUN + 1) == RUN .. ':'
end

-- Writes put off until write(): one command for each key.
local changes = { { 'HSET', ROWS }, { 'HDEL', ROWS }, { 'ZADD', OPEN }, { 'ZREM', OPEN }, { 'ZADD', PAST }, { 'ZREM', PAST },
  { 'ZADD', BY_KEY }, { 'ZREM', BY_KEY }, { 'ZADD', GROUPS }, { 'ZREM', GROUPS }, { 'HSET', NAMES }, { 'HSET', SAME },
  { 'HDEL', SAME }, { 'HSET', AHEAD }, { 'HDEL', AHEAD } }
local lists = {}
for i, change in ipairs(changes) do
  change[3] = {}
  lists[change[1] .. change[2]] = change[3]
end
local function put(command, key, ...)
  local list = lists[command .. key]
  for _, value in ipairs({ ... }) do list[#list + 1] = value end
end
local emptied = {}
local function write()
  for _, change in ipairs(changes) do
    if #change[3] > 0 then variadic(change[1], change[2], change[3]) end
  end
  for group in pairs(emptied) do
    if #call('ZRANGEBYLEX', GROUPS, '[' .. group, '[' .. group .. '\255', 'LIMIT', 0, 1) == 0 then call('HDEL', NAMES, group) end
  end
end

-- Takes a row out of the details; its bits stay.
local function drop(id, row)
  local status, at, key, group, same = struct.unpack(HEAD, row)
  local member = struct.pack('>I6', at) .. id
  put('HDEL', ROWS, id)
  put('ZREM', status == 'o' and OPEN or PAST, member)
  if key ~= NONE then put('ZREM', BY_KEY, key .. member) end
  if status == 'o' then
    put('ZREM', GROUPS, group .. member)
    emptied[group] = true
  end
  if same ~= NONE and status ~= '2' then put('HDEL', SAME, same) end
end

local function rows_of(ids)
  return #ids == 0 and {} or call('HMGET', ROWS, unpack(ids))
end
