-- What has happened to entries since it was last told to Kafka. What Kafka has acknowledged is forgotten here, unless more
-- has happened to it since.
-- ARGV: run, now, ownerEpoch, at most this many, then 2 for each that Kafka has: its name, its version
-- returns how many are left to tell, then 3 for each of the next ones: name, version, what replay.lua reads:
--   unit, place ('' = the unit's park), retry offset, then nothing = resolved | parked (1 | 0) | its state, with the time still
--   to wait for its due time: a new Redis may have another clock
--   It is told of all records there that lie before the retry offset, and of none from there on.
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
if not ready() then return { 'NOT_READY' } end
for i = 5, #ARGV, 2 do
  if journal.get(ARGV[i]) == ARGV[i + 1] then journal.drop(ARGV[i]) end
end
local reply = commit({}, true)

local function told(name, version)
  local unit, at = struct.unpack('>I4c0', name)
  local place, lock, _, upto = name:sub(at), locks.get(unit), struct.unpack('>I6I6', version)
  if place == '' then return { unit, '', 0, lock and lock[PARKED] == 1 and 1 or 0 } end
  local id = lock and in_box(lock, place) and id_of(lock, place)
  local state = id and states.get(id)
  if not id or (state and state[STATUS] == ANNOUNCED) then return { unit, place, upto } end
  state = state_of(unit, id)
  return { unit, place, number('cursor'), state[STATUS] == BURIED and BURIED or HELD, state[ATTEMPT], state[UNANSWERED],
    state[FIRST_FAILED], math.max(0, state[DUE_AT] - NOW), state[ERROR_CLASS], state[ERROR_MESSAGE], state[FATAL],
    state[REASON], state[GRACE], state[KEPT] }
end

local result, limit = { call('HLEN', JOURNAL) }, tonumber(ARGV[4])
local cursor = '0'
repeat
  local page = call('HSCAN', JOURNAL, cursor, 'COUNT', 100)
  cursor = page[1]
  for i = 1, #page[2], 2 do
    result[#result + 1] = page[2][i]
    result[#result + 1] = page[2][i + 1]
    result[#result + 1] = cmsgpack.pack(told(page[2][i], page[2][i + 1]))
  end
until cursor == '0' or #result > 3 * limit
reply[5] = result
return reply
