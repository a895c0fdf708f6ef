-- wrk's side of the bench: sends the requests of a file in turn, and prints what came of them as one JSON line.
-- wrk ... -s tools-calls.lua URL -- FILE (requests separated by a zero byte)
local requests, nextOne = {}, 0

function init(args)
  local file = assert(io.open(args[1], 'rb'))
  for request in (file:read('*a') .. '\0'):gmatch('(.-)%z') do
    requests[#requests + 1] = request
  end
  file:close()
end

function request()
  nextOne = nextOne % #requests + 1
  return requests[nextOne]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"answered":%d,"refused":%d,"broken":%d,"duration_us":%d,"p50_us":%.0f,"p99_us":%.0f}\n',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration, latency:percentile(50), latency:percentile(99)))
end
