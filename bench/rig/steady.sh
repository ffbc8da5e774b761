# Full load for a long time: what it elects, what it fails, and what memory it takes. Sourced by side-by-side.

# How often the run is looked at, in seconds.
look_every=60

# resident PID..: MB of each; gone when the process is.
resident() {
  local pid
  for pid in "$@"; do
    awk '/^VmRSS/ { printf "%.1f ", $2 * 1024 / 1000000; found = 1 } END { if (!found) printf "gone " }' "/proc/$pid/status" 2>/dev/null || printf 'gone '
  done
}

# MB of all nodes; files come and go meanwhile.
data_size() { { du -sm "$work/nines" 2>/dev/null || true; } | cut -f1; }

# look: the figures so far. The last ones count, so a run that is cut keeps those of its last look.
look() {
  local terms
  terms=$(nines_terms) || return 1
  fact steady_elections "$((terms - steady_terms))"
  fact steady_minutes "$(awk -v s="$((SECONDS - steady_began))" 'BEGIN { printf "%.1f", s / 60 }')"
  fact steady_after "$(resident "${steady_pids[@]}")"
  say "steady: $(known steady_minutes | tail -1) minutes, elections $((terms - steady_terms)), resident MB $(known steady_after | tail -1)"
}

measure_steady() {
  wanted steady && [ "$steady_seconds" -gt 0 ] || return 0
  need_nines
  settle_nines
  local next restarts=0 pid ended=0
  mapfile -t steady_pids < <(nines_pids)
  [ "${#steady_pids[@]}" = 3 ] || die "steady: not all nodes answer"
  steady_terms=$(nines_terms)
  fact steady_before "$(resident "${steady_pids[@]}")"
  fact steady_disk "$(data_size)"
  say "steady: full load for $steady_seconds s"
  steady_began=$SECONDS next=$((SECONDS + look_every))
  timeout "$((steady_seconds + 60))" "$loadgen" putitem --a "$nines_tables" --clients 256 --value 256 --seconds "$steady_seconds" --warmup 1 --rounds 1 \
    >"$work/run.txt" 2>&1 </dev/null &
  generator=$!
  while kill -0 "$generator" 2>/dev/null; do
    sleep 1
    if [ $SECONDS -ge $next ]; then
      next=$((next + look_every))
      look || say "steady: no node answered the rig"
    fi
  done
  wait "$generator" || ended=$?
  generator=""
  look || die "steady: no node answers after the load"
  for pid in "${steady_pids[@]}"; do
    kill -0 "$pid" 2>/dev/null || restarts=$((restarts + 1))
  done
  fact steady_restarts "$restarts"
  fact steady_disk "$(data_size)"
  rows "steady put 256" nines "" 1
  awk -F'|' '/^\| A \|/ { printf "steady_slowest\t%.0f\n", $9 / 1000 }' "$work/run.txt" >>"$facts"
  [ "$ended" = 0 ] || die "steady: the generator ended with $ended: $(tail -5 "$work/run.txt")"
}
