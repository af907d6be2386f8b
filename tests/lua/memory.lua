-- No memory left: Lua's own error, which a program can catch and survive.
local function fill()
  local t = {}
  for i = 1, 1 << 20 do t[i] = string.rep("x", 1 << 20) .. i end
  return #t
end
print(pcall(fill))
collectgarbage()
print(pcall(string.rep, "x", 1 << 30))
local t = {}
for i = 1, 1000 do t[i] = i end
print(#t, "goes on")
