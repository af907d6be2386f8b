-- Arithmetic: floats as they print, integers at their limits, functions of the math library.
print(math.pi, math.huge, -math.huge, math.maxinteger, math.mininteger)
print(0.1 + 0.2, 1 / 3, 100 / 3, 1e300 * 1e10, 5e-324, 2^-1074)
print(math.sin(1), math.cos(1), math.tan(1), math.exp(1), math.log(10), math.log(8, 2), math.sqrt(2))
print(math.floor(-3.5), math.ceil(-3.5), math.fmod(7, -3), math.modf(-3.7))
print(math.type(1), math.type(1.0), math.type("1"), math.ult(1, -1), math.abs(math.mininteger))
print(math.maxinteger + 1 == math.mininteger, math.maxinteger * 2, 1 // 0.0, 0.0 / 0.0 ~= 0.0 / 0.0)
print(string.format("%.14g %.17g %.20f", 0.1, 0.1, 0.1))
print(3.0, 3, -0.0, 1e15, 1e16, 123456789012345678)
print(tonumber("0x1p4"), tonumber("1e1"), tonumber(" 10 "), tonumber("10", 2), tonumber("zz", 36), tonumber("z"))
math.randomseed(42)
local a = math.random(1, 100)
math.randomseed(42)
print(a == math.random(1, 100), math.random() < 1)
local s = 0.0
for i = 1, 100000 do s = s + 1 / i end
print(string.format("%.12f", s))
local t0 = os.clock()
local x = 0
for i = 1, 200000 do x = x + i % 7 end
print(x, os.clock() >= t0, os.time() > 0, os.date("%Y", 0))
print((pcall(function() return 1 // 0 end)))
