-- The one replica that runs the redrives of a route: takes the lease, or makes it last.
-- KEYS: as create.lua. ARGV: time that has surely come, time that has surely not passed, holder, how long it lasts (ms)
-- returns the epoch | '' : somebody else has it
local past, now, holder, length = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local LEASE = KEYS[7]
local found = redis.call('HMGET', LEASE, 'holder', 'epoch', 'until')
local epoch = found[2]
if found[1] ~= holder then
  if tonumber(found[3] or 0) > past then return { '' } end
  epoch = string.format('%.0f', math.max(tonumber(found[2] or 0) + 1, now))
end
redis.call('HSET', LEASE, 'holder', holder, 'epoch', epoch, 'until', string.format('%.0f', now + length))
return { epoch }
