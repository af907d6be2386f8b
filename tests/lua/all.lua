-- Runs the tests that end well in one go: each against what it is expected to print. Exit status: how many differ.
-- Tests that end badly (*.status) need a program of their own.
local folder = arg[0]:match("^(.*)/") or "."
local names = #arg > 0 and arg or { "files", "strings", "math", "coroutines", "heap", "memory" }
local write, show, failed = io.write, print, 0

local function run(name)
  local out = {}
  io.write = function(...) for _, v in ipairs { ... } do out[#out + 1] = tostring(v) end return io.stdout end
  print = function(...)
    local words = table.pack(...)
    for i = 1, words.n do words[i] = tostring(words[i]) end
    out[#out + 1] = table.concat(words, "\t") .. "\n"
  end
  local ok, why = pcall(dofile, folder .. "/" .. name .. ".lua")
  io.write, print = write, show
  local f <close> = assert(io.open(folder .. "/" .. name .. ".expect", "rb"))
  local text = table.concat(out) .. (ok and "" or tostring(why) .. "\n")
  if text == f:read("a") then show("ok " .. name) return end
  failed = failed + 1
  show("FAIL " .. name .. ": it printed:\n" .. text)
end

for _, name in ipairs(names) do
  run(name)
  collectgarbage()
end
show(failed == 0 and "all as expected" or failed .. " differ")
os.exit(failed)
