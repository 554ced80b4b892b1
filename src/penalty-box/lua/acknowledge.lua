-- Kafka acknowledged redeliveries: where their copies lie is the evidence about them later.
-- ARGV: run, now, ownerEpoch, then 3 for each: id, nonce, offset of the copy
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
if not ready() then return { 'NOT_READY' } end
local ids = {}
for i = 4, #ARGV, 3 do ids[#ids + 1] = ARGV[i] end
states.fetch(ids)
for i = 4, #ARGV, 3 do
  local id, offset = ARGV[i], tonumber(ARGV[i + 2])
  local state = states.get(id)
  if state and state[NONCE] == ARGV[i + 1] and state[STATUS] == FLOWN then
    flight.put(id, offset)
  end
end
return commit({}, true)
