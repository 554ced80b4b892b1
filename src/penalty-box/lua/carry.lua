-- What the copies of old retry records have to say. Nothing changes: ingest.lua moves an entry once its copy has been read.
-- ARGV: run, now, ownerEpoch, then 2 for each entry: unit, place
-- returns 10 for each that is still there: unit, place, attempt, first failed at, time to wait, unanswered, announced (1 | 0),
--   error class, error message ('' = what its payload says), record
if meta.ownerEpoch ~= ARGV[3] then return not_the_owner() end
if not ready() then return { 'NOT_READY' } end
local result = {}
for i = 4, #ARGV, 2 do
  local unit, place = ARGV[i], ARGV[i + 1]
  local lock = locks.get(unit)
  local id = lock and in_box(lock, place) and id_of(lock, place)
  local record = id and records.get(id)
  if record then
    local state = state_of(unit, id)
    local announced = own(place) and origin_of(place) <= known_to(unit, lock)
    for _, fact in ipairs({ unit, place, state[ATTEMPT], text(state[FIRST_FAILED]), text(math.max(0, state[DUE_AT] - NOW)),
      state[UNANSWERED], announced and 1 or 0, state[ERROR_CLASS], state[ERROR_MESSAGE], record }) do
      result[#result + 1] = fact
    end
  end
end
return { 'OK', '', 0, {}, result }
