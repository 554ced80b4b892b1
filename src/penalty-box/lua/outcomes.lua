-- What the handler made of records. A success is a fact whatever the token; a failure counts if its token is current.
-- ARGV: run, now, claimEpoch, incarnation, maxAttempts, maxAge (0 = none), jitter, delays (comma list), for how long new
--   failures are refused (ms, 0 = they are not), 1 = where no key is locked, one is taken all the same, then 10 for each:
--   unit, origin, token's place, token's nonce ('' = fresh), succeeded (1 | 0), error class, message, fatal, retry after,
--   random number in [0, 1)
-- returns for each {'redirect', ...} | {'stale'} | {'recorded', attempt, at} | {'deadLettered'} | {'done', unlocked} | {'block', ms}
if not ready() or meta.incarnation ~= ARGV[4] then return { 'NOT_READY' } end
local claimant = meta.claimEpoch == ARGV[3]
if claimant then put('claimUsed', 1) end
local maxAttempts, maxAge, jitter, delays = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), {}
for delay in ARGV[8]:gmatch('%d+') do delays[#delays + 1] = tonumber(delay) end
local FIRST, STRIDE, BLOCKED, TAKES_ONE = 11, 10, tonumber(ARGV[9]), ARGV[10] == '1'
local results, units = {}, {}
for i = FIRST, #ARGV, STRIDE do
  if ARGV[i + 3] == '' and not claimant then return { 'FENCED' } end
  units[#units + 1] = ARGV[i]
end
locks.fetch(units)

local function succeeded(unit, place)
  local lock = locks.get(unit)
  if lock and place ~= '' and in_box(lock, place) then
    local state = states.get(id_of(lock, place))
    if not state or state[STATUS] ~= BURIED then
      local flying = lock[FLYING]
      resolve(unit, lock, place, 'succeeded')
      -- The success of a copy that was recalled says nothing about the head, which still waits for its time.
      if locks.get(unit) and lock[FLYING] == 0 and flying > 0 then
        lock[WINDOW] = lock[DRAINING] == 1 and math.min(lock[WINDOW] * 2, 1024) or 1
        lock[DRAINING] = 1
      end
    end
  end
  return { 'done', locks.get(unit) and 0 or 1 }
end

local function failed(unit, place, nonce, failure, random)
  local lock, id, state = current(unit, place, nonce)
  if not lock then return { 'stale' } end
  land(lock, id, state)
  recall(unit, lock)
  lock[DRAINING], lock[WINDOW] = 0, 1
  local attempt = state[ATTEMPT] + 1
  local delay = delays[math.min(attempt, #delays)] or 0
  state[ATTEMPT], state[UNANSWERED], state[FATAL] = attempt, 0, failure.fatal
  state[ERROR_CLASS], state[ERROR_MESSAGE] = failure.class, failure.message
  if state[FIRST_FAILED] == 0 then state[FIRST_FAILED] = NOW end
  state[DUE_AT] = NOW + math.max(math.ceil(delay * (1 + jitter * random)), failure.retryAfter)
  local over = failure.fatal == 1 or attempt >= math.max(maxAttempts, state[GRACE])
    or (maxAge > 0 and NOW - state[FIRST_FAILED] >= maxAge)
  if over then state[DUE_AT] = NOW end
  tell('failed', unit, place, attempt, failure.class)
  note(unit, place)
  advance(unit, lock)
  return over and { 'deadLettered' } or { 'recorded', attempt, text(state[DUE_AT]) }
end

-- Of those before it in this call, too.
local function none_locked() return acquired == 0 and call('HLEN', LOCKS) == 0 end

for i = FIRST, #ARGV, STRIDE do
  local unit, place, nonce = ARGV[i], ARGV[i + 2], ARGV[i + 3]
  local failure = { class = ARGV[i + 5], message = ARGV[i + 6], fatal = tonumber(ARGV[i + 7]), retryAfter = tonumber(ARGV[i + 8]) }
  if nonce ~= '' and ARGV[i + 4] == '1' then
    results[#results + 1] = succeeded(unit, place)
  elseif nonce ~= '' then
    results[#results + 1] = failed(unit, place, nonce, failure, tonumber(ARGV[i + 9]))
  else
    local origin = tonumber(ARGV[i + 1])
    local where, state = standing(unit, locks.get(unit), origin)
    if where == 'pending' then
      results[#results + 1] = redirect(state)
    elseif where then
      results[#results + 1] = { 'stale' }
    elseif BLOCKED > 0 and not (TAKES_ONE and none_locked()) then
      results[#results + 1] = { 'block', BLOCKED }
    elseif number('behind') == 1 then
      results[#results + 1] = redirect(announcement(unit, 1, failure))
    else
      results[#results + 1] = redirect(announce(unit, origin, 1, failure))
    end
  end
end
return commit(results)
