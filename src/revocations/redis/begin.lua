-- Before each of the others: what there is, made anew where a part of it is gone.
-- KEYS: meta (hash), set (sorted set), stream. ARGV[1]: 32 random digits.
local meta = redis.call('HMGET', KEYS[1], 'incarnation', 'position', 'count', 'last')
local incarnation, position, count = meta[1], tonumber(meta[2] or 0), tonumber(meta[3] or 0)
local random = string.sub(ARGV[1], 1, 16)
-- The name of the stream's last item, or, of an empty one, its own.
local last = meta[4] or ''
-- The set has a mark of its own: each of the three keys may be evicted or deleted without the others.
if not incarnation or not redis.call('ZSCORE', KEYS[2], 'i' .. incarnation) then
  if incarnation then redis.call('ZREM', KEYS[2], 'i' .. incarnation) end
  incarnation, count, last = ARGV[1], 0, random
  redis.call('DEL', KEYS[3])
  redis.call('ZADD', KEYS[2], 0, 'i' .. incarnation)
  redis.call('HSET', KEYS[1], 'incarnation', incarnation, 'position', string.format('%.0f', position), 'count', 0, 'last', last)
end
local function text(number) return string.format('%.0f', number) end
local function keep() redis.call('HSET', KEYS[1], 'position', text(position), 'count', text(count), 'last', last) end
-- Each item names the one before it: two servers that went on from the same history differ from there on.
local function tell(given, member, history)
  count = count + 1
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', history, text(count) .. '-0', 'p', text(given), 'm', member, 'n', random, 'b', last)
  last = random
end
