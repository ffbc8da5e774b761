# From figures.tsv and facts.tsv to a page. Medians are the upper ones, as the generator takes them. Sourced by side-by-side.

# Of the numbers on standard input: the median, the lowest, the highest.
median() { sort -g | awk '{ v[NR] = $1 } END { if (NR) print v[int(NR / 2) + 1] }'; }
lowest() { sort -g | head -1; }
highest() { sort -g | tail -1; }
total() { awk '{ n += $1 } END { print n + 0 }'; }

# The columns of figures.tsv.
declare -A column=([ops]=4 [p50]=5 [p99]=6 [errors]=7 [cpu]=8
  [gap]=9 [slowest]=10 [missing]=11 [refused]=12 [seen]=13)

# of PART SIDE COLUMN: that column of all rounds.
of() { awk -F'\t' -v part="$1" -v side="$2" -v column="${column[$3]}" '$1 == part && $2 == side { print $column }' "$figures"; }

# ratios PART COLUMN PEER: Nines / peer, round by round.
ratios() {
  awk -F'\t' -v part="$1" -v peer="$3" -v column="${column[$2]}" '
    $1 == part && $2 == "nines" { ours[$3] = $column }
    $1 == part && $2 == peer && $column > 0 && ($3 in ours) { printf "%.3f\n", ours[$3] / $column }' "$figures"
}

has() { [ -n "$(of "$1" "$2" ops)" ]; }

# Parts that are judged by gaps and not by operations a second.
is_gap='$1 == "failover" || $1 == "pause" || $1 == "hang"'

measured_something() { [ -s "$figures" ] || [ -n "$(known start)$(known idle_rss)$(known steady_minutes)" ]; }

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
    goal "write gap after kill -9 of the leader: median of $(of failover nines seen | wc -l)" "<=400" "$(of failover nines seen | median)" " ms"
    goal "write gap after kill -9 of the leader: longest" "<=1200" "$(of failover nines seen | highest)" " ms"
  fi
  if has pause nines; then
    goal "write gap after SIGSTOP of the leader: longest of $(of pause nines seen | wc -l)" "<=2500" "$(of pause nines seen | highest)" " ms"
  fi
  if has hang nines; then
    goal "write gap after a disk hang of the leader: longest of $(of hang nines seen | wc -l)" "<=2500" "$(of hang nines seen | highest)" " ms"
  fi
  if has failover nines || has pause nines || has hang nines; then
    goal "connections to living nodes whose caught write got an error" "<=0" "$( (of failover nines refused; of pause nines refused; of hang nines refused) | total)" ""
  fi
  if [ -n "$(known unmeasured)" ]; then
    goal "rounds without a figure" "<=0" "$(known unmeasured | wc -l)" ""
  fi
  if [ -n "$(known steady_minutes)" ]; then
    goal "elections during $(known steady_minutes | tail -1) minutes of full load without a break (30 are asked for)" "<=0" "$(known steady_elections | tail -1)" ""
    has "steady put 256" nines && goal "failed requests in those minutes" "<=0" "$(of "steady put 256" nines errors)" ""
    [ -z "$(known steady_restarts)" ] || goal "nodes that ended in those minutes" "<=0" "$(known steady_restarts)" ""
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
    "$(spread "$part" "$side" p99) | $(spread "$part" "$side" cpu) | $(of "$part" "$side" errors | total) |"
}

spread() {
  local m
  m=$(of "$1" "$2" "$3" | median)
  echo "$m ($(of "$1" "$2" "$3" | lowest)-$(of "$1" "$2" "$3" | highest))"
}

ratio_line() {
  echo "| $1 | $2 | $(ratios "$1" ops "$2" | median) | $(ratios "$1" p50 "$2" | median) | $(ratios "$1" p99 "$2" | median) | $(ratios "$1" cpu "$2" | median) |"
}

gap_line() {
  local part=$1 side=$2 name line="| $1, $2 |"
  for name in gap slowest seen missing errors refused; do
    line+=" $(of "$part" "$side" "$name" | paste -sd' ') |"
  done
  echo "$line"
}

page() {
  local name part side
  echo "# Nines beside its peers: $commit, $(known date)"
  echo
  [ -z "$quick" ] || { echo "**A quick run: it shows that the rig works. Its figures mean nothing.**"; echo; }
  if [ -n "$(known failure)" ]; then
    echo "**This run ended early: $(known failure | head -1 | tr '|' ' '). What follows was measured before.**"
    echo
  fi
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
  if [ -n "$(awk -F'\t' "!($is_gap)" "$figures")" ]; then
    echo
    echo "## Load"
    echo
    echo "| what, clients | server | ops/s | p50 us | p99 us | server CPU us/op | errors |"
    echo "| --- | --- | --- | --- | --- | --- | --- |"
    awk -F'\t' "!($is_gap)"' && !seen[$1, $2]++ { print $1 "\t" $2 }' "$figures" |
      while IFS=$'\t' read -r part side; do figure "$part" "$side"; done
    if awk -F'\t' "!($is_gap)"' && $2 != "nines" { found = 1 } END { exit !found }' "$figures"; then
      echo
      echo "| Nines / peer | peer | ops/s | p50 | p99 | server CPU/op |"
      echo "| --- | --- | --- | --- | --- | --- |"
      awk -F'\t' "!($is_gap)"' && $2 != "nines" && !seen[$1, $2]++ { print $1 "\t" $2 }' "$figures" |
        while IFS=$'\t' read -r part side; do ratio_line "$part" "$side"; done
    fi
  fi
  if [ -n "$(known steady_minutes)" ]; then
    echo
    echo "## Full load without a break, 256 clients"
    echo
    echo "- elections in $(known steady_minutes | tail -1) minutes, all groups: $(known steady_elections | tail -1)"
    if has "steady put 256" nines; then
      echo "- failed requests: $(of "steady put 256" nines errors); slowest acknowledged write: $(known steady_slowest) ms; nodes that ended: $(known steady_restarts)"
    else
      echo "- the generator did not come to its end: failed requests are not known"
    fi
    echo "- resident MB of the nodes before: $(known steady_before)"
    echo "- resident MB of the nodes after: $(known steady_after | tail -1)"
    echo "- resident MB of the largest node, minute by minute: $(known steady_after | awk '{ m = 0; for (i = 1; i <= NF; i++) if ($i + 0 > m) m = $i + 0; printf "%s ", m }')"
    echo "- data of all nodes on disk, MB, before and after: $(known steady_disk | paste -sd' ')"
  fi
  if has failover nines || has failover etcd || has pause nines || has hang nines || [ -n "$(known skipped)" ]; then
    echo
    echo "## Gaps in writes to one key"
    echo
    echo "In ms, round by round. Judged is the last column of times."
    echo
    echo "| fault, server | no acknowledgement at all | slowest acknowledged write | what a client saw | writes never acknowledged | failed requests | connections answered with an error |"
    echo "| --- | --- | --- | --- | --- | --- | --- |"
    for name in "failover nines" "pause nines" "hang nines" "failover etcd"; do
      read -r part side <<<"$name"
      ! has "$part" "$side" || gap_line "$part" "$side"
    done
    if [ -n "$(known skipped)" ]; then
      echo
      known skipped | sed 's/^/Skipped: /'
    fi
  fi
  if [ -n "$(known unmeasured)" ]; then
    echo
    echo "Rounds without a figure:"
    echo
    known unmeasured | sed 's/^/- /'
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
}
