// The scripts by which gateways tell each other, through Redis and by its clock, how many slots each client holds.

/** A gateway that has not been heard of for this long is dead, and its slots are free, in ms. */
export const LEASE_MS = 4000;

/**
 * Claims slots. KEYS: the client's counts (a hash by gateway), the gateways' last signs of life (a sorted set). ARGV: this
 * gateway, the slots it then has, the limit, the lease. A claim says how many there are in all and not how many more,
 * so that one whose answer was lost does not count twice. Returns 1 or 0.
 */
export const claimSlots = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local total = tonumber(ARGV[2])
local counts = redis.call('HGETALL', KEYS[1])
for i = 1, #counts, 2 do
  if counts[i] ~= ARGV[1] then
    local seen = redis.call('ZSCORE', KEYS[2], counts[i])
    if seen and seen + ARGV[4] > now then total = total + counts[i + 1]
    else redis.call('HDEL', KEYS[1], counts[i]) end
  end
end
if total > tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4] * 10)
redis.call('ZADD', KEYS[2], now, ARGV[1])
return 1
`;

/** Gives a sign of life. KEYS: the gateways. ARGV: this gateway, the lease. Returns how many gateways are alive. */
export const signOfLife = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2] * 10)
return redis.call('ZCARD', KEYS[1])
`;
