-- Files: written, read, appended, renamed, removed, listed; the host's folder can not be written.
local name = "/notes.txt"
local f = assert(io.open(name, "w"))
f:write("one\n", 2, "\n", 3.5, "\n")
f:close()
for line in io.lines(name) do io.write("[", line, "]") end
print()
f = assert(io.open(name, "a+"))
f:write("four\n")
f:seek("set", 4)
print(f:read("n", "l", "L"))
f:close()
f = assert(io.open(name, "rb"))
print(f:seek("end"), f:seek("set", 0))
print(#f:read("a"))
f:close()
print(os.rename(name, "/tmp/renamed"))
print(io.open(name))
print(os.remove("/tmp/renamed"), os.remove("/tmp/renamed"))
print(io.open("/host/new", "w"))
print(io.open("/no/such/folder", "w"))
local t = os.tmpname()
print(t:match("^/tmp/lua_") ~= nil)
os.remove(t)
local big = string.rep("0123456789abcdef", 65536)
f = assert(io.open("/big", "wb"))
for i = 1, 4 do f:write(big) end
f:close()
f = assert(io.open("/big", "rb"))
local n, sum = 0, 0
for chunk in f:lines(4096) do n = n + #chunk; sum = sum + chunk:byte(1) end
f:close()
print(n, sum)
os.remove("/big")
for _, n in ipairs { "b", "a", "c" } do io.open("/tmp/" .. n, "w"):close() end
local names = {}
for n in io.lines("/proc/ls/tmp") do names[#names + 1] = n end
table.sort(names)
print(table.concat(names, " "))
local found
for n in io.lines("/proc/ls/host") do found = found or n == "files.lua" end
print("own script listed", found)
