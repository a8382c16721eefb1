-- KEYS: versions. ARGV[1]: how long a version is kept (seconds). Each becomes greater than it ever was.
local time = redis.call("TIME")
local now = time[1] * 1000000 + time[2]
for _, key in ipairs(KEYS) do
  local known = tonumber(redis.call("GET", key) or 0)
  redis.call("SET", key, math.max(known + 1, now), "EX", ARGV[1])
end
