-- Whether dead letters of one partition are open.
-- ARGV: run, partition, offsets (6 each)
-- returns cursor, the offset from which on the partition counts as restored, then for each: o pen, s ettled or second copy,
--   g one with retention, - none
local P, offsets = ARGV[2], ARGV[3]
local meta = call('HMGET', META, 'incarnation', 'c' .. P, 't' .. P, 'b' .. P, 'f' .. P)
if not ready(meta[1]) or not meta[2] then return { 'NOT_READY' } end
local base, first, gets, result = tonumber(meta[4]), tonumber(meta[5]), {}, {}
for i = 1, #offsets, 6 do
  -- Redis has no bit beyond 2^32: nothing was read there.
  local offset = math.min(math.max(struct.unpack('>I6', offsets, i), base), base + 4294967295)
  gets[#gets + 1] = 'GET'; gets[#gets + 1] = 'u1'; gets[#gets + 1] = text(offset - base)
end
local open = #gets > 0 and call('BITFIELD', OPEN_BITS, unpack(gets)) or {}
local settled = #gets > 0 and call('BITFIELD', SETTLED_BITS, unpack(gets)) or {}
for i = 1, #offsets, 6 do
  local n = #result + 1
  local offset = struct.unpack('>I6', offsets, i)
  local far = offset > base + 4294967295
  result[n] = offset < first and 'g' or far and '-' or open[n] == 1 and 'o' or settled[n] == 1 and 's' or '-'
end
return { 'OK', meta[2], meta[3], table.concat(result) }
