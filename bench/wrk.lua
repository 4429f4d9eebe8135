-- Sends the requests of a file by turns, and prints what was measured as JSON.
local requests, n = {}, 0

function init(args)
  for one in io.open(args[1], "rb"):read("*a"):gmatch("(.-\r\n\r\n)") do
    requests[#requests + 1] = one
  end
end

function request()
  n = n % #requests + 1
  return requests[n]
end

function done(summary, latency)
  local counted = {}
  for i = 1, #latency do
    local micros, count = latency(i)
    counted[i] = string.format("[%d,%d]", micros, count)
  end
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"micros":%d,"errors":%d,"cpuSeconds":%f,"latencies":[%s]}\n',
    summary.requests,
    summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    os.clock(),
    table.concat(counted, ",")
  ))
end
