-- Dead letters are listed, and the cursor moves, in one step: read twice, they change nothing.
-- ARGV: run, topic's id, partition, cursor before, cursor after, rows at most, then each dead letter: offset, time (6 each),
--   hash of the key, of reason and class, of what makes it the same (8 each), reason and class (2 + text), facts
-- returns how many are open, rows that were left out for the limit, second copies
local topic, P, limit, FIRST = ARGV[2], ARGV[3], tonumber(ARGV[6]), 7
local meta = call('HMGET', META, 'incarnation', 'topic', 'c' .. P, 'b' .. P, 'open')
if not ready(meta[1]) or meta[2] ~= topic or not meta[3] then return { 'NOT_READY' } end
if meta[3] ~= ARGV[4] then return { 'CURSOR', meta[3] } end
local base, open, copies = tonumber(meta[4]), tonumber(meta[5]), 0

local items, ids, sames, groups = {}, {}, {}, {}
for i = FIRST, #ARGV do
  local offset, at, key, group, same, name, tail = struct.unpack('>I6I6c8c8c8I2c0', ARGV[i])
  local id = id_of(tonumber(P), offset)
  items[#items + 1] = { offset, at, key, group, same, name, ARGV[i]:sub(tail), id }
  ids[#ids + 1], sames[#sames + 1], groups[#groups + 1] = id, same, group
end
local firsts = #items > 0 and call('HMGET', SAME, unpack(sames)) or {}
local named = #items > 0 and call('HMGET', NAMES, unpack(groups)) or {}
local names = call('HLEN', NAMES)
local ahead = #items > 0 and call('HLEN', AHEAD) > 0 and call('HMGET', AHEAD, unpack(ids)) or {}
local here, openBits, settledBits = {}, {}, {}

-- Above so many groups the rest is one.
local function group_of(i, group, name)
  if named[i] or here[group] then return group end
  if names >= GROUPS_LIMIT then group, name = NONE, '' end
  if not here[group] then
    here[group], names = true, names + 1
    put('HSET', NAMES, group, name)
  end
  return group
end

for i, item in ipairs(items) do
  local offset, at, key, group, same, name, tail, id = unpack(item)
  local member = struct.pack('>I6', at) .. id
  local first = same ~= NONE and (firsts[i] or here['same' .. same])
  local status, settledAt, by = 'o', 0, ''
  if first then
    status, copies = '2', copies + 1
    by = first
  elseif ahead[i] then
    status, settledAt, by = struct.unpack('>c1I6Bc0', ahead[i])
  end
  if ahead[i] then put('HDEL', AHEAD, id) end
  if status == 'o' then
    open = open + 1
    group = group_of(i, group, name)
    put('ZADD', OPEN, 0, member)
    put('ZADD', GROUPS, 0, group .. member)
  else
    put('ZADD', PAST, 0, member)
  end
  if key ~= NONE then put('ZADD', BY_KEY, 0, key .. member) end
  if same ~= NONE and not first then
    here['same' .. same] = id
    put('HSET', SAME, same, id)
  end
  put('HSET', ROWS, id, struct.pack('>c1I6c8c8c8I6B', status, at, key, group, same, settledAt, #by) .. by .. tail)
  local bits = status == 'o' and openBits or settledBits
  bits[#bits + 1] = 'SET'; bits[#bits + 1] = 'u1'; bits[#bits + 1] = text(offset - base); bits[#bits + 1] = 1
end
write()
variadic('BITFIELD', OPEN_BITS, openBits)
variadic('BITFIELD', SETTLED_BITS, settledBits)
call('HSET', META, 'c' .. P, ARGV[5], 'open', text(open))

-- The oldest go: first of those that nothing is to be done about.
local left = call('ZCARD', OPEN) + call('ZCARD', PAST) - limit
local out = {}
if left > 0 then
  left = math.min(left, 500)
  for _, set in ipairs({ PAST, OPEN }) do
    for _, member in ipairs(call('ZRANGE', set, 0, left - #out - 1)) do out[#out + 1] = member:sub(7) end
    if set == PAST and #out > 0 then call('HSET', META, 'pastEvicted', 1) end
    if #out >= left then break end
  end
  for _, change in ipairs(changes) do
    for i = #change[3], 1, -1 do change[3][i] = nil end
  end
  for i, row in ipairs(rows_of(out)) do
    if row then drop(out[i], row) end
  end
  write()
end
return { 'OK', text(open), #out, copies }
