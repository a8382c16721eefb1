-- KEYS[1]: when a session was used last, in milliseconds. ARGV: now, timeout, what PostgreSQL knows, 1 if it is being used.
-- Answers the newer of both; a session that is not idle by then has been used now.
local now = tonumber(ARGV[1])
local seen = tonumber(redis.call("GET", KEYS[1]) or "") or 0
if not (seen <= now) then
  seen = 0 -- from the future, or no number: it would keep the session alive for ever
end
seen = math.max(seen, tonumber(ARGV[3]))
if ARGV[4] == "1" and now > seen and now - seen < tonumber(ARGV[2]) then
  redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
end
return seen
