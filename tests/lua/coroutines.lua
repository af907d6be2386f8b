-- Coroutines: generators, passing values both ways, errors, many at once.
local function range(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local s = 0
for i in range(1000) do s = s + i end
print(s)
local co = coroutine.create(function(a) local b = coroutine.yield(a * 2); local c = coroutine.yield(b + 1); return c, "end" end)
print(coroutine.resume(co, 21))
print(coroutine.resume(co, 9))
print(coroutine.resume(co, "x"))
print(coroutine.resume(co))
print(coroutine.status(co))
local bad = coroutine.create(function() error({ code = 7 }) end)
local ok, e = coroutine.resume(bad)
print(ok, e.code)
local all = {}
for i = 1, 2000 do all[i] = coroutine.wrap(function() local n = i; while true do n = n + coroutine.yield(n) end end); all[i]() end
local total = 0
for round = 1, 3 do for i = 1, #all do total = total + all[i](round) end end
print(total)
