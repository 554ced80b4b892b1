-- A lock's entries as they are stored, in order, a page at a time: what its owner writes to a retry topic that was made anew.
-- ARGV: run, now, ownerEpoch, unit, id of the last one of the page before ('' = from the head on), at most this many
-- returns knownUpTo (-1 = none), what replay.lua reads of a park or '', then 3 for each entry: id, state (packed or ''), record or ''
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
local lock, after, limit = locks.get(ARGV[4]), ARGV[5], tonumber(ARGV[6])
if not lock then return commit({}, true) end
local ids = {}
if after ~= '' then
  ids = call('ZRANGEBYLEX', QUEUE, '(' .. after, '(' .. struct.pack('>I6', lock[LID] + 1), 'LIMIT', 0, limit)
elseif lock[HEAD] ~= '' then
  ids = neighbours(lock, limit - 1)
  table.insert(ids, 1, id_of(lock, lock[HEAD]))
end
local result = { lock[KNOWN_TO], lock[PARKED] == 0 and '' or cmsgpack.pack({ ARGV[4], '', 0, 1 }) }
for _, id in ipairs(ids) do
  local state = states.get(id)
  result[#result + 1] = id
  result[#result + 1] = state and cmsgpack.pack(state) or ''
  result[#result + 1] = records.get(id) or ''
end
return commit(result, true)
