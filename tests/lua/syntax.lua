-- Not a program.
print("never")
local x = = 1
