# A three-node cluster of ours, as `nines up` runs it. Sourced by side-by-side.

nines_pid=""
nines_tables=""
nines_admin=""

# Ends a server when the rig is killed and cannot end it itself.
with_me=()
! command -v setpriv >/dev/null || with_me=(setpriv --pdeathsig TERM --)

# start_nines DIR: on a directory that is empty, or has the disks of the nodes mounted.
start_nines() {
  local base
  base=$(free_base 21000 0 1 2 10 11 12 20 21 22)
  nines_tables=127.0.0.1:$base,127.0.0.1:$((base + 10)),127.0.0.1:$((base + 20))
  nines_admin=127.0.0.1:$((base + 1))
  rm -f "$work/up.json"
  "${with_me[@]}" "$nines" up --json --data "$1" --base-port "$base" >"$work/up.json" 2>"$work/up.log" </dev/null &
  nines_pid=$!
}

wait_nines() {
  local give_up=$((SECONDS + 120))
  until [ -s "$work/up.json" ]; do
    kill -0 "$nines_pid" 2>/dev/null || die "nines up ended: $(tail -5 "$work/up.log")"
    [ $SECONDS -lt $give_up ] || die "nines up is not ready after two minutes: $(tail -5 "$work/up.log")"
    sleep 0.05
  done
}

stop_nines() {
  [ -n "$nines_pid" ] || return 0
  local give_up=$((SECONDS + 20))
  kill -TERM "$nines_pid" 2>/dev/null || true
  while kill -0 "$nines_pid" 2>/dev/null && [ $SECONDS -lt $give_up ]; do sleep 0.1; done
  kill -KILL "$nines_pid" 2>/dev/null || true
  wait "$nines_pid" 2>/dev/null || true
  nines_pid=""
}

# A running cluster with the generator's table, started unless one is there.
need_nines() {
  [ -z "$nines_pid" ] || return 0
  say "starting Nines"
  rm -rf "$work/nines"
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

# How long the rig asks before it holds that no node answers, in seconds.
patience=20

# anywhere OPERATION BODY: the answer of the first node that gives a good one; a node may be down.
anywhere() {
  local give_up=$((SECONDS + patience)) endpoint answer
  while :; do
    for endpoint in ${nines_tables//,/ }; do
      if answer=$(dynamo "$endpoint" "$1" "$2" 2>/dev/null); then
        printf '%s\n' "$answer"
        return
      fi
    done
    [ $SECONDS -lt $give_up ] || return 1
    sleep 0.1
  done
}

# The cluster as the first node that answers sees it.
nines_status() {
  local give_up=$((SECONDS + patience)) port answer
  while :; do
    for port in 0 10 20; do
      if answer=$(curl -sS --fail --max-time 3 "http://127.0.0.1:$((${nines_admin#*:} + port))/status" 2>/dev/null); then
        printf '%s\n' "$answer"
        return
      fi
    done
    [ $SECONDS -lt $give_up ] || return 1
    sleep 0.1
  done
}

nines_pids() { nines_status | jq -r '.nodes[] | select(.processId > 0).processId'; }

# The sum of all groups' terms, each the highest that any replica knows: it rises with every election.
nines_terms() { nines_status | jq '[.nodes[].replicas[]?] | group_by(.group) | map(max_by(.term).term) | add // error("no group answers")'; }

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

# Until all nodes answer and all groups are well. Fails, with the reason in why, when that takes more than a minute.
wait_well() {
  local give_up=$((SECONDS + 60))
  until [ "$(nines_status | jq -r 'select((.nodes | length) == 3) | .health')" = Ok ]; do
    [ $SECONDS -lt $give_up ] || { why="the cluster did not recover within 60 s: $(nines_status | jq -c .problems)"; return 1; }
    sleep 0.2
  done
}

# The group of the generator's first key; with --keys 1 that is its only one.
nines_group() { anywhere PutItem "{\"TableName\":\"bench\",\"Item\":$item}" | tr -d '\r' | awk 'tolower($1) == "x-nines-group:" { print $2 }'; }

# nines_group_term GROUP: the highest that any replica knows.
nines_group_term() { nines_status | jq --argjson group "$1" '[.nodes[].replicas[]? | select(.group == $group).term] | max // 0'; }

# nines_leader GROUP: number and process of the node that leads it, and its term, all from one answer.
nines_leader() {
  local leader="" give_up=$((SECONDS + patience))
  until [ -n "$leader" ]; do
    [ $SECONDS -lt $give_up ] || return 1
    leader=$(nines_status | jq -r --argjson group "$1" \
      '(.groups[] | select(.group == $group and .leader > 0)) as $g | .nodes[] | select(.node == $g.leader) | "\(.node) \(.processId) \($g.term)"') || leader=""
  done
  echo "$leader"
}
