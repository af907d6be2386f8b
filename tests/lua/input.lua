-- Input comes when the program has long been waiting for it: what it was in the middle of goes on.
local line = io.read()
print(line, #line)
local n, word = io.read("n", "l")
print(n, word)
for rest in io.lines() do print("[" .. rest .. "]") end
print(io.read() == nil, io.write("") == io.stdout)
