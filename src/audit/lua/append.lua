-- KEYS: the stream of deeds. ARGV: how many are kept, the deed
-- Those that are too many go first: after a write that frees memory a full Redis takes one that needs it.
redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[1])
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[1], '*', 'deed', ARGV[2])
return 1
