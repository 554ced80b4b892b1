-- A reader begins with partitions of the topic. Where Redis has lost the index, or has that of a topic that was deleted and
-- made anew, it begins from nothing.
-- KEYS: those of every script, of partition 0, then the bits of the other partitions
-- ARGV: run, topic's id ('' = unknown), nonce, partitions of the topic, partition and cursor of it that lie behind the end for
--   sure ('' both: none), then for each to be read: partition, first offset, end
-- returns topic's id, then for each: cursor; or {MORE, partitions}: the keys of so many are needed; or {CURSOR, cursor,
--   partition}: it lies behind the end that was given
local topic, nonce, partitions, FROM = ARGV[2], ARGV[3], tonumber(ARGV[4]), 7
local incarnation, before, known = unpack(call('HMGET', META, 'incarnation', 'topic', 'partitions'))
known = tonumber(known) or 0
if known > partitions and #KEYS < 9 + 2 * known then return { 'MORE', known } end

local other = not ready(incarnation) or known > partitions or before ~= '' and topic ~= '' and before ~= topic
if not other and ARGV[5] ~= '' then other = call('HGET', META, 'c' .. ARGV[5]) == ARGV[6] end
if other then
  for i = 1, #KEYS, 100 do call('UNLINK', unpack(KEYS, i, math.min(i + 99, #KEYS))) end
  call('HSET', META, 'incarnation', RUN .. ':' .. nonce, 'topic', topic, 'open', 0)
  before = topic
elseif before == '' then
  call('HSET', META, 'topic', topic)
  before = topic
end
call('HSET', META, 'partitions', partitions)
local cursors = {}
for i = FROM, #ARGV, 3 do
  local p, first, last = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if call('HSETNX', META, 'c' .. p, first) == 1 then
    call('HSET', META, 't' .. p, last, 'f' .. p, first, 'b' .. p, text(tonumber(first) - tonumber(first) % 8))
  end
  local cursor = call('HGET', META, 'c' .. p)
  if tonumber(cursor) > tonumber(last) then return { 'CURSOR', cursor, p } end
  cursors[#cursors + 1] = cursor
end
return { 'OK', before, unpack(cursors) }
