# json.sh: --json, for run, test, doctor and image; sourced by ./veridian. The verb runs as it always does, and what it said
# is told again as one object a line on standard output; everything a person would read goes to standard error.

# json_string: standard input as a JSON string. (The x keeps a last line without an end apart from one with it.)
json_string() {
  { cat; echo x; } | iconv -f UTF-8 -t UTF-8 -c | LC_ALL=C awk '
    function put(s) {
      gsub(/["\\]/, "\\\\&", s)
      for (i = 1; i <= length(s); i++) { c = substr(s, i, 1); printf "%s", c in code ? code[c] : c }
    }
    BEGIN { for (i = 1; i < 32; i++) code[sprintf("%c", i)] = sprintf("\\u%04x", i); printf "\"" }
    NR > 1 { put(last); printf "\\n" }
    { last = $0 }
    END { put(substr(last, 1, length(last) - 1)); printf "\"" }'
}

# json_lines PROGRAM: each line of standard input through an awk PROGRAM that prints key, TAB, value, TAB, ...; one object a line.
json_lines() {
  LC_ALL=C awk "$1" | LC_ALL=C awk -F '\t' '{
      printf "{"
      for (i = 1; i < NF; i += 2) {
        gsub(/["\\]/, "\\\\&", $(i + 1))
        printf "%s\"%s\":%s", (i > 1 ? "," : ""), $i, $(i + 1) ~ /^(0|[1-9][0-9]*)(\.[0-9]+)?$/ ? $(i + 1) : "\"" $(i + 1) "\""
      }
      print "}"
      fflush()
    }'
}

# json WORD...: the whole command line but --json.
json() {
  told=$(mktemp -d "${TMPDIR:-/tmp}/veridian.XXXXXX")
  trap 'rm -rf "$told"' EXIT
  trap 'exit 130' INT TERM HUP
  [ -n "$results_copy" ] || { [ "$verb" != run ] || set -- --results "$told/results" "$@"; }
  mkfifo "$told/words" "$told/errors"
  tee "$told/said" <"$told/errors" >&2 &
  case $verb in
  doctor) tee /dev/stderr <"$told/words" | json_lines '{ words = substr($0, 18); cure = ""
      if (i = index(words, "; cure: ")) { cure = substr(words, i + 8); words = substr(words, 1, i - 1) }
      print "check\t" $2 "\tresult\t" $1 "\twords\t" words (cure == "" ? "" : "\tcure\t" cure) }' & ;;
  test) tee /dev/stderr <"$told/words" | json_lines '/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
      for (i = 1; $i !~ /^#[0-9]+:$/; i++) continue
      print "test\t" $(i + 1) "\tresult\t" (/ Passed / ? "passed" : /Skipped/ ? "skipped" : "failed") "\tseconds\t" $(NF - 1) }' & ;;
  *) tee "$told/output" <"$told/words" >&2 & ;;
  esac
  status=0
  VERIDIAN_JSON=1 "$here/veridian" "$@" >"$told/words" 2>"$told/errors" || status=$?
  wait
  printf '{"verb":"%s","arch":"%s","status":%d' "$verb" "$([ $verb = test ] && echo all || echo "$arch")" $status
  case $verb in
  run) json_run "${results_copy:-$told/results}" ;;
  image) [ $status != 0 ] || printf ',"file":%s' "$(printf %s "$root/veridian.$([ $format = raw ] && echo img || echo $format)" | json_string)" ;;
  esac
  printf ',"said":%s}\n' "$(sed -n 's/^veridian: //p' "$told/said" | json_string)"
  return $status
}

# json_run RESULTS: when each stage came, what the tests of the program said, and its output.
json_run() {
  [ ! -e "$1" ] || tr -d '\r' <"$1" | LC_ALL=C awk '/^STAGE [1-6] / && !seen[$2]++ { stages = stages (stages == "" ? "" : ",") "\"" $2 "\":" $3 + 0 }
    /^END / { tests = ",\"passed\":" $3 + 0 ",\"tests\":" $4 + 0 }
    END { printf ",\"stages\":{%s}%s", stages, tests }'
  printf ',"output":%s' "$(json_string <"$told/output")"
}
