-- Reading of the retry partition has stopped, for Redis has no room; or it has caught up again.
--
-- While it is behind, claims don't wait, and a claimant is told to redirect all that is not in the box: without announcing it,
-- which would need room. So what it was told lies in the retry topic alone, read or not, or is still to come there. The claims
-- of that time end with it, as if the shard had been made anew: the next ones wait for what was published, and announce
-- the rest.
-- ARGV: run, now, ownerEpoch, whether it is behind (1 | 0), nonce
-- returns how many announced records have not been read
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
if not ready() then return { 'NOT_READY' } end
local wanted = tonumber(ARGV[4])
if wanted == 0 and number('behind') == 1 then
  put('incarnation', RUN .. ':' .. ARGV[5])
  -- Nobody has died of the record that is being handled now: it counts under no claim.
  if meta.claimEpoch then put('claimEpoch', text(math.max(number('claimEpoch') + 1, NOW))) end
  put('claimUsed', 0)
end
if wanted ~= number('behind') then put('behind', wanted) end
return commit({ call('ZCARD', PENDING) }, true)
