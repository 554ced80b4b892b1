-- These scripts free memory, or take little: Redis' own limit is not for them, only for what takes in new records. A script is
-- refused at its first command that may need memory, unless it has written before; so it begins with a write that needs none.
-- (`flags=allow-oom` says the same, to Redis 7 only.)
redis.call('HDEL', KEYS[1], '')
