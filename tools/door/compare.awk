# compare.awk OLD NEW: what moved between two reports' counts, one row a line.
function field(name,   s) {
  if (!match($0, "\"" name "\":[^,}]*")) return ""
  s = substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3)
  gsub(/"/, "", s)
  return s == "null" ? "" : s
}
/^\{"row":/ {
  name = field("row")
  if (FNR == NR) { was[name] = field("veridian"); was_tuned[name] = field("tuned"); next }
  seen[name] = 1
  told += tell("Veridian", was[name], field("veridian"), name in was)
  told += tell("Linux tuned", was_tuned[name], field("tuned"), name in was)
}
function tell(os, old, new, known) {
  if (old == new) return 0
  if (!known || old == "") printf "  %-22s %-12s %10s new\n", name, os, new
  else if (new == "") printf "  %-22s %-12s %10s gone\n", name, os, old
  else printf "  %-22s %-12s %10s -> %-10s %+.1f %%\n", name, os, old, new, (new - old) * 100 / (old ? old : 1)
  return 1
}
END {
  for (name in was) if (!(name in seen)) { printf "  %-22s gone\n", name; told++ }
  if (!told) print "  nothing moved"
}
