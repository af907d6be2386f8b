-- Strings: patterns, formats, packing, UTF-8.
print(("The quick brown fox"):gsub("%w+", string.upper))
print(("key=value; other=thing"):match("(%w+)=(%w+); (%w+)=(%w+)"))
for w in ("a,b,,c"):gmatch("([^,]*)") do io.write("<", w, ">") end
print()
print(string.format("%5d|%-5d|%05d|%x|%X|%o|%c|%q|%s|%10.3s|", 42, 42, 42, 255, 255, 8, 65, "a\nb", true, "abcdef"))
print(string.format("%.3f %e %g %g %a", 3.14159, 12345.678, 1e20, 0.1, 0.5))
print(("abc"):rep(3, "-"), ("hello"):reverse(), ("hello"):byte(1, -1))
print(string.pack("<i4", 0x01020304):byte(1, -1))
print(string.unpack("<d", string.pack("<d", 1.5)))
print(utf8.char(228, 8364, 128512), utf8.len("aä€"), #"aä€")
for p, c in utf8.codes("ä€") do io.write(p, ":", c, " ") end
print()
print(tostring(1e15), 1e100, 2^53, 10 // 3, -10 // 3, 10 % -3, 7 / 2, 1 / 0, -1 / 0)
print(math.tointeger(3.0), 3 | 4, 1 << 62, 0xff ~ 0x0f, "10" + 5, 10 .. 20)
print(#string.dump(function() return 1 end) > 0, load("return 6 * 7")())
print(("x"):rep(10):find("x", 5, true), ("a.b"):find(".", 1, true))
