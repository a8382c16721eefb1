-- KEYS: the people who count as here (until when, in ms), the user's sockets (likewise), when the user was last seen.
-- ARGV: user, socket, how long it lives (ms), how many a user may have.
-- Answers {how many sockets the user has with this one, 1 if the user came online}; one too many is not taken in.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call("ZREMRANGEBYSCORE", KEYS[2], "-inf", now)
local others = redis.call("ZCARD", KEYS[2])
if others >= tonumber(ARGV[4]) and not redis.call("ZSCORE", KEYS[2], ARGV[2]) then
  return {others + 1, 0}
end
redis.call("ZADD", KEYS[2], now + ARGV[3], ARGV[2])
redis.call("PEXPIRE", KEYS[2], ARGV[3])
-- Who left a moment ago, and was not told of, never was away.
local came = redis.call("ZSCORE", KEYS[1], ARGV[1]) and 0 or 1
redis.call("ZADD", KEYS[1], now + ARGV[3], ARGV[1])
redis.call("DEL", KEYS[3])
return {redis.call("ZCARD", KEYS[2]), came}
