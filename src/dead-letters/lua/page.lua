-- Rows in the order of one of the sorted sets, the last first.
-- ARGV: run, open | past | keys | groups, from, down to (as ZREVRANGEBYLEX takes them), at most
-- returns member and row for each
if not ready(call('HGET', META, 'incarnation')) then return { 'NOT_READY' } end
local sets = { open = OPEN, past = PAST, keys = BY_KEY, groups = GROUPS }
local members, ids = call('ZREVRANGEBYLEX', sets[ARGV[2]], ARGV[3], ARGV[4], 'LIMIT', 0, ARGV[5]), {}
for i, member in ipairs(members) do ids[i] = member:sub(-10) end
local result = { 'OK' }
for i, row in ipairs(rows_of(ids)) do
  result[2 * i], result[2 * i + 1] = members[i], row or ''
end
return result
