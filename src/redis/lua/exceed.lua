-- In front of a script on hashes that frees memory, or takes little: Redis' own limit is for what takes in new records, and
-- what gets rid of records must never wait for it. A script is refused at its first command that may need memory, unless it
-- has written before; so it begins with a write that needs none. (`flags=allow-oom` says the same, to Redis 7 only.)
redis.call('HDEL', KEYS[1], '')
