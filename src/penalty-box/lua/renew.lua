-- The claimant is alive, and hears what was locked and unlocked otherwise than through its own calls.
-- ARGV: run, now, claimEpoch, incarnation, seen, then 6 for each outstanding record as in claim
-- returns 'held' | 'fenced' | 'claim-again', seen, number of locked keys, locked keys..., unlocked keys...
if not ready() or meta.incarnation ~= ARGV[4] then return { 'OK', '', 0, {}, { 'claim-again', 0, 0 } } end
if meta.claimEpoch ~= ARGV[3] then return { 'OK', '', 0, {}, { 'fenced', 0, 0 } } end
local seen = tonumber(ARGV[5])
put('claimRenewedAt', NOW)
put('claimUsed', 1)
-- Behind, what is outstanding would need room, and no key is known to be unlocked: what was redirected of it is not read yet.
local behind = number('behind') == 1
if not behind then announce_outstanding(6) end
if seen < number('changesFrom') then return commit({ 'claim-again', 0, 0 }) end
-- What it has seen is not kept. Without anybody renewing, the log holds the newest 10,000 keys.
call('ZREMRANGEBYSCORE', CHANGES, '-inf', text(seen))
put('changesFrom', math.max(number('changesFrom'), seen))
local locked, unlocked = {}, {}
for _, unit in ipairs(call('ZRANGE', CHANGES, 0, -1)) do
  local lock = locks.get(unit)
  if lock then
    locked[#locked + 1] = unit:sub(2)
  elseif known_to(unit, lock) < 0 and not behind then
    unlocked[#unlocked + 1] = unit:sub(2)
  end
end
local result = { 'held', number('seen'), #locked }
for _, key in ipairs(locked) do result[#result + 1] = key end
for _, key in ipairs(unlocked) do result[#result + 1] = key end
return commit(result)
