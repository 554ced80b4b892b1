-- One lock with its entries in order.
-- ARGV: run, now, unit, at most this many entries
-- returns lock (packed), due time or '', then 4 for each entry: id, state (packed or ''), start of the record or '',
--   offset of its copy in flight or -1
if not ready() then return { 'NOT_READY' } end
local lock = locks.get(ARGV[3])
if not lock then return commit({}, true) end
local dueAt = due.get(ARGV[3])
local result = { cmsgpack.pack(lock), dueAt and text(math.floor(dueAt)) or '' }
local ids = lock[HEAD] ~= '' and neighbours(lock, tonumber(ARGV[4]) - 1) or {}
if lock[HEAD] ~= '' then table.insert(ids, 1, id_of(lock, lock[HEAD])) end
for _, id in ipairs(ids) do
  local state, record = states.get(id), records.get(id)
  result[#result + 1] = id
  result[#result + 1] = state and cmsgpack.pack(state) or ''
  -- 21 bytes about the record, then the error's class and message and the origin, which a payload begins with.
  result[#result + 1] = record and record:sub(1, 21 + 4 + 256 + 1024 + 19 + 256) or ''
  result[#result + 1] = flight.get(id) or -1
end
return commit(result, true)
