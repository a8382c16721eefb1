-- KEYS: logs like those of sliding_log.lua, all charged for one guess, or none.
-- ARGV: limit and window in microseconds, for each. Answers {allowed 0/1, microseconds to wait, the moment noted}.
local time = redis.call("TIME")
local now = time[1] * 1000000 + time[2]
for _, key in ipairs(KEYS) do
  local newest = tonumber(redis.call("LINDEX", key, -1))
  if newest and newest > now then
    now = newest -- the clock was set back: the logs stay in order
  end
end

local wait = 0
for n, key in ipairs(KEYS) do
  local limit, window = tonumber(ARGV[2 * n - 1]), tonumber(ARGV[2 * n])
  local oldest = tonumber(redis.call("LINDEX", key, 0))
  while oldest and oldest <= now - window do
    redis.call("LPOP", key)
    oldest = tonumber(redis.call("LINDEX", key, 0))
  end
  if redis.call("LLEN", key) >= limit then
    wait = math.max(wait, oldest + window - now)
  end
end

if wait > 0 then
  return {0, wait, now}
end
for n, key in ipairs(KEYS) do
  redis.call("RPUSH", key, now)
  redis.call("PEXPIRE", key, math.ceil(tonumber(ARGV[2 * n]) / 1000))
end
return {1, 0, now}
