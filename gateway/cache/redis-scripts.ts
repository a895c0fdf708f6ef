// The Lua scripts of the shared cache: each is one step that no other process can come between.

/**
 * Gives the newest purge of the names in KEYS from `first` on: Redis' own time in microseconds, which orders purges and
 * fetches of all processes by one clock.
 */
const newestPurge = (first: number) => `
local newest = 0
for i = ${first}, #KEYS do
  local at = tonumber(redis.call('GET', KEYS[i]) or '0') or 0
  if at > newest then newest = at end
end`;

const time = `
local t = redis.call('TIME')
local now = string.format('%d%06d', t[1], t[2])`;

/**
 * KEYS: value, lease, purged names. ARGV: when a lease is tried for (never, missing, always), its token, its ms, the
 * largest value read. Gives the value or false, whether the lease was given, and the time. A value begins with the time
 * at which its fetch began: one that a purge is newer than is deleted. What begins otherwise nobody has sealed: it is
 * for the reader to find that out and to count it.
 */
export const look = `${newestPurge(3)}
local value = false
local size = redis.call('STRLEN', KEYS[1])
if size > 0 and size <= tonumber(ARGV[4]) then
  value = redis.call('GET', KEYS[1])
  local since = tonumber(string.sub(value, 1, 16))
  if since and since <= newest then value = false end
end
if size > 0 and not value then redis.call('DEL', KEYS[1]) end
${time}
local leased = 0
if ARGV[1] == 'always' or (ARGV[1] == 'missing' and not value) then
  if redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then leased = 1 end
end
return {value, leased, now}`;

/** KEYS: value, lease, purged names. ARGV: value, its ms, the lease's token, since when it was fetched. */
export const fill = `${newestPurge(3)}
if redis.call('GET', KEYS[2]) == ARGV[3] then redis.call('DEL', KEYS[2]) end
if newest >= tonumber(ARGV[4]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

/** KEYS: lease. ARGV: token. */
export const release = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/** KEYS: lease. ARGV: token, ms. */
export const extend = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0`;

/** KEYS: names to purge. ARGV: how long a purge is remembered in ms, the channel, the message. */
export const purge = `${time}
for i = 1, #KEYS do redis.call('SET', KEYS[i], now, 'PX', ARGV[1]) end
redis.call('PUBLISH', ARGV[2], ARGV[3])
return now`;
