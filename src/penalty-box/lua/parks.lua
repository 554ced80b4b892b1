-- Parks are told to Kafka anew, a page of locks at a time: the checkpoint does not pass what tells of them.
-- ARGV: run, now, ownerEpoch, where the page begins ('0' = the first), or '' and the retry offset from which on Kafka has
--   been told of all of them
-- returns where the next page begins ('0' = there is none)
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
if not ready() then return { 'NOT_READY' } end
if ARGV[4] == '' then
  put('parksFrom', ARGV[5])
  return commit({ '0' }, true)
end
local page = call('HSCAN', LOCKS, ARGV[4], 'COUNT', 500)
for i = 1, #page[2], 2 do
  if cmsgpack.unpack(page[2][i + 1])[PARKED] == 1 then note_park(page[2][i]) end
end
return commit({ page[1] }, true)
