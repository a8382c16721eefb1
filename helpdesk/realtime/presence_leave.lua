-- KEYS: the people who count as here, then for each socket that left: its user's sockets, when the user was last seen.
-- ARGV: how long they still count as here (ms), how long their last sight is kept (ms), then user and socket of each.
-- Whoever sweeps tells that they left: who comes back before that never was away.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for n = 3, #ARGV, 2 do
  local user, sockets, seen = ARGV[n], KEYS[n - 1], KEYS[n]
  if redis.call("ZREM", sockets, ARGV[n + 1]) == 1 then
    redis.call("ZREMRANGEBYSCORE", sockets, "-inf", now)
    if redis.call("ZCARD", sockets) == 0 and redis.call("ZSCORE", KEYS[1], user) then
      redis.call("ZADD", KEYS[1], now + ARGV[1], user)
      redis.call("SET", seen, now, "PX", ARGV[2])
    end
  end
end
