-- Before each of the others: what there is, made anew where a part of it is gone.
-- KEYS: meta (hash), set (sorted set), stream. ARGV[1]: the name of a new incarnation.
local meta = redis.call('HMGET', KEYS[1], 'incarnation', 'position', 'count')
local incarnation, position, count = meta[1], tonumber(meta[2] or 0), tonumber(meta[3] or 0)
-- The set has a mark of its own: each of the three keys may be evicted or deleted without the others.
if not incarnation or not redis.call('ZSCORE', KEYS[2], 'i' .. incarnation) then
  if incarnation then redis.call('ZREM', KEYS[2], 'i' .. incarnation) end
  incarnation, count = ARGV[1], 0
  redis.call('DEL', KEYS[3])
  redis.call('ZADD', KEYS[2], 0, 'i' .. incarnation)
  redis.call('HSET', KEYS[1], 'incarnation', incarnation, 'position', string.format('%.0f', position), 'count', 0)
end
local function text(number) return string.format('%.0f', number) end
local function keep() redis.call('HSET', KEYS[1], 'position', text(position), 'count', text(count)) end
local function tell(given, member, history)
  count = count + 1
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', history, text(count) .. '-0', 'p', text(given), 'm', member)
end
