-- Redis lost the shard, or part of it (a lost tail is a lost whole): the owner deletes the rest and starts the rebuild.
-- ARGV: run, now, ownerEpoch, cursor (the checkpoint)
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
redis.call('DEL', unpack(KEYS))
metaChanged = {}
local kept = { 'ownerEpoch', 'claimEpoch', 'seen' } -- never smaller than they were
for _, name in ipairs(kept) do
  if meta[name] then put(name, meta[name]) end
end
put('rebuilding', RUN)
put('cursor', ARGV[4])
put('base', ARGV[4])
return commit({}, true)
