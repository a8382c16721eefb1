-- KEYS[1]: the log of one caller: the moments (microseconds) of what was allowed, oldest first.
-- ARGV: limit, window in microseconds. Answers {allowed 0/1, remaining, microseconds until the oldest leaves}.
local limit = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
local time = redis.call("TIME")
local now = time[1] * 1000000 + time[2]

local newest = tonumber(redis.call("LINDEX", KEYS[1], -1))
if newest and newest > now then
  now = newest -- the clock was set back: the log stays in order
end

local oldest = tonumber(redis.call("LINDEX", KEYS[1], 0))
while oldest and oldest <= now - window do
  redis.call("LPOP", KEYS[1])
  oldest = tonumber(redis.call("LINDEX", KEYS[1], 0))
end

local used = redis.call("LLEN", KEYS[1])
local allowed = 0
if used < limit then
  allowed = 1
  used = used + 1
  redis.call("RPUSH", KEYS[1], now)
  redis.call("PEXPIRE", KEYS[1], math.ceil(window / 1000))
end
return {allowed, math.max(0, limit - used), (oldest or now) + window - now}
