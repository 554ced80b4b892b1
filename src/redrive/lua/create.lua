-- A redrive is kept, and the oldest one that has ended makes room for it; asked for twice by one name, it is one redrive.
-- KEYS: definitions, works, wishes, progress, order, requests, lease
-- ARGV: id, created at, name of the request ('' = none), digest of the request, definition, work ('' = none), how many are kept
-- returns OK | SAME and the id of the one that is there | OTHER: the name belongs to another request | FULL
local DEFINITIONS, WORKS, WISHES, PROGRESS, ORDER, REQUESTS = unpack(KEYS)
local id, createdAt, request, digest, definition, work, kept = unpack(ARGV)
local call = redis.call

if request ~= '' then
  local known = call('HGET', REQUESTS, 'name:' .. request)
  if known then
    local knownDigest, knownId = known:match('^(%S+) (%S+)$')
    if knownDigest == digest then return { 'SAME', knownId } end
    return { 'OTHER' }
  end
end

local function forget(old)
  local name = call('HGET', REQUESTS, 'id:' .. old)
  if name then call('HDEL', REQUESTS, 'name:' .. name, 'id:' .. old) end
  for _, key in ipairs({ DEFINITIONS, WORKS, WISHES, PROGRESS }) do call('HDEL', key, old) end
  call('ZREM', ORDER, old)
end

local room = tonumber(kept) - call('ZCARD', ORDER)
if room < 1 then
  for _, old in ipairs(call('ZRANGE', ORDER, 0, -1)) do
    if room < 1 and call('HGET', WISHES, old) == 'ended' then
      forget(old)
      room = room + 1
    end
  end
end
if room < 1 then return { 'FULL' } end

call('HSET', DEFINITIONS, id, definition)
if work ~= '' then call('HSET', WORKS, id, work) end
call('HSET', WISHES, id, 'run')
call('ZADD', ORDER, createdAt, id)
if request ~= '' then call('HSET', REQUESTS, 'name:' .. request, digest .. ' ' .. id, 'id:' .. id, request) end
return { 'OK' }
