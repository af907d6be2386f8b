# bench.awk: the report of ./veridian bench. Reads what it was done with ($raw/about), bench/elsewhere, and each boot's record and
# console; writes report.md, report.html and report.json into -v out=FOLDER. Fails when the numbers do not hold.
function rest(n,   s) { for (s = $0; n > 0; n--) sub(/^[^ ]+ /, "", s); return s }
function base(name) { sub(/\..*/, "", name); return name }
function bad(words) { print "bench: " words; failed = 1 }
function smaller(a, b) { return a == "" || b + 0 < a + 0 ? b : a }

{ sub(/\r$/, "") }
FNR == 1 {
  part = FILENAME
  sub(/.*\//, "", part)
  console = sub(/\.console$/, "", part)
  split(part, of, "-") # system, count or wall, round, seed
  recorded = of[2] == "count" || of[2] == "wall"
}
FILENAME ~ /\/about$/ { about[$1] = rest(1); next }
!recorded {
  if ($1 == "EVENT") events[$2, $3] = rest(3)
  if ($1 == "waits") waits[++waiting] = rest(1)
  if ($1 == "history") { name = $2; sub(/:$/, "", name); history[name] = rest(2) }
  next
}
console && $1 == "ROW" {
  if (!($2 in known)) { known[$2] = 1; row[++rows] = $2 }
  has[of[1], $2] = 1
  budget[$2] = $3
  control[$2] = $4 == "control"
  words = rest(4)
  if (words != "-") sosp[base($2)] = words
}
# From the kernel's entry (Linux: from the start of its clock) to the first program, and what memory is not free then.
!console && ($1 == "STAGE" && $2 == 6 || $1 == "BOOT" && $2 == "ns") { boot(of[1], of[2], $1 == "BOOT" ? $3 : $3 * 1000) }
!console && $1 == "BOOT" && $2 == "free_kib" { taken[of[1]] = about["memory"] - $3 / 1024 }
!console && $1 == "MEMORY" && of[3] == 1 && of[2] == "count" { taken[of[1]] += $3 / 256 }
!console && $1 == "BENCH" {
  if (of[2] == "wall") { clock[of[1], $2] = smaller(clock[of[1], $2], $3); next }
  said[of[1], $2, of[3]] = $3
  if (of[3] == 2) next # the first once more
  all[of[1], $2, ++times[of[1], $2]] = $3
}

function boot(os, kind, ns) {
  if (kind == "wall") { booted_wall[os] = smaller(booted_wall[os], ns); return }
  ns = ns / about["ns"]
  if (booted_least[os] == "" || ns < booted_least[os]) booted_least[os] = ns
  if (ns > booted_most[os]) booted_most[os] = ns
}
function boot_rows(f, begin, between, end,   names, i, n) {
  n = split("veridian default tuned", names, " ")
  printf "%sfirst program, instructions (waiting included)", begin >f
  for (i = 1; i <= n; i++) printf "%s%s", between, booted_least[names[i]] == "" ? "" : sprintf("%.1f-%.1f M", booted_least[names[i]] / 1e6, booted_most[names[i]] / 1e6) >f
  printf "%s\n%sfirst program, ms of the emulator", end, begin >f
  for (i = 1; i <= n; i++) printf "%s%s", between, booted_wall[names[i]] == "" ? "" : sprintf("%.0f", booted_wall[names[i]] / 1e6) >f
  printf "%s\n%smemory not free then, MiB of %d", end, begin, about["memory"] >f
  for (i = 1; i <= n; i++) printf "%s%s", between, taken[names[i]] == "" ? "" : sprintf("%.1f", taken[names[i]]) >f
  printf "%s\n%skernel, KiB", end, begin >f
  for (i = 1; i <= n; i++) printf "%s%d", between, about[i == 1 ? "kernel" : "linux_kernel"] / 1024 >f
  print end >f
}

function median(os, name,   n, i, k, v, a) {
  n = times[os, name]
  for (i = 1; i <= n; i++) {
    v = all[os, name, i] + 0
    for (k = i; k > 1 && a[k - 1] > v; k--) a[k] = a[k - 1]
    a[k] = v
  }
  return n ? a[int((n + 1) / 2)] : ""
}
function spread(os, name,   i, least, most) {
  for (i = 1; i <= times[os, name]; i++) {
    if (i == 1 || all[os, name, i] + 0 < least) least = all[os, name, i] + 0
    if (all[os, name, i] + 0 > most) most = all[os, name, i] + 0
  }
  return least == most ? "" : least "-" most
}
# What must be so, or the numbers say nothing.
function judge(   i, name, s, side, sides) {
  sides = split(linux ? "veridian default tuned" : "veridian", side, " ")
  for (i = 1; i <= rows; i++) {
    name = row[i]
    for (s = 1; s <= sides; s++) {
      if (!((side[s], name) in has)) continue
      if (!((side[s], name, 1) in said)) { bad(name " has no count on " side[s]); continue }
      if (((side[s], name, 2) in said) && said[side[s], name, 1] != said[side[s], name, 2]) {
        again = name ": " said[side[s], name, 1] " and " said[side[s], name, 2] " with the same seed on " side[s]
        if (side[s] == "veridian") bad(again); else unsteady = unsteady (unsteady == "" ? "" : "; ") again
      }
      away = median(side[s], name) - median("veridian", name)
      if (control[name] && (away < 0 ? -away : away) > (about["arch"] == "aarch64" ? 2 : 0)) # a counter of 16 instructions
        bad(name ", a control, differs on " side[s] ": " median(side[s], name) " for " median("veridian", name) "; all is void")
    }
  }
}
# The cheapest of all ways to do a thing.
function best(os, name,   i, v, found) {
  found = ""
  for (i = 1; i <= rows; i++)
    if (base(row[i]) == name && ((os, row[i]) in has)) {
      v = median(os, row[i])
      if (found == "" || v + 0 < found + 0) { found = v; way = row[i] }
    }
  return found
}
function quickest(os, name,   i, v) {
  v = ""
  for (i = 1; i <= rows; i++)
    if (base(row[i]) == name && ((os, row[i]) in clock)) v = smaller(v, clock[os, row[i]])
  return v
}
function times_of(a, b) { return a == "" || b == "" || b == 0 ? "" : a / b }
function shown(x) { return x == "" ? "" : x >= 100 ? sprintf("%d", x) : x >= 10 ? sprintf("%.1f", x) : sprintf("%.2f", x) }
function collect(   i, name) {
  for (i = 1; i <= rows; i++) {
    name = base(row[i])
    if (name in kept) continue
    kept[name] = 1
    line[++lines] = name
    v[name] = best("veridian", name)
    d[name] = best("default", name)
    way = ""
    t[name] = best("tuned", name)
    how[name] = way
    vw[name] = quickest("veridian", name)
    dw[name] = quickest("default", name)
    tw[name] = quickest("tuned", name)
    fewer[name] = times_of(t[name], v[name])
    sooner[name] = times_of(tw[name], vw[name])
    verdict[name] = fewer[name] == "" || control[row[i]] ? "" : fewer[name] < 1 ? "Linux needs fewer" (sooner[name] > 1 ? ", by the clock more" : "") : \
      sooner[name] != "" && sooner[name] < 1 ? "no claim: the clock says the contrary" : ""
    if (budget[name] && v[name] > budget[name] + 0) verdict[name] = verdict[name] (verdict[name] == "" ? "" : "; ") "over its budget"
    if (fewer[name] == "" || control[row[i]] || name ~ /@/) continue
    counted++
    sum += log(fewer[name])
    if (sooner[name] != "") { clocked++; wall += log(sooner[name]) }
  }
}

# --- Markdown
function markdown(   i, n, f) {
  f = out "/report.md"
  print "# Veridian and Linux, " about["arch"] "\n" >f
  print "Instructions for one operation, and how many times as many Linux (tuned) takes; beside it the same by the clock of the" >f
  print "emulator (best of " about["rounds"] " boots each). Fewer instructions are not the same as faster: the emulator charges about 2.25 us" >f
  print "for a change of address space, which is one instruction, and hardware does not.\n" >f
  print "| operation | SOSP '95 | Veridian | budget | Linux | Linux tuned | times fewer | times by the clock | |" >f
  print "|---|---|---:|---:|---:|---:|---:|---:|---|" >f
  for (i = 1; i <= lines; i++) {
    n = line[i]
    if (v[n] == "" || t[n] == "" && linux || n ~ /@/) continue
    print "| " n (how[n] != "" && how[n] != n ? " (Linux: " substr(how[n], length(n) + 2) ")" : "") " | " sosp[n] " | " v[n] " | " \
      (budget[n] ? budget[n] : "") " | " d[n] " | " t[n] " | " shown(fewer[n]) " | " shown(sooner[n]) " | " verdict[n] " |" >f
  }
  if (counted) printf "\nGeometric mean of %d operations: %.1f times fewer instructions than Linux tuned; by the clock %.1f.\n", counted, exp(sum / counted), exp(wall / clocked) >f
  print "\n## Events of one operation\n\nLoads of a root of page tables / invalidations / entries into the kernel, counted once by a plugin.\n" >f
  print "| operation | Veridian | Linux tuned |\n|---|---:|---:|" >f
  event_rows(f, "| ", " | ", " |")
  print "\n## With N other regions in the program\n\n| operation@N | Veridian | Linux | Linux tuned |\n|---|---:|---:|---:|" >f
  for (i = 1; i <= lines; i++) if (line[i] ~ /@/) print "| " line[i] " | " v[line[i]] " | " d[line[i]] " | " t[line[i]] " |" >f
  print "\n## On one system alone\n\n| operation | Veridian | Linux | Linux tuned |\n|---|---:|---:|---:|" >f
  for (i = 1; i <= rows; i++) {
    n = row[i]
    if (n == base(n) && v[n] != "" && t[n] != "" || n ~ /@/) continue
    print "| " n " | " median("veridian", n) " | " median("default", n) " | " median("tuned", n) " |" >f
  }
  print "\n## Boot and size\n\n| | Veridian | Linux | Linux tuned |\n|---|---:|---:|---:|" >f
  boot_rows(f, "| ", " | ", " |")
  print "\n## Rows that wait for their mechanism\n" >f
  for (i = 1; i <= waiting; i++) print "- " waits[i] >f
  print "\n## Elsewhere\n\nOther hardware, of its own time; for the shape only.\n" >f
  for (i = 1; i <= lines; i++) if (line[i] in history) print "- " line[i] ": " history[line[i]] >f
  print "\n## How\n" >f
  method(f, "- ")
  close(f)
}
function event_rows(f, begin, between, end,   i, n) {
  for (i = 1; i <= lines; i++) {
    n = line[i]
    if (n ~ /@/ || control[n] || !(("veridian", n) in events) || linux && !(("tuned", how[n]) in events)) continue
    print begin n between events["veridian", n] between events["tuned", how[n]] end >f
  }
}
function method(f, bullet,   i, n, ranges) {
  print bullet "QEMU " about["qemu"] ", one processor, the same machine for all; " about["compiler"] "; Veridian " about["revision"] "; Linux " about["linux"] " (" about["form"] "), without the firmware" >f
  print bullet "Linux: " about["default"] >f
  print bullet "Linux tuned: " about["tuned"] >f
  print bullet "counted with the seeds " about["seeds"] ": the median over the seeds, each the median of 101 samples after 5 warm-ups, less an empty section; the controls are equal on all systems" >f
  if (about["arch"] == "aarch64") print bullet "the counter that a program may read gains one in 16 instructions: a sample is a mean of up to 64 repetitions, and the controls may differ by 2" >f
  for (i = 1; i <= lines; i++) {
    n = line[i]
    if (control[n] && sooner[n] != "" && (sooner[n] < 0.8 || sooner[n] > 1.25))
      print bullet "by the clock " n ", the same instructions everywhere, took " shown(sooner[n]) " times as long on Linux tuned: where code and data lie in the emulator weighs that much, and no ratio by the clock says more" >f
  }
  if (unsteady != "") print bullet "not the same twice on Linux: " unsteady >f
  for (i = 1; i <= lines; i++) if (spread("tuned", how[line[i]]) != "" || spread("veridian", line[i]) != "")
    ranges = ranges (ranges == "" ? "" : "; ") line[i] " " (spread("veridian", line[i]) == "" ? v[line[i]] : spread("veridian", line[i])) " / " (spread("tuned", how[line[i]]) == "" ? t[line[i]] : spread("tuned", how[line[i]]))
  if (ranges != "") print bullet "from seed to seed (Veridian / Linux tuned): " ranges >f
}

# --- One page, with nothing to fetch
function html(   i, n, f, y, bars) {
  f = out "/report.html"
  print "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Veridian and Linux</title><style>" >f
  print "body{font:15px/1.5 sans-serif;max-width:70em;margin:2em auto;padding:0 1em}td,th{padding:.1em .8em;border-bottom:1px solid #ddd;text-align:right}" >f
  print "td:first-child,th:first-child,td:nth-child(2){text-align:left}table{border-collapse:collapse}svg text{font:12px sans-serif}</style>" >f
  print "<h1>Veridian and Linux, " about["arch"] "</h1><p>Instructions for one operation. Bars: how many times as many Linux (tuned) takes, dark by count, light by the emulator's clock, each step a factor of ten; the line is 1.</p>" >f
  for (i = 1; i <= lines; i++) if (fewer[line[i]] != "" && !control[line[i]] && line[i] !~ /@/) bars[++y] = line[i]
  printf "<svg width=1000 height=%d role=img>\n", 24 * y + 10 >f
  for (i = 1; i <= y; i++) {
    n = bars[i]
    printf "<text x=0 y=%d>%s</text>", 24 * i - 6, n >f
    bar(f, 24 * i - 18, fewer[n], "#246")
    if (sooner[n] != "") bar(f, 24 * i - 9, sooner[n], "#9bd")
    printf "<text x=%d y=%d>%s</text>\n", 330 + 120 * (fewer[n] > 1 ? log(fewer[n]) / log(10) : 0) + 6, 24 * i - 6, shown(fewer[n]) >f
  }
  printf "<line x1=330 y1=0 x2=330 y2=%d stroke=#888 /></svg>\n", 24 * y + 10 >f
  print "<table><tr><th>operation<th>SOSP '95<th>Veridian<th>budget<th>Linux<th>Linux tuned<th>times fewer<th>by the clock<th>" >f
  for (i = 1; i <= lines; i++) {
    n = line[i]
    if (v[n] != "" && (t[n] != "" || !linux))
      print "<tr><td>" n "<td>" sosp[n] "<td>" v[n] "<td>" (budget[n] ? budget[n] : "") "<td>" d[n] "<td>" t[n] "<td>" shown(fewer[n]) "<td>" shown(sooner[n]) "<td>" verdict[n] >f
  }
  print "</table><h2>Events of one operation: loads of a root of page tables / invalidations / entries into the kernel</h2><table><tr><th>operation<th>Veridian<th>Linux tuned" >f
  event_rows(f, "<tr><td>", "<td>", "")
  print "</table><h2>On one system alone</h2><table><tr><th>operation<th>Veridian<th>Linux<th>Linux tuned" >f
  for (i = 1; i <= rows; i++) {
    n = row[i]
    if (!(n == base(n) && v[n] != "" && t[n] != "")) print "<tr><td>" n "<td>" median("veridian", n) "<td>" median("default", n) "<td>" median("tuned", n) >f
  }
  print "</table><h2>Boot and size</h2><table><tr><th><th>Veridian<th>Linux<th>Linux tuned" >f
  boot_rows(f, "<tr><td>", "<td>", "")
  print "</table><h2>Rows that wait for their mechanism</h2><ul>" >f
  for (i = 1; i <= waiting; i++) print "<li>" waits[i] >f
  print "</ul><h2>Elsewhere: other hardware, of its own time</h2><ul>" >f
  for (i = 1; i <= lines; i++) if (line[i] in history) print "<li>" line[i] ": " history[line[i]] >f
  print "</ul><h2>How</h2><ul>" >f
  method(f, "<li>")
  print "</ul>" >f
  close(f)
}
function bar(f, y, x, colour,   w) {
  w = 120 * log(x) / log(10)
  printf "<rect x=%d y=%d width=%d height=8 fill=%s />", w < 0 ? 330 + w : 330, y, w < 0 ? -w : w, colour >f
}

# --- JSON, one row a line
function value(x) { return x == "" ? "null" : x }
function json(   i, n, f) {
  f = out "/report.json"
  printf "{\"arch\":\"%s\",\"qemu\":\"%s\",\"linux\":\"%s\",\"revision\":\"%s\",\"void\":%s,\"rows\":[\n", about["arch"], about["qemu"], about["linux"], about["revision"], failed ? "true" : "false" >f
  for (i = 1; i <= lines; i++) {
    n = line[i]
    printf "{\"row\":\"%s\",\"sosp\":\"%s\",\"budget\":%s,\"veridian\":%s,\"linux\":%s,\"tuned\":%s,\"linux_way\":\"%s\",\"veridian_milliticks\":%s,\"linux_milliticks\":%s,\"tuned_milliticks\":%s,\"veridian_events\":\"%s\",\"tuned_events\":\"%s\"}%s\n", \
      n, sosp[n], value(budget[n]), value(v[n]), value(d[n]), value(t[n]), how[n], value(vw[n]), value(dw[n]), value(tw[n]), events["veridian", n], events["tuned", how[n]], i < lines ? "," : "" >f
  }
  print "]}" >f
  close(f)
}

END {
  linux = about["linux"] != "none"
  judge()
  collect()
  if (lines < 10) bad("only " lines " rows")
  markdown()
  html()
  json()
  for (i = 1; i <= lines; i++) {
    n = line[i]
    if (v[n] != "" || t[n] != "") printf "  %-22s %10s %10s %10s %8s %8s  %s\n", n, v[n], d[n], t[n], shown(fewer[n]), shown(sooner[n]), verdict[n]
  }
  if (counted) printf "  geometric mean of %d: %.1f times fewer instructions, %.1f by the clock\n", counted, exp(sum / counted), clocked ? exp(wall / clocked) : 0
  print "  waiting for their mechanism: " waiting " rows"
  exit failed
}
