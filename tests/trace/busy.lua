-- Longer than a slice or two, so that the kernel asks for the CPU; opens a file, so that the library has something to do.
local sum = 0
for i = 1, 3000000 do sum = sum + i end
local f = assert(io.open("/tmp/sum", "w"))
f:write(sum, "\n")
f:close()
print(sum)
