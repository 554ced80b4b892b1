-- What became of dead letters of one partition. Done twice it changes nothing; the first settlement stays.
-- ARGV: run, topic's id ('' = as the index has it), partition, cursor ('' = not read from the topic), how (r | d | s), at, by,
--   offsets (6 each)
-- returns how many are open, then the ids of which one of these is a second copy
local topic, P, how, at, by, offsets = ARGV[2], ARGV[3], ARGV[5], tonumber(ARGV[6]), ARGV[7], ARGV[8]
local meta = call('HMGET', META, 'incarnation', 'topic', 'c' .. P, 'b' .. P, 'f' .. P, 'open')
if not ready(meta[1]) or topic ~= '' and meta[2] ~= topic or not meta[3] then return { 'NOT_READY' } end
if ARGV[4] ~= '' and meta[3] ~= ARGV[4] then return { 'CURSOR', meta[3] } end
local cursor, base, first, open = tonumber(meta[3]), tonumber(meta[4]), tonumber(meta[5]), tonumber(meta[6])

local asked, ids, opened, settled = {}, {}, {}, {}
for i = 1, #offsets, 6 do
  local offset = struct.unpack('>I6', offsets, i)
  if offset >= first then
    local bit = text(offset - base)
    asked[#asked + 1], ids[#ids + 1] = offset, id_of(tonumber(P), offset)
    opened[#opened + 1] = 'GET'; opened[#opened + 1] = 'u1'; opened[#opened + 1] = bit
  end
end
local isOpen = #asked > 0 and call('BITFIELD', OPEN_BITS, unpack(opened)) or {}
local rows, twins, closing = rows_of(ids), {}, {}
for i, offset in ipairs(asked) do
  local id, bit = ids[i], text(offset - base)
  local row = rows[i]
  if isOpen[i] == 1 then
    open = open - 1
    for _, word in ipairs({ 'SET', 'u1', bit, 0 }) do closing[#closing + 1] = word end
  end
  if isOpen[i] == 1 or offset >= cursor then
    for _, word in ipairs({ 'SET', 'u1', bit, 1 }) do settled[#settled + 1] = word end
  end
  if isOpen[i] ~= 1 and offset >= cursor then
    put('HSET', AHEAD, id, struct.pack('>c1I6B', how, at, #by) .. by)
  end
  if row then
    local status, time, key, group, same, _, first, tail = struct.unpack(HEAD, row)
    if status == 'o' then
      local member = struct.pack('>I6', time) .. id
      put('HSET', ROWS, id, struct.pack('>c1I6c8c8c8I6B', how, time, key, group, same, at, #by) .. by .. row:sub(tail))
      put('ZREM', OPEN, member)
      put('ZREM', GROUPS, group .. member)
      put('ZADD', PAST, 0, member)
      emptied[group] = true
    elseif status == '2' then
      twins[#twins + 1] = first
    end
  end
end
write()
variadic('BITFIELD', OPEN_BITS, closing)
variadic('BITFIELD', SETTLED_BITS, settled)
call('HSET', META, 'open', text(open))
return { 'OK', text(open), unpack(twins) }
