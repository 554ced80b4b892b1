-- What each replica has seen, a field each. KEYS: the hash of the route. ARGV: who reports, what
-- returns what all have reported, as HGETALL does
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return redis.call('HGETALL', KEYS[1])
