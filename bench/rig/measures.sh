# One function for each part of the comparison. Figures go to figures.tsv, one line a round:
# part, side, round, ops/s, p50 us, p99 us, errors, server CPU us/op; gaps have more (gaps.sh). Sourced by side-by-side.

# Keeps the rows of a finished run: rows PART NAME_OF_A [NAME_OF_B] [ROUND]
rows() {
  awk -F'|' -v part="$1" -v a="$2" -v b="${3:-}" -v round="${4:-}" -v OFS='\t' '
    /^\| [AB] \|/ { gsub(/ /, ""); print part, $2 == "A" ? a : b, round == "" ? $3 : round, $4, $5, $7, $10, $12 }' \
    "$work/run.txt" >>"$figures"
}

generate() {
  timeout "$((60 + 4 * rounds * (seconds + warming + 2)))" "$loadgen" "$@" --value 256 >"$work/run.txt" 2>&1 || die "loadgen $* failed: $(tail -5 "$work/run.txt")"
}

# one PART SIDE ROUND MODE ENDPOINTS CLIENTS [OPTIONS]: one round of one side.
one() {
  local part=$1 side=$2 round=$3 mode=$4 endpoints=$5 clients=$6
  shift 6
  generate "$mode" --a "$endpoints" --clients "$clients" --seconds "$seconds" --warmup 1 --rounds 1 --seed "$round" "$@"
  rows "$part" "$side" "" "$round"
}

# warm MODE ENDPOINTS: some unmeasured seconds, so that no first round pays for compiling or for first pages.
warm() {
  generate "$1" --a "$2" --clients 64 --seconds "$warming" --warmup 1 --rounds 1
}

measure_start() {
  wanted start || return 0
  local n began
  for n in $(seq "$starts"); do
    say "start $n of $starts"
    stop_nines
    rm -rf "$work/nines"
    began=$(date +%s%N)
    start_nines "$work/nines"
    first_write
    fact start "$((($(date +%s%N) - began) / 1000000))"
  done
  wait_nines
  settle_nines
}

# idle_of FACT SECONDS: CPU share and resident memory of the busiest node.
idle_of() {
  local pid before=() after=() pids ticks
  ticks=$(getconf CLK_TCK)
  mapfile -t pids < <(nines_pids)
  for pid in "${pids[@]}"; do before+=("$(jiffies "$pid")"); done
  sleep "$2"
  for pid in "${pids[@]}"; do after+=("$(jiffies "$pid")"); done
  for n in "${!pids[@]}"; do
    fact "$1_cpu" "$(awk -v n="$((after[n] - before[n]))" -v t="$ticks" -v s="$2" 'BEGIN { printf "%.2f", 100 * n / t / s }')"
    fact "$1_rss" "$(awk '/^VmRSS/ { printf "%.1f", $2 * 1024 / 1000000 }' "/proc/${pids[n]}/status")"
  done
}

# User and system time since its start; the name in parentheses may hold blanks.
jiffies() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }

measure_idle() {
  wanted idle || return 0
  need_nines
  say "idle: settling for $settle s"
  sleep "$settle"
  idle_of idle 20
}

load_began=""

note_load() {
  if [ -z "$load_began" ]; then
    load_began=$SECONDS
    terms_before=$(nines_terms)
  fi
}

measure_puts() {
  wanted put || return 0
  need_nines
  start_etcd
  note_load
  warm putitem "$nines_tables"
  warm put "$etcd_endpoints"
  local clients round
  for clients in 1 64 256; do
    for round in $(seq "$rounds"); do
      say "put, $clients clients, round $round of $rounds"
      one "put $clients" nines "$round" putitem "$nines_tables" "$clients"
      one "put $clients" etcd "$round" put "$etcd_endpoints" "$clients"
    done
  done
}

# The generator writes the table's name into its request as it is given. A name that goes on behind its closing quote makes the read
# a strong one; servers ignore the member where it means nothing.
strong_table='bench","ConsistentRead":true,"ReturnConsumedCapacity":"NONE'

measure_strong_reads() {
  wanted strong || return 0
  need_nines
  start_etcd
  note_load
  local round
  anywhere GetItem "{\"TableName\":\"$strong_table\",\"Key\":{\"id\":{\"S\":\"key0000000000\"}}}" |
    tr -d '\r' | grep -qi '^x-nines-staleness-ms: 0$' || die "a read with ConsistentRead was not answered as a strong one"
  warm getitem "$nines_tables"
  warm range "$etcd_endpoints"
  for round in $(seq "$rounds"); do
    say "strong get, 64 clients, round $round of $rounds"
    one "strong get 64" nines "$round" getitem "$nines_tables" 64 --table "$strong_table"
    one "strong get 64" etcd "$round" range "$etcd_endpoints" 64
  done
}

measure_eventual_reads() {
  wanted eventual || return 0
  need_nines
  start_dynalite
  note_load
  warm getitem "$nines_tables"
  warm getitem "$dynalite_endpoint"
  say "eventual get, 64 clients, $rounds rounds"
  generate getitem --a "$nines_tables" --b "$dynalite_endpoint" --clients 64 --seconds "$seconds" --warmup 1 --rounds "$rounds"
  rows "eventual get 64" nines dynalite
}

# Elections while nothing but load went on: each is a needless one.
measure_load_elections() {
  [ -n "$load_began" ] || return 0
  local terms_after
  terms_after=$(nines_terms)
  fact load_elections "$((terms_after - terms_before))"
  fact load_minutes "$(awk -v s="$((SECONDS - load_began))" 'BEGIN { printf "%.1f", s / 60 }')"
  if wanted idle; then
    idle_of loaded 5
  fi
}
