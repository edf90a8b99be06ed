/**
 * The scripts that run in Redis. A user has two keys with the same hash tag:
 *
 * - `…{u}s`, a hash: `r` the server that wrote it, `t` a random token, `n` the number of moves, `q` the end of the
 *   quarantine. The generation is `t:n`.
 * - `…{u}p`, a sorted set: the ids of changes under way, by their deadlines.
 *
 * If `r` is not the server that answers, the record comes from before a restart or a failover, and moves may be missing:
 * it gets a new token. A server is identified by its run id, which differs between a primary and its replica, and by its
 * replication id, which differs after every promotion, also of a server that was primary before.
 *
 * A primary without the replicas that `min-replicas-to-write` asks for answers nothing: another may have been promoted. It
 * would refuse writes alone, and validate from what it remembers.
 *
 * A mark that `finish` finds was there all the time if the record has the token that `begin` answered: a lost mark comes
 * back with a server that restarts from a file, or was promoted, and that one replaces the token.
 *
 * All times are the server's. A mark that is over for an answer is removed, so it cannot count again when the clock was set
 * back. A script may write to a full Redis once it has written a command that needs no memory, so
 * `begin` and `finish` start with one.
 */

/** How long a mark lasts, in milliseconds. Longer than a change may take together with its hold-back. */
export const markMillis = 60_000

/** How long an unused record is kept, in milliseconds. */
const keepMillis = 600_000

const prelude = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local state = redis.call('INFO', 'replication')
local replication = string.match(state, 'master_replid:(%x+)')
if not run or not replication then return redis.error_reply('ERR INFO has no run_id or no master_replid') end
if string.find(state, 'min_slaves_good_slaves:0', 1, true) then
  return redis.error_reply('NOREPLICAS too few replicas, so this server may have been replaced')
end
local server = string.sub(run, 1, 16) .. string.sub(replication, 1, 16)

local function keep(key, millis)
  if redis.call('PTTL', key) < millis / 2 then redis.call('PEXPIRE', key, millis) end
end
local function record(key, token)
  local found = redis.call('HMGET', key, 'r', 't', 'n', 'q')
  local quarantine = tonumber(found[4]) or 0
  if found[1] == server then return found[2] .. ':' .. found[3], quarantine end
  local written = redis.pcall('HSET', key, 'r', server, 't', token, 'n', 0)
  if type(written) == 'table' and written.err then
    if string.find(written.err, 'OOM') then return nil end
    error(written.err)
  end
  return token .. ':0', quarantine
end
local function move(key, token)
  record(key, token)
  local count = redis.call('HINCRBY', key, 'n', 1)
  return redis.call('HGET', key, 't') .. ':' .. (count - 1), redis.call('HGET', key, 't') .. ':' .. count
end
local function isMarked(key)
  if redis.call('EXISTS', key) == 0 then return false end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  return redis.call('EXISTS', key) == 1
end
`

export interface Script {
  readonly name: "check" | "validate" | "begin" | "finish" | "advance"
  readonly text: string
}

/** KEYS: the two of each user. ARGV: a new token. Answers generation and 0 or 1, for each user. */
export const validate: Script = {
  name: "validate",
  text: `${prelude}
local answers = {}
for i = 1, #KEYS, 2 do
  local generation, quarantine = record(KEYS[i], ARGV[1])
  if generation then
    keep(KEYS[i], math.max(${keepMillis}, 2 * (quarantine - now)))
    local isChanging = isMarked(KEYS[i + 1]) or now < quarantine
    answers[i] = generation
    answers[i + 1] = isChanging and 1 or 0
  else
    answers[i] = ''
    answers[i + 1] = 1
  end
end
return answers`
}

/** KEYS: the two of the user. ARGV: a new token, the change. Answers the token of the record. */
export const begin: Script = {
  name: "begin",
  text: `${prelude}
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
move(KEYS[1], ARGV[1])
keep(KEYS[1], ${keepMillis})
redis.call('ZADD', KEYS[2], now + ${markMillis}, ARGV[2])
redis.call('PEXPIRE', KEYS[2], ${2 * markMillis})
return redis.call('HGET', KEYS[1], 't')`
}

/** KEYS: the two of the user. ARGV: a new token, the change, the token that `begin` answered, the quarantine, the channel, the message. */
export const finish: Script = {
  name: "finish",
  text: `${prelude}
local isMarkThere = redis.call('ZREM', KEYS[2], ARGV[2]) == 1
move(KEYS[1], ARGV[1])
local wasMarked = isMarkThere and redis.call('HGET', KEYS[1], 't') == ARGV[3]
local millis = tonumber(ARGV[4])
if millis > 0 then
  local quarantine = math.max(tonumber(redis.call('HGET', KEYS[1], 'q')) or 0, now + math.ceil(millis))
  redis.call('HSET', KEYS[1], 'q', quarantine)
end
keep(KEYS[1], math.max(${keepMillis}, 2 * millis))
redis.call('PUBLISH', ARGV[5], ARGV[6])
return wasMarked and 1 or 0`
}

/** KEYS: the two of the user. ARGV: a new token. Answers the generations before and after. */
export const advance: Script = {
  name: "advance",
  text: `${prelude}
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local previous, generation = move(KEYS[1], ARGV[1])
keep(KEYS[1], ${keepMillis})
return { previous, generation }`
}

/**
 * KEYS: two that no user has. ARGV: the channel. Tries each command that the other scripts use, and leaves nothing behind.
 * Answers what the server does when it is full, and for each command that failed, its name and the error.
 */
export const check: Script = {
  name: "check",
  text: `
local answers = { '' }
local function try(name, ...)
  local answer = redis.pcall(name, ...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  table.insert(answers, name)
  table.insert(answers, answer.err)
end
try('TIME')
local info = try('INFO', 'server')
if info then
  local state = redis.call('INFO', 'replication')
  if not string.match(info, 'run_id:%x+') or not string.match(state, 'master_replid:%x+') then
    table.insert(answers, 'INFO')
    table.insert(answers, 'ERR INFO has no run_id or no master_replid')
  end
  answers[1] = string.match(redis.call('INFO', 'memory'), 'maxmemory_policy:([%w-]+)') or ''
end
local canRemove = try('PEXPIRE', KEYS[1], 0)
try('ZREMRANGEBYSCORE', KEYS[2], '-inf', '+inf')
if canRemove then
  try('ZADD', KEYS[2], 0, 'check')
  try('HINCRBY', KEYS[1], 'n', 1)
  try('HSET', KEYS[1], 'n', 0)
end
try('EXISTS', KEYS[2])
try('ZREM', KEYS[2], 'check')
try('HGET', KEYS[1], 'n')
try('HMGET', KEYS[1], 'n')
try('PTTL', KEYS[1])
try('PUBLISH', ARGV[1], '')
if canRemove then
  redis.call('PEXPIRE', KEYS[1], 0)
  redis.call('PEXPIRE', KEYS[2], 0)
end
return answers`
}
