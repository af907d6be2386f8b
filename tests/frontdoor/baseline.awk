# baseline.awk: judges a record of the benchmarks by a baseline. -v key=...: compiler and emulator; -v baseline=FILE;
# -v before=FILE: the baseline as it was, against which a count may only fall.
function bad(words) { print "baseline: " words; failed = 1 }
FILENAME == before {
  if ($1 == "key") was_here = ($0 == "key " key)
  else if (was_here && $1 == "rise") accepted[$2] = $3
  else if (was_here && $2 ~ /^[0-9]+$/) was[$1] = accepted[$1] = $2
  next
}
FILENAME == baseline {
  if (/^#/ || !NF) next
  if ($1 == "key") { here = ($0 == "key " key); found += here }
  else if (!here) next
  else if ($1 == "rise") {
    if (NF < 4 || $3 !~ /^[0-9]+$/ || !($2 in best)) bad("a rise is `rise OPERATION COUNT REASON...`, below its operation: " $0)
    allowed[$2] = $3
  } else if ($2 !~ /^[0-9]+$/ || $2 == 0) bad("no count: " $0)
  else {
    best[$1] = allowed[$1] = $2
    order[++rows] = $1
  }
  next
}
{ sub(/\r*$/, "") }
$1 == "BENCH" { measured[$2] = $3 }
END {
  if (!found) { print "baseline: there is none for '" key "': nothing is judged"; exit failed }
  for (i = 1; i <= rows; i++) {
    name = order[i]
    if (!(name in measured)) { bad(name " was not measured"); continue }
    if (measured[name] > allowed[name] * 1.03) bad(name " takes " measured[name] " instructions, " allowed[name] " are in the baseline")
    if (name in was && best[name] > was[name]) bad(name "'s count was raised from " was[name] " to " best[name] ": that is a line `rise " name " " best[name] " REASON`")
    if (measured[name] < best[name]) print "baseline: " name " has become cheaper: " measured[name] " for " best[name]
    if (measured[name] > 0) { sum += log(measured[name] / allowed[name]); n++ }
    if (accepted[name] > 0) moved += log(allowed[name] / accepted[name])
  }
  for (name in measured) if (!(name in best)) print "baseline: " name " is not in it: " measured[name]
  mean = n ? exp(sum / n) : 99
  printf "baseline: %d operations, geometric mean %.4f of the baseline\n", rows, mean
  if (rows < 20) bad("hardly any operations")
  if (mean > 1.005) bad("all operations together have become dearer")
  if (moved > 1e-9) bad("this baseline as a whole is higher than the one before: what rises is to be paid for elsewhere")
  exit failed
}
