// The script that takes tokens from a bucket in Redis, by Redis' own clock, whatever the clocks of the gateways say.

/**
 * The generic cell rate algorithm (ITU-T I.371), as in memory. KEYS: the bucket. ARGV: tokens, burst, ms per token.
 * Returns 0, or the ms until there are enough, having taken none.
 */
export const takeTokens = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local count, burst, each = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now)) + count * each
local wait = full - now - burst * each
if wait > 0.001 then return math.ceil(wait) end
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.ceil(full - now) + 1000)
return 0
`;
