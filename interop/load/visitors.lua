-- For wrk: each thread is a visitor who signs in and then reads and writes the
-- session in turn, carrying on with the latest cookie, as a browser does.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

local form = { ["Content-Type"] = "application/x-www-form-urlencoded" }
local cookie
local token = ""
local turn = 0
sealed, refused = 0, 0

function request()
  if not cookie then
    return wrk.format("POST", "/login", form, "user=ada&password=difference+engine&remember=on")
  end
  turn = turn + 1
  local write = turn % 4 == 0
  local headers = { ["Cookie"] = cookie }
  if write then
    headers["Content-Type"] = form["Content-Type"]
    return wrk.format("POST", "/settings", headers, "theme=dark&nickname=visitor" .. turn .. "&csrf=" .. token)
  end
  return wrk.format("GET", turn % 4 == 1 and "/settings" or "/session", headers)
end

function response(status, headers, body)
  local line = headers["set-cookie"] or headers["Set-Cookie"]
  if line then
    cookie = line:match("^[^;]+")
    sealed = sealed + 1
  end
  token = body:match('name="csrf" value="([^"]+)"') or token
  -- A page that offers to sign in has lost its visitor.
  if status == 200 and cookie and body:find('href="/login', 1, true) then
    refused = refused + 1
  end
end

function done(summary)
  local all_sealed, all_refused = 0, 0
  for _, thread in ipairs(threads) do
    all_sealed = all_sealed + thread:get("sealed")
    all_refused = all_refused + thread:get("refused")
  end
  local errors = summary.errors
  print(string.format(
    "%d requests, %.0f per second, %d cookies set, %d pages without their visitor, %d errors",
    summary.requests, summary.requests / summary.duration * 1e6, all_sealed, all_refused,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
