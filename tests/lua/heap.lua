-- The heap grows to forty mebibytes and more, and what is in it stays what it was.
local blocks, sum = {}, 0
for i = 1, 40 do blocks[i] = string.rep(string.char(i), 1024 * 1024) end
for i = 1, 40 do sum = sum + blocks[i]:byte(1) + blocks[i]:byte(-1) + #blocks[i] % 7 end
print(#blocks, sum, collectgarbage("count") > 40 * 1024)
blocks = nil
collectgarbage()
print(collectgarbage("count") < 8 * 1024)
local t = {}
for i = 1, 300000 do t[i] = { i } end
local s = 0
for i = 1, #t do s = s + t[i][1] end
print(#t, s)
t = nil
collectgarbage()
local words = {}
for i = 1, 20000 do words["k" .. i] = i end
local n = 0
for k, v in pairs(words) do n = n + v end
print(n)
