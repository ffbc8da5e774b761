# What the rigs stand on: tools, the load generator, free ports, and what is said about the machine. Sourced by side-by-side.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/nines-bench
dotnet=${DOTNET:-dotnet}
loadgen=$cache/loadgen/loadgen

say() { echo "== $*" >&2; }

# fact NAME VALUE: one line, whatever the value says.
fact() { printf '%s\t%s\n' "$1" "${2//[$'\n\t']/ }" >>"$facts"; }

known() { awk -F'\t' -v name="$1" '$1 == name { print $2 }' "$facts"; }

require() { command -v "$1" >/dev/null || die "$1 is missing. $2"; }

check_tools() {
  require "$dotnet" "Install the .NET SDK of global.json."
  require jq "apt-get install jq"
  require curl "apt-get install curl"
  [ -f "$shared/loadgen/loadgen.csproj" ] || die "the load generator is missing: expected $shared/loadgen/loadgen.csproj; --shared names another folder"
  if wanted put || wanted strong || wanted failover; then
    require etcd "apt-get install etcd-server (keep apt from starting it: a policy-rc.d that exits 101)"
    require etcdctl "apt-get install etcd-client"
  fi
  if wanted eventual; then
    require npm "apt-get install nodejs npm"
  fi
}

# A sync on a file system in memory costs nothing, and then nothing that is measured here means what it says.
check_disk() {
  local kind
  kind=$(stat -f -c %T "$work")
  fact disk "$(findmnt -no FSTYPE,SOURCE -T "$work" 2>/dev/null || echo "$kind")"
  case $kind in
    tmpfs | ramfs) die "$work is in memory ($kind). Name a folder on a disk with --data." ;;
  esac
}

# Built from a copy outside the repository, so that the generator's folder stays as it is and our build settings do not reach it.
build_generator() {
  local stamp
  stamp=$(cat "$shared"/loadgen/*.cs "$shared"/loadgen/*.csproj | sha256sum)
  if [ -x "$loadgen" ] && [ "$(cat "$cache/loadgen.stamp" 2>/dev/null)" = "$stamp" ]; then
    return
  fi
  say "building the load generator"
  rm -rf "$cache/loadgen" "$cache/loadgen-source"
  mkdir -p "$cache/loadgen-source"
  cp "$shared"/loadgen/*.cs "$shared"/loadgen/*.csproj "$cache/loadgen-source"
  "$dotnet" build -c Release -v quiet -nologo -o "$cache/loadgen" "$cache/loadgen-source" >&2 || die "the load generator does not build"
  echo "$stamp" >"$cache/loadgen.stamp"
}

build_nines() {
  nines=$repository/artifacts/bin/Nines.Node/release/nines
  if [ "$build" = 1 ]; then
    say "building Nines"
    "$dotnet" build -c Release -v quiet -nologo "$repository/src/Nines.Node" >&2 || die "Nines does not build"
  fi
  [ -x "$nines" ] || die "$nines is missing; leave --no-build out"
  commit=$(git -C "$repository" rev-parse --short HEAD)
  [ -z "$(git -C "$repository" status --porcelain)" ] || commit=$commit-dirty
}

taken() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_base FROM OFFSET..: the first base from FROM on whose ports at all offsets are free.
free_base() {
  local base=$1 offset
  shift
  while [ "$base" -lt 32000 ]; do
    for offset in "$@"; do
      if taken $((base + offset)); then
        base=$((base + 100))
        continue 2
      fi
    done
    echo "$base"
    return
  done
  die "no free ports below 32000"
}

describe_machine() {
  fact date "$(date -u '+%F %H:%M UTC')"
  fact processor "$(nproc) cores, $(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)"
  fact memory "$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)"
  fact kernel "$(uname -sr)"
  fact load "$(cut -d' ' -f1-3 /proc/loadavg)"
  if ! command -v cc >/dev/null; then
    fact sync "not probed: no C compiler"
    return
  fi
  say "probing the disk"
  cc -O2 -pthread -o "$work/probe" "$shared/probe/probe.c"
  fact sync "$("$work/probe" disk "$work" "$probe_seconds" | awk -F'|' '
    { gsub(/^ +| +$/, "", $2) }
    ($2 == "append+fdatasync" || $2 == "prealloc+fdatasync") && $3 == 256 && $4 == 1 {
      printf "%s%s of 256 B: %d/s, p50 %d us, p99 %d us", separator, $2, $5, $6, $8; separator = "; "
    }')"
}
