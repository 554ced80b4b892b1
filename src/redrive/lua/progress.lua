-- The runner writes down how far a redrive has come, and hears what is wished of it now.
-- KEYS: as create.lua. ARGV: epoch, id, progress, whether it has ended (1 | 0)
-- returns OK and the wish | FENCED: another runner has the lease | GONE: Redis does not know the redrive
local DEFINITIONS, WORKS, WISHES, PROGRESS, _, _, LEASE = unpack(KEYS)
local epoch, id, progress, ended = unpack(ARGV)
local call = redis.call
if call('HGET', LEASE, 'epoch') ~= epoch then return { 'FENCED' } end
if call('HEXISTS', DEFINITIONS, id) == 0 then return { 'GONE' } end
call('HSET', PROGRESS, id, progress)
local wish = call('HGET', WISHES, id)
if ended == '1' then
  call('HSET', WISHES, id, 'ended')
  call('HDEL', WORKS, id)
end
return { 'OK', wish }
