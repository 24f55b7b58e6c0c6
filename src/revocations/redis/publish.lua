-- ARGV: 32 random digits, floor, history, and the members. Gives each a position.
-- The time is a floor beside the others, for the case that nobody else remembers.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 16000 + math.floor(tonumber(time[2]) * 16 / 1000)
if now > 2 ^ 47 then now = 0 end
position = math.max(position, tonumber(ARGV[2]), now)
if position + #ARGV >= 2 ^ 48 then return redis.error_reply('EXHAUSTED no position is left') end
local given = {}
for at = 4, #ARGV do
  position = position + 1
  redis.call('ZADD', KEYS[2], text(position), ARGV[at])
  tell(position, ARGV[at], ARGV[3])
  given[#given + 1] = text(position)
end
keep()
return given
