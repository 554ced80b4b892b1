-- Who holds the main partition, and how far the retry partition was read.
-- ARGV: run, now
-- returns consumer ('' = nobody), when its claim was last renewed, cursor, now
if not ready() then return { 'NOT_READY' } end
local claimed = meta.claimEpoch and number('claimRenewedAt') > 0
return commit({ claimed and meta.claimConsumer or '', text(number('claimRenewedAt')), text(number('cursor')), ARGV[2] }, true)
