# From figures.tsv and facts.tsv to a page. Medians are the upper ones, as the generator takes them. Sourced by side-by-side.

# Of the numbers on standard input: the median, the lowest, the highest.
median() { sort -g | awk '{ v[NR] = $1 } END { if (NR) print v[int(NR / 2) + 1] }'; }
lowest() { sort -g | head -1; }
highest() { sort -g | tail -1; }

# The columns of figures.tsv.
declare -A column=([ops]=4 [p50]=5 [p99]=6 [errors]=7 [cpu]=8 [gap]=9)

# of PART SIDE COLUMN: that column of all rounds.
of() { awk -F'\t' -v part="$1" -v side="$2" -v column="${column[$3]}" '$1 == part && $2 == side { print $column }' "$figures"; }

# ratios PART COLUMN PEER: Nines / peer, round by round.
ratios() {
  awk -F'\t' -v part="$1" -v peer="$3" -v column="${column[$2]}" '
    $1 == part && $2 == "nines" { ours[$3] = $column }
    $1 == part && $2 == peer && $column > 0 && ($3 in ours) { printf "%.3f\n", ours[$3] / $column }' "$figures"
}

has() { [ -n "$(of "$1" "$2" ops)" ]; }

# goal WHAT BOUND MEASURED UNIT: a line of the table; BOUND begins with <=, < or >=.
goal() {
  local what=$1 bound=$2 measured=$3 unit=$4 met
  met=$(awk -v m="$measured" -v b="${bound##*[<>=]}" -v o="${bound%%[0-9 ]*}" 'BEGIN {
    print (o == "<=" ? m <= b : o == "<" ? m < b : m >= b) ? "yes" : "**no**" }')
  echo "| $what | ${bound/<=/at most }$unit | $measured$unit | $met |" | sed 's/| >=/| at least /; s/| </| below /'
}

goals() {
  local clients
  for clients in 64 256; do
    has "put $clients" etcd || continue
    goal "PutItem 256 B, $clients clients: ops/s against etcd put" ">=2" "$(ratios "put $clients" ops etcd | median)" " x"
    goal "PutItem, $clients clients: p99 against etcd put" "<1" "$(ratios "put $clients" p99 etcd | median)" " x"
    goal "PutItem, $clients clients: server CPU over the three nodes" "<=60" "$(of "put $clients" nines cpu | median)" " us/op"
  done
  if has "put 1" nines; then
    goal "PutItem, 1 client: p50" "<=700" "$(of "put 1" nines p50 | median)" " us"
  fi
  if has "strong get 64" etcd; then
    goal "strong GetItem, 64 clients: ops/s against etcd linearizable range" ">=1.5" "$(ratios "strong get 64" ops etcd | median)" " x"
  fi
  if has "eventual get 64" dynalite; then
    goal "eventual GetItem, 64 clients: ops/s against dynalite GetItem" ">=3" "$(ratios "eventual get 64" ops dynalite | median)" " x"
  fi
  if has failover nines; then
    goal "write gap after kill -9 of the leader: median of $(of failover nines gap | wc -l)" "<=400" "$(of failover nines gap | median)" " ms"
    goal "write gap after kill -9 of the leader: longest" "<=1200" "$(of failover nines gap | highest)" " ms"
  fi
  if has pause nines; then
    goal "write gap after SIGSTOP of the leader: longest of $(of pause nines gap | wc -l)" "<=2500" "$(of pause nines gap | highest)" " ms"
  fi
  if [ -n "$(known load_elections)" ]; then
    goal "elections during $(known load_minutes) minutes of load" "<=0" "$(known load_elections)" ""
  fi
  if [ -n "$(known idle_rss)" ]; then
    goal "idle node: resident memory, largest of three" "<150" "$(known idle_rss | highest)" " MB"
    goal "idle node: CPU, busiest of three" "<2" "$(known idle_cpu | highest)" " % of a core"
  fi
  if [ -n "$(known start)" ]; then
    goal "start of \`up\` to the first acknowledged write: median of $(known start | wc -l)" "<5000" "$(known start | median)" " ms"
  fi
}

# figure PART SIDE: a line with medians and ranges.
figure() {
  local part=$1 side=$2
  echo "| $part | $side | $(spread "$part" "$side" ops) | $(of "$part" "$side" p50 | median) |" \
    "$(spread "$part" "$side" p99) | $(spread "$part" "$side" cpu) | $(of "$part" "$side" errors | awk '{ n += $1 } END { print n }') |"
}

spread() {
  local m
  m=$(of "$1" "$2" "$3" | median)
  echo "$m ($(of "$1" "$2" "$3" | lowest)-$(of "$1" "$2" "$3" | highest))"
}

ratio_line() {
  echo "| $1 | $2 | $(ratios "$1" ops "$2" | median) | $(ratios "$1" p50 "$2" | median) | $(ratios "$1" p99 "$2" | median) | $(ratios "$1" cpu "$2" | median) |"
}

page() {
  local name part side
  echo "# Nines beside its peers: $commit, $(known date)"
  echo
  [ -z "$quick" ] || { echo "**A quick run: it shows that the rig works. Its figures mean nothing.**"; echo; }
  echo "$rounds rounds of $seconds s of each side in turn, after 1 s of warming up each and one unmeasured round before the first; 256 B values, 10 000 keys; all servers and the"
  echo "generator on one machine over loopback. [How to repeat this and what the figures mean](../README.md)."
  echo
  echo "| machine | |"
  echo "| --- | --- |"
  for name in processor memory kernel disk sync etcd dynalite; do
    [ -z "$(known $name)" ] || echo "| $name | $(known $name | head -1) |"
  done
  echo "| load before (1, 5, 15 minutes) | $(known load) |"
  echo
  echo "## Goals"
  echo
  echo "| goal | bound | measured | met |"
  echo "| --- | --- | --- | --- |"
  cat "$work/goals.md"
  if [ -n "$(awk -F'\t' '$1 != "failover" && $1 != "pause"' "$figures")" ]; then
    echo
    echo "## Load"
    echo
    echo "| what, clients | server | ops/s | p50 us | p99 us | server CPU us/op | errors |"
    echo "| --- | --- | --- | --- | --- | --- | --- |"
    awk -F'\t' '$1 != "failover" && $1 != "pause" && !seen[$1, $2]++ { print $1 "\t" $2 }' "$figures" |
      while IFS=$'\t' read -r part side; do figure "$part" "$side"; done
    echo
    echo "| Nines / peer | peer | ops/s | p50 | p99 | server CPU/op |"
    echo "| --- | --- | --- | --- | --- | --- |"
    awk -F'\t' '$1 != "failover" && $1 != "pause" && $2 != "nines" && !seen[$1, $2]++ { print $1 "\t" $2 }' "$figures" |
      while IFS=$'\t' read -r part side; do ratio_line "$part" "$side"; done
  fi
  if has failover nines || has failover etcd || has pause nines; then
    echo
    echo "## Gaps in writes to one key, ms, sorted"
    echo
    for name in "failover nines" "pause nines" "failover etcd"; do
      read -r part side <<<"$name"
      ! has "$part" "$side" || echo "- $part, $side: $(of "$part" "$side" gap | sort -g | paste -sd' '); failed requests: $(of "$part" "$side" errors | paste -sd' ')"
    done
  fi
  if [ -n "$(known start)$(known idle_rss)" ]; then
    echo
    echo "## Start and idle"
    echo
    [ -z "$(known start)" ] || echo "- first write after \`up\`, ms: $(known start | paste -sd' ')"
    [ -z "$(known idle_rss)" ] || echo "- idle, after $settle s: resident MB $(known idle_rss | paste -sd' '); CPU % $(known idle_cpu | paste -sd' ')"
    [ -z "$(known loaded_rss)" ] || echo "- right after the load: resident MB $(known loaded_rss | paste -sd' '); CPU % $(known loaded_cpu | paste -sd' ')"
  fi
}

write_report() {
  mkdir -p "$(dirname "$1")"
  goals >"$work/goals.md"
  page >"$1"
  say "wrote $1"
  cat "$work/goals.md"
  if grep -q '\*\*no\*\*' "$work/goals.md"; then
    exit 1
  fi
}
