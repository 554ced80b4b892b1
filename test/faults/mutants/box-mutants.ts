import type { Mutant } from './mutant.ts';

const LUA = 'src/penalty-box/lua';

/** Bugs in what Redis does. */
export const boxMutants: readonly Mutant[] = [
  {
    name: 'failure-behind-followers',
    what: 'a message that fails again is put behind those that wait for it',
    file: `${LUA}/outcomes.lua`,
    find: `  note(unit, place)
  advance(unit, lock)
  return over`,
    replace: `  note(unit, place)
  local nextId = lock[HEAD] == place and neighbours(lock, 1)[1]
  if nextId and not over then
    call('ZREM', QUEUE, nextId)
    call('ZADD', QUEUE, 0, id)
    lock[HEAD] = place_in(nextId)
  end
  advance(unit, lock)
  return over`,
    breaks: ['order'],
    faults: ['clock-jumped'],
  },
  {
    name: 'token-not-compared',
    what: 'a copy that was given up is as good as the one that was sent for it',
    file: `${LUA}/shared/lock.lua`,
    find: 'state[NONCE] ~= nonce or state[STATUS] ~= FLOWN',
    replace: 'state[STATUS] ~= FLOWN',
    breaks: ['recorded', 'duplicates', 'order'],
    faults: ['service-killed', 'service-terminated', 'service-stopped', 'kafka-silent'],
  },
  {
    name: 'checkpoint-too-far',
    what: 'the checkpoint passes the first message that is unresolved',
    file: `${LUA}/evidence.lua`,
    find: 'local checkpoint, least = base + bit,',
    replace: 'local checkpoint, least = base + bit + 1,',
    breaks: ['no loss'],
    faults: ['redis-killed', 'redis-flushed'],
  },
  {
    name: 'pending-ignored-on-unlock',
    what: 'a key is unlocked although a message of it is still on its way to the retry topic',
    file: `${LUA}/shared/lock.lua`,
    find: '  if lock[COUNT] == 0 and lock[PARKED] ~= 1 then close(',
    replace: `  local nextState = lock[COUNT] > 0 and states.get(id_of(lock, lock[HEAD]))
  if (lock[COUNT] == 0 or (nextState and nextState[STATUS] == ANNOUNCED)) and lock[PARKED] ~= 1 then close(`,
    breaks: ['order', 'no loss', 'recorded', 'no zombies'],
    faults: ['kafka-slow', 'kafka-cut'],
  },
  {
    name: 'backoff-of-the-attempt-before',
    what: 'the wait is the one of the attempt before',
    file: `${LUA}/outcomes.lua`,
    find: 'delays[math.min(attempt, #delays)]',
    replace: 'delays[math.min(attempt - 1, #delays)]',
    breaks: ['never early'],
    faults: ['clock-jumped'],
  },
  {
    name: 'incarnation-not-compared',
    what: 'a Redis that was started again is taken for the one before',
    file: `${LUA}/shared/shard.lua`,
    find: "meta.incarnation:sub(1, #RUN + 1) == RUN .. ':'",
    replace: "meta.incarnation ~= ''",
    breaks: ['no loss', 'order', 'recorded', 'attempts'],
    faults: ['redis-restarted'],
  },
  {
    name: 'journal-ignored',
    what: 'a rebuild does not hear what happened to the records that it reads',
    file: `${LUA}/replay.lua`,
    find: "if tonumber(ARGV[6]) >= number('journalEpoch') then",
    replace: 'if false then',
    breaks: ['recorded', 'duplicates'],
    faults: ['redis-killed', 'redis-flushed'],
  },
  {
    name: 'failures-not-journalled',
    what: 'the journal does not tell of failed attempts',
    file: `${LUA}/outcomes.lua`,
    find: `  note(unit, place)
  advance(unit, lock)
  return over`,
    replace: `  advance(unit, lock)
  return over`,
    breaks: ['recorded', 'never early'],
    faults: ['redis-killed', 'redis-flushed'],
  },
  {
    name: 'wait-forgotten-in-rebuild',
    what: 'what waited is due at once after a rebuild',
    file: `${LUA}/replay.lua`,
    find: 'NOW + item[8]',
    replace: 'NOW',
    breaks: ['never early'],
    faults: ['redis-killed', 'redis-flushed'],
  },
  {
    name: 'known-keys-forgotten',
    what: 'what is known of a key is forgotten with its lock',
    file: `${LUA}/shared/lock.lua`,
    find: 'if upto >= 0 then known.put(unit, upto) else changed(unit) end',
    replace: 'changed(unit)',
    breaks: ['recorded', 'duplicates'],
    faults: ['consumer-killed', 'consumer-stopped'],
  },
  {
    name: 'handed-off-too-early',
    what: 'a record is handled while the last retries of its key are under way, instead of held',
    file: `${LUA}/admit.lua`,
    find: "then return { 'hold' } end",
    replace: "then return { 'process' } end",
    breaks: ['order'],
    faults: ['clock-jumped'],
  },
  {
    name: 'no-turn-check',
    what: 'a copy is admitted though an earlier message of its key is unresolved',
    file: `${LUA}/admit.lua`,
    find: ' or not its_turn(unit, lock, id, place) then',
    replace: ' then',
    breaks: ['order'],
    faults: ['clock-jumped'],
  },
  {
    name: 'followers-burn-attempts',
    what: 'a message that waits behind another one begins with its second attempt',
    file: `${LUA}/admit.lua`,
    find: 'redirect(announce(unit, origin, 0))',
    replace: 'redirect(announce(unit, origin, 1))',
    breaks: ['attempts'],
    faults: ['clock-jumped'],
  },
  {
    name: 'followers-sent-with-the-head',
    what: 'several messages of a key are sent at once, also to an application that asks nobody',
    file: `${LUA}/release.lua`,
    find: `  if reason == '' and lock[DRAINING] == 1 then
    local window = math.min(lock[WINDOW], widest, room + 1) - 1`,
    replace: `  if reason == '' then
    local window = math.min(8, room + 1) - 1`,
    breaks: ['order'],
    faults: ['clock-jumped'],
  },
  {
    name: 'success-without-reading-to-the-end',
    what: 'without a gate, a commit counts as success although the retry topic has not been read so far',
    file: `${LUA}/evidence.lua`,
    find: "local read = number('cursor') >= tonumber(ARGV[6])",
    replace: 'local read = true',
    breaks: ['no loss', 'order'],
    faults: ['kafka-slow', 'service-killed'],
  },
];
