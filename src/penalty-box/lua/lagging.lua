-- The entries whose retry records lie before an offset, a page of the box at a time.
-- ARGV: run, now, ownerEpoch, retry offset, where the page begins ('0' = the first)
-- returns where the next page begins ('0' = there is none), then ids
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
if not ready() then return { 'NOT_READY' } end
local page = call('HSCAN', RECORDS, ARGV[5], 'COUNT', 500)
local result = { page[1] }
for i = 1, #page[2], 2 do
  if (read_record(page[2][i + 1])) < tonumber(ARGV[4]) then result[#result + 1] = page[2][i] end
end
return { 'OK', '', 0, {}, result }
