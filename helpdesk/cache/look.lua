-- KEYS: the versions of everyone, of the wider scopes and of the scope. ARGV: the page's name, how long a version is
-- kept (seconds), how long one flight may take (milliseconds).
-- Answers {where the page belongs, its bytes or false, 1 if the caller is to compute it}.
local function version(key)
  local known = redis.call("GET", key)
  if not known then
    -- From the clock, so that a lost version never comes again, and revives no page.
    local time = redis.call("TIME")
    known = time[1] * 1000000 + time[2]
    redis.call("SET", key, known, "EX", ARGV[2])
  end
  return known
end

-- The scopes stand in it too: two may have been moved on at one moment, to one number.
local place = string.format("page:%.0f", version(KEYS[1]))
for index = 2, #KEYS do
  place = string.format("%s:%s:%.0f", place, KEYS[index], version(KEYS[index]))
end
place = place .. ":" .. ARGV[1]
local bytes = redis.call("GET", place)
if bytes then
  return {place, bytes, 0}
end
local flight = place .. ":flight"
local first = redis.call("SET", flight, "taken", "NX", "PX", ARGV[3]) or redis.call("GET", flight) == "left"
return {place, false, first and 1 or 0}
