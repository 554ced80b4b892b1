-- Dead letters are listed, and the cursor moves, in one step: read twice, they change nothing.
-- ARGV: run, topic's id, partition, cursor before, cursor after, rows at most, how many names, then for each: group's hash,
--   reason and class; then all dead letters as one: bytes that follow (2), id, row as it is while it is open
-- returns how many are open, rows that were left out for the limit, second copies
local topic, P, limit, names, FIRST = ARGV[2], ARGV[3], tonumber(ARGV[6]), tonumber(ARGV[7]), 8
local meta = call('HMGET', META, 'incarnation', 'topic', 'c' .. P, 'b' .. P, 'open')
if not ready(meta[1]) or meta[2] ~= topic or not meta[3] then return { 'NOT_READY' } end
if meta[3] ~= ARGV[4] then return { 'CURSOR', meta[3] } end
local base, open, copies = tonumber(meta[4]), tonumber(meta[5]), 0

-- Above so many groups the rest is one.
local lumped, groups = {}, call('HLEN', NAMES)
for i = FIRST, FIRST + 2 * names - 1, 2 do
  if groups < GROUPS_LIMIT then groups = groups + call('HSETNX', NAMES, ARGV[i], ARGV[i + 1])
  elseif call('HEXISTS', NAMES, ARGV[i]) == 0 then lumped[ARGV[i]] = true end
end
if next(lumped) then call('HSET', NAMES, NONE, '') end

local ids, rows, sames = {}, {}, {}
local batch, at = ARGV[#ARGV], 1
while at < #batch do
  local n, size = #ids + 1, struct.unpack('>I2', batch, at)
  ids[n], rows[n], sames[n] = batch:sub(at + 2, at + 11), batch:sub(at + 12, at + 1 + size), batch:sub(at + 35, at + 42)
  at = at + 2 + size
end
local firsts = #ids > 0 and call('HMGET', SAME, unpack(sames)) or {}
local ahead = #ids > 0 and call('HLEN', AHEAD) > 0 and call('HMGET', AHEAD, unpack(ids)) or {}
local here, openBits, settledBits = {}, {}, {}
local newRows, newSame, newOpen, newKeys, newGroups = lists['HSET' .. ROWS], lists['HSET' .. SAME], lists['ZADD' .. OPEN],
  lists['ZADD' .. BY_KEY], lists['ZADD' .. GROUPS]

for i, id in ipairs(ids) do
  local row, same = rows[i], sames[i]
  local member, key, group = row:sub(2, 7) .. id, row:sub(8, 15), row:sub(16, 23)
  local first = same ~= NONE and (firsts[i] or here[same])
  local bits = settledBits
  if first then
    copies = copies + 1
    row = '2' .. row:sub(2, 37) .. string.char(#first) .. first .. row:sub(39)
    put('ZADD', PAST, 0, member)
  elseif ahead[i] then
    local status, settledAt, by = struct.unpack('>c1I6Bc0', ahead[i])
    row = status .. row:sub(2, 31) .. struct.pack('>I6B', settledAt, #by) .. by .. row:sub(39)
    put('ZADD', PAST, 0, member)
  else
    open, bits = open + 1, openBits
    if lumped[group] then
      group = NONE
      row = row:sub(1, 15) .. NONE .. row:sub(24)
    end
    local n, g = #newOpen, #newGroups
    newOpen[n + 1], newOpen[n + 2], newGroups[g + 1], newGroups[g + 2] = 0, member, 0, group .. member
  end
  if ahead[i] then put('HDEL', AHEAD, id) end
  if key ~= NONE then
    local n = #newKeys
    newKeys[n + 1], newKeys[n + 2] = 0, key .. member
  end
  if same ~= NONE and not first then
    here[same] = id
    local n = #newSame
    newSame[n + 1], newSame[n + 2] = same, id
  end
  local n, b = #newRows, #bits
  newRows[n + 1], newRows[n + 2] = id, row
  bits[b + 1], bits[b + 2], bits[b + 3], bits[b + 4] = 'SET', 'u1', text(struct.unpack('>I6', id, 5) - base), 1
end
write()
variadic('BITFIELD', OPEN_BITS, openBits)
variadic('BITFIELD', SETTLED_BITS, settledBits)
call('HSET', META, 'c' .. P, ARGV[5], 'open', text(open))

-- The oldest go: first of those that nothing is to be done about.
local left = call('ZCARD', OPEN) + call('ZCARD', PAST) - limit
local out = {}
if left > 0 then
  left = math.min(left, 120)
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
