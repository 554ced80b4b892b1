-- A topic of the route was made anew: nothing of the shard changes any more until it was rebuilt from there.
-- ARGV: run, now, ownerEpoch, which topics ('retry', 'main', or both)
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
put('remade', ARGV[4])
put('incarnation', '')
return commit({}, true)
