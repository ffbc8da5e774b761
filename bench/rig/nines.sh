# A three-node cluster of ours, as `nines up` runs it. Sourced by side-by-side.

nines_pid=""
nines_tables=""
nines_admin=""

# start_nines DIR: returns when the cluster says that it answers.
start_nines() {
  local base
  base=$(free_base 21000 0 1 2 10 11 12 20 21 22)
  nines_tables=127.0.0.1:$base,127.0.0.1:$((base + 10)),127.0.0.1:$((base + 20))
  nines_admin=127.0.0.1:$((base + 1))
  rm -rf "$1"
  "$nines" up --json --data "$1" --base-port "$base" >"$work/up.json" 2>"$work/up.log" </dev/null &
  nines_pid=$!
}

wait_nines() {
  until [ -s "$work/up.json" ]; do
    kill -0 "$nines_pid" 2>/dev/null || die "nines up ended: $(tail -5 "$work/up.log")"
    sleep 0.05
  done
}

stop_nines() {
  [ -n "$nines_pid" ] || return 0
  kill -TERM "$nines_pid" 2>/dev/null || true
  wait "$nines_pid" 2>/dev/null || true
  nines_pid=""
}

# A running cluster with the generator's table, started unless one is there.
need_nines() {
  [ -z "$nines_pid" ] || return 0
  say "starting Nines"
  start_nines "$work/nines"
  wait_nines
  first_write
  settle_nines
}

# dynamo ENDPOINT OPERATION BODY: headers and body of the answer; fails when it is an error. The signature is not verified here.
dynamo() {
  curl -sS -i --fail-with-body --max-time 5 \
    -H 'Content-Type: application/x-amz-json-1.0' -H "X-Amz-Target: DynamoDB_20120810.$2" -H 'X-Amz-Date: 20260101T000000Z' \
    -H 'Authorization: AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00' \
    --data-binary "$3" "http://$1/"
}

item='{"id":{"S":"key0000000000"},"v":{"S":"x"}}'

put_item() { dynamo "${nines_tables%%,*}" PutItem "{\"TableName\":\"bench\",\"Item\":$item}"; }

# Returns after the first write that was acknowledged, from a cluster that may not even listen yet.
first_write() {
  local give_up=$((SECONDS + 60)) made=""
  until [ -n "$made" ] && put_item >/dev/null 2>&1; do
    [ $SECONDS -lt $give_up ] || die "no write was acknowledged within 60 s: $(tail -5 "$work/up.log")"
    kill -0 "$nines_pid" 2>/dev/null || die "nines up ended: $(tail -5 "$work/up.log")"
    if [ -z "$made" ] && dynamo "${nines_tables%%,*}" CreateTable '{"TableName":"bench","BillingMode":"PAY_PER_REQUEST",
      "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}' \
      >/dev/null 2>&1; then
      made=1
      continue
    fi
    sleep 0.02
  done
}

nines_status() {
  local port
  for port in 0 10 20; do
    curl -sS --max-time 5 "http://127.0.0.1:$((${nines_admin#*:} + port))/status" 2>/dev/null && return
  done
  echo '{}'
}

nines_pids() { nines_status | jq -r '.nodes[]?.processId'; }

# The sum of all groups' terms: it rises with every election.
nines_terms() { nines_status | jq '[.groups[]?.term] | add // 0'; }

# Until all nodes are well and no leadership has moved for six seconds, longer than the cluster waits before it spreads its leaders.
settle_nines() {
  local give_up=$((SECONDS + 90)) since=$SECONDS before="" now
  while [ $((SECONDS - since)) -lt 6 ]; do
    [ $SECONDS -lt $give_up ] || { say "the cluster does not settle; going on"; return; }
    now=$(nines_status | jq -r 'if .health == "Ok" and (.nodes | length) == 3 then [.groups[].term] | add else "ill" end')
    if [ "$now" = ill ] || [ "$now" != "$before" ]; then
      since=$SECONDS
      before=$now
    fi
    sleep 0.3
  done
}

wait_well() {
  local give_up=$((SECONDS + 60))
  until [ "$(nines_status | jq -r 'select((.nodes | length) == 3) | .health')" = Ok ]; do
    [ $SECONDS -lt $give_up ] || die "the cluster did not recover within 60 s: $(nines_status | jq -c .problems)"
    sleep 0.2
  done
}

# The group of the generator's first key; with --keys 1 that is its only one.
nines_group() { put_item | tr -d '\r' | awk 'tolower($1) == "x-nines-group:" { print $2 }'; }

nines_group_term() { nines_status | jq --argjson group "$1" '.groups[]? | select(.group == $group).term'; }

# The process that leads a group.
nines_leader_pid() {
  local pid="" give_up=$((SECONDS + 10))
  until [ -n "$pid" ]; do
    [ $SECONDS -lt $give_up ] || die "group $1 has no leader"
    pid=$(nines_status | jq -r --argjson group "$1" \
      '(.groups[] | select(.group == $group).leader) as $leader | .nodes[] | select(.node == $leader).processId')
  done
  echo "$pid"
}
