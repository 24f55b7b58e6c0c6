-- ARGV: 32 random digits, floor, history, and positions with members. Puts back what is missing.
position = math.max(position, tonumber(ARGV[2]))
for at = 4, #ARGV, 2 do
  local there = redis.call('ZSCORE', KEYS[2], ARGV[at + 1])
  if not there or tonumber(there) < tonumber(ARGV[at]) then
    redis.call('ZADD', KEYS[2], ARGV[at], ARGV[at + 1])
    tell(tonumber(ARGV[at]), ARGV[at + 1], ARGV[3])
  end
end
keep()
return {}
