-- Retention removed records of one partition: they are forgotten, a part at a time.
-- ARGV: run, topic's id, partition, first offset that is still there
-- returns 1 when that is done, else 0; how many are open
local topic, P, target = ARGV[2], ARGV[3], tonumber(ARGV[4])
local meta = call('HMGET', META, 'incarnation', 'topic', 'c' .. P, 'b' .. P, 'f' .. P, 'open')
if not ready(meta[1]) or meta[2] ~= topic or not meta[3] then return { 'NOT_READY' } end
local cursor, base, at, open = tonumber(meta[3]), tonumber(meta[4]), tonumber(meta[5]), tonumber(meta[6])
if target <= at then return { 'OK', 1, text(open) } end
local BYTES, ROWS_LIMIT, TRIM = 512, 150, 262144

local from = math.floor((at - base) / 8)
local opened, settled = call('GETRANGE', OPEN_BITS, from, from + BYTES - 1), call('GETRANGE', SETTLED_BITS, from, from + BYTES - 1)
local ids, reached = {}, math.min(target, base + (from + BYTES) * 8)
if opened:find('[^%z]') or settled:find('[^%z]') then
  for i = 1, math.max(#opened, #settled) do
    local o, s = opened:byte(i) or 0, settled:byte(i) or 0
    if o + s > 0 then
      for b = 0, 7 do
        local offset = base + (from + i - 1) * 8 + b
        local mask = 2 ^ (7 - b)
        local isOpen, isSettled = math.floor(o / mask) % 2 == 1, math.floor(s / mask) % 2 == 1
        if offset >= at and offset < reached and (isOpen or isSettled) then
          if #ids >= ROWS_LIMIT then reached = offset
          else
            ids[#ids + 1] = id_of(tonumber(P), offset)
            if isOpen then open = open - 1 end
          end
        end
      end
    end
  end
else
  -- Nothing here: on to the next that there is.
  reached = target
  for _, bits in ipairs({ OPEN_BITS, SETTLED_BITS }) do
    local bit = call('BITPOS', bits, 1, from)
    if bit >= 0 then reached = math.min(reached, base + bit) end
  end
end
for i, row in ipairs(rows_of(ids)) do
  if row then drop(ids[i], row) end
end
for _, id in ipairs(ids) do put('HDEL', AHEAD, id) end
write()

if reached >= cursor and call('HLEN', AHEAD) == 0 then
  call('DEL', OPEN_BITS, SETTLED_BITS)
  base = reached - reached % 8
elseif reached - base >= TRIM then
  local cut = math.floor((reached - base) / 8)
  for _, bits in ipairs({ OPEN_BITS, SETTLED_BITS }) do
    local rest = call('GETRANGE', bits, cut, -1)
    if rest == '' then call('DEL', bits) else call('SET', bits, rest) end
  end
  base = base + cut * 8
end
call('HSET', META, 'f' .. P, text(reached), 'b' .. P, text(base), 'c' .. P, text(math.max(cursor, reached)), 'open', text(open))
return { 'OK', reached >= target and 1 or 0, text(open) }
