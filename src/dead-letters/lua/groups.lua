-- Figures of groups of open rows. ARGV: run, then the hashes of the groups
-- returns for each: how many, time of the oldest, of the newest
if not ready(call('HGET', META, 'incarnation')) then return { 'NOT_READY' } end
local result = { 'OK' }
for i = 2, #ARGV do
  local from, to = '[' .. ARGV[i], '[' .. ARGV[i] .. string.rep('\255', 17)
  local oldest = call('ZRANGEBYLEX', GROUPS, from, to, 'LIMIT', 0, 1)[1]
  local newest = call('ZREVRANGEBYLEX', GROUPS, to, from, 'LIMIT', 0, 1)[1]
  local function time(member) return member and text((struct.unpack('>I6', member, 9))) or '0' end
  for _, value in ipairs({ call('ZLEXCOUNT', GROUPS, from, to), time(oldest), time(newest) }) do result[#result + 1] = value end
end
return result
