-- Kafka acknowledged redeliveries: where their copies lie is the evidence about them later.
-- ARGV: run, now, ownerEpoch, entries, one behind the other: id, nonce (1 + text each), offset of the copy (6)
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
if not ready() then return { 'NOT_READY' } end
local ids, nonces, offsets, at = {}, {}, {}, 1
while at <= #ARGV[4] do
  local n = #ids + 1
  ids[n], nonces[n], offsets[n], at = struct.unpack('>Bc0Bc0I6', ARGV[4], at)
end
states.fetch(ids)
for i, id in ipairs(ids) do
  local state = states.get(id)
  if state and state[NONCE] == nonces[i] and state[STATUS] == FLOWN then
    flight.put(id, offsets[i])
    if state[REFUSED] > 0 then
      state[REFUSED] = 0
      states.touch(id)
    end
  end
end
return commit({}, true)
