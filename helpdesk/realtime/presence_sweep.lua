-- KEYS: the people who count as here, since when somebody sweeps without a break.
-- ARGV: how long a break may be (ms), how long a socket lives (ms), how long a last sight is kept (ms), how many at once,
-- the beginning of the keys of last sights. Answers who went offline: only this caller tells of them.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local since = tonumber(redis.call("GET", KEYS[2]) or "") or now
redis.call("SET", KEYS[2], math.min(since, now), "PX", ARGV[1])
if now - since < tonumber(ARGV[1]) then
  return {} -- Redis, or everybody, was away: first let all processes say who is still there
end
local gone = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now, "WITHSCORES", "LIMIT", 0, ARGV[4])
local left = {}
for n = 1, #gone, 2 do
  redis.call("ZREM", KEYS[1], gone[n])
  -- Of a process that was killed, the last word; who left in order has been noted then.
  redis.call("SET", ARGV[5] .. gone[n], string.format("%.0f", gone[n + 1] - ARGV[2]), "PX", ARGV[3], "NX")
  table.insert(left, tonumber(gone[n]))
end
return left
