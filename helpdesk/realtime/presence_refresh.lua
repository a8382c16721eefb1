-- KEYS: the people who count as here, then for each socket: its user's sockets, when the user was last seen.
-- ARGV: how long a socket lives (ms), then user and socket of each. Answers who came online by it.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local came = {}
for n = 2, #ARGV, 2 do
  local user, sockets, seen = ARGV[n], KEYS[n], KEYS[n + 1]
  -- Who was swept has been seen last. After a flush nobody has: they are put back, and nobody hears of it.
  if not redis.call("ZSCORE", KEYS[1], user) and redis.call("EXISTS", seen) == 1 then
    table.insert(came, tonumber(user))
  end
  redis.call("ZREMRANGEBYSCORE", sockets, "-inf", now)
  redis.call("ZADD", sockets, now + ARGV[1], ARGV[n + 1])
  redis.call("PEXPIRE", sockets, ARGV[1])
  redis.call("ZADD", KEYS[1], now + ARGV[1], user)
  redis.call("DEL", seen)
end
return came
