-- An error nobody catches.
print("before")
local function deep(n) if n == 0 then error("gone wrong") end deep(n - 1) end
deep(3)
