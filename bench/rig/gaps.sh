# How long clients wait when a leader fails. Rows of figures.tsv have five more columns here: the longest time without an acknowledgement,
# ms; the slowest acknowledged write, ms; writes due that were never acknowledged; connections that got an error for an answer; and what a
# client saw, ms: the longest of the first two and of the time in which the third were due. Sourced by side-by-side.

gap_rate=500
gap_seconds=8

# After so many rounds without a figure a part is given up.
most_failures=3

paused_pid=""
why=""

stop_generator() {
  [ -n "$generator" ] || return 0
  kill -TERM "$generator" 2>/dev/null || true
  wait "$generator" 2>/dev/null || true
  generator=""
}

# What makes a node fail: its number, its process.
kill_node() { kill -KILL "$2"; }

pause_node() {
  paused_pid=$2
  kill -STOP "$2"
}

hang_disk() { freeze "$work/disks/n$1"; }

# Ends what does not end by itself.
relieve() {
  [ -z "$paused_pid" ] || kill -CONT "$paused_pid" 2>/dev/null || true
  paused_pid=""
  thaw
}

# gap_row PART SIDE ROUND. Latency counts from when a write was due, so the slowest one tells what a client of the slower of the
# living nodes waited, whom the other nodes' acknowledgements would hide. Writes that never come back have no gap and no latency at
# all: the time in which they were due stands for them.
gap_row() {
  awk -F'|' -v part="$1" -v side="$2" -v round="$3" -v rate="$gap_rate" -v seconds="$gap_seconds" -v OFS='\t' '
    /^# [0-9.:]+: HTTP\// { refused++ }
    /^\| A \|/ {
      gsub(/ /, "")
      missing = (rate - $4) * seconds
      missing = missing > 0 ? missing : 0
      slowest = $9 / 1000
      seen = $11 + 0 > slowest ? $11 + 0 : slowest
      unserved = 1000 * missing / rate
      seen = seen > unserved ? seen : unserved
      row = part OFS side OFS round OFS $4 OFS $5 OFS $7 OFS $10 OFS $12 OFS $11 OFS int(slowest + 0.5) OFS missing
    }
    END { if (row == "") exit 1; print row, refused + 0, int(seen + 0.5) }' "$work/run.txt" >>"$figures"
}

# start_writes MODE ENDPOINTS [OPTIONS]: open loop, so that a hanging server does not hold the clock. Returns when writes flow, at a
# moment that differs from round to round.
start_writes() {
  local mode=$1 endpoints=$2 give_up=$((SECONDS + 20))
  shift 2
  : >"$work/run.txt"
  timeout "$((gap_seconds + 60))" "$loadgen" "$mode" --a "$endpoints" --rate "$gap_rate" --warmup 1 --seconds "$gap_seconds" --rounds 1 --value 256 "$@" \
    >"$work/run.txt" 2>&1 </dev/null &
  generator=$!
  until grep -q '^| target' "$work/run.txt"; do
    if [ $SECONDS -ge $give_up ] || ! kill -0 "$generator" 2>/dev/null; then
      why="the generator does not start: $(tail -3 "$work/run.txt")"
      return 1
    fi
    sleep 0.02
  done
  sleep "$(awk -v n="$RANDOM" 'BEGIN { printf "%.3f", 2.5 + n / 32768 }')"
}

end_writes() {
  local code=0
  wait "$generator" || code=$?
  generator=""
  [ "$code" = 0 ] || { why="the generator ended with $code: $(tail -3 "$work/run.txt")"; return 1; }
}

# gap_round PART ROUND FAULT: one figure, or the reason in why. Called where a failing command does not end the run.
gap_round() {
  local group node pid term after
  wait_well || return 1
  group=$(nines_group) && [ -n "$group" ] || { why="no node acknowledged a write before the fault"; return 1; }
  start_writes putitem "$nines_tables" --keys 1 --clients 600 || return 1
  read -r node pid term < <(nines_leader "$group") || { why="group $group has no leader"; return 1; }
  "$3" "$node" "$pid" || { why="$3 of n$node failed"; return 1; }
  end_writes || return 1
  relieve
  after=$(nines_group_term "$group") || { why="no node answers after the fault"; return 1; }
  [ "$after" -gt "$term" ] || { why="n$node led group $group, and the group elected nobody"; return 1; }
  gap_row "$1" nines "$2" || { why="the generator reported nothing"; return 1; }
}

# measure_gaps PART TIMES FAULT: how long writes to one key stop when the leader of its group fails.
measure_gaps() {
  wanted "$1" || return 0
  need_nines
  local n failures=0
  for n in $(seq "$2"); do
    say "$1 $n of $2"
    why=""
    if gap_round "$1" "$n" "$3"; then continue; fi
    stop_generator
    relieve
    failures=$((failures + 1))
    say "$1 $n: no figure: $why"
    fact unmeasured "$1 $n: $why"
    if [ $failures -ge $most_failures ]; then
      say "$1: given up"
      fact unmeasured "$1: given up after $failures rounds without a figure"
      return 0
    fi
  done
}

# The same with a hanging disk, on a cluster of its own whose nodes have a disk each.
measure_hangs() {
  wanted hang || return 0
  if ! mount_disks "$work/disks"; then
    say "hang: skipped: $why"
    fact skipped "hang: $why"
    unmount_disks
    return 0
  fi
  say "starting Nines on disks that can hang"
  start_nines "$work/disks"
  wait_nines
  first_write
  settle_nines
  measure_gaps hang "$hangs" hang_disk
}

peer_round() {
  local victim
  start_writes put "$etcd_endpoints" || return 1
  read -r victim _ < <("$shared/peers/etcd.sh" leader "$work/etcd") || { why="etcd has no leader"; return 1; }
  kill -KILL "$victim" || { why="the leader of etcd had ended"; return 1; }
  end_writes || return 1
  gap_row failover etcd "$1" || { why="the generator reported nothing"; return 1; }
}

measure_peer_failover() {
  wanted failover || return 0
  local n
  for n in $(seq "$peer_kills"); do
    say "etcd failover $n of $peer_kills"
    start_etcd
    why=""
    if ! peer_round "$n"; then
      stop_generator
      fact unmeasured "etcd failover $n: $why"
    fi
    stop_etcd
  done
}
