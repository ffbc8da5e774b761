# The servers Nines is compared with: etcd (three nodes) and dynalite. Sourced by side-by-side.

etcd_endpoints=""
dynalite_pid=""
dynalite_endpoint=""

start_etcd() {
  [ -z "$etcd_endpoints" ] || return 0
  say "starting etcd"
  "$shared/peers/etcd.sh" start "$work/etcd" "$(free_base 23790 10 11 20 21 30 31)" >/dev/null </dev/null
  etcd_endpoints=$(cat "$work/etcd/endpoints")
  fact etcd "$(etcd --version | head -1)"
}

stop_etcd() {
  [ -n "$etcd_endpoints" ] || return 0
  "$shared/peers/etcd.sh" stop "$work/etcd"
  etcd_endpoints=""
}

start_dynalite() {
  [ -z "$dynalite_pid" ] || return 0
  local home=$cache/dynalite port
  if [ ! -d "$home/node_modules/dynalite" ]; then
    say "installing dynalite"
    mkdir -p "$home"
    cp "$shared/dynalite/package.json" "$home"
    (cd "$home" && npm install --no-audit --no-fund --loglevel error >&2) || die "npm could not install dynalite"
  fi
  say "starting dynalite"
  port=$(free_base 24567 0)
  node "$home/node_modules/dynalite/cli.js" --host 127.0.0.1 --port "$port" >"$work/dynalite.log" 2>&1 </dev/null &
  dynalite_pid=$!
  dynalite_endpoint=127.0.0.1:$port
  local give_up=$((SECONDS + 20))
  until taken "$port"; do
    [ $SECONDS -lt $give_up ] || die "dynalite does not listen: $(tail -3 "$work/dynalite.log")"
    sleep 0.1
  done
  fact dynalite "dynalite $(jq -r .version "$home/node_modules/dynalite/package.json")"
}

stop_dynalite() {
  [ -n "$dynalite_pid" ] || return 0
  kill "$dynalite_pid" 2>/dev/null || true
  wait "$dynalite_pid" 2>/dev/null || true
  dynalite_pid=""
}

# Whatever still runs on the data of this run: a server whose start failed half way, or a node that lost its supervisor.
end_strays() {
  local line pid
  for line in $(grep -laF "$work/" /proc/[0-9]*/cmdline 2>/dev/null); do
    pid=${line#/proc/}
    kill -KILL "${pid%/cmdline}" 2>/dev/null || true
  done
}

stop_peers() {
  stop_etcd
  stop_dynalite
}
