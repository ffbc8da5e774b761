# A file system of its own for each node, which can be frozen as a disk hangs: writes and flushes neither fail nor end. It takes root and
# Linux. Sourced by side-by-side.

mounted=()
freezer=""
freezer_pid=""

# No longer than this does a disk hang, whatever becomes of the rig, in seconds.
longest_hang=60

# mount_disks DIR: DIR/n1 to DIR/n3. Fails, with the reason in why, where that is not possible.
mount_disks() {
  local tool n
  [ "$(id -u)" = 0 ] || { why="mounting takes root"; return 1; }
  for tool in mkfs.ext4 losetup fsfreeze mount umount; do
    command -v "$tool" >/dev/null || { why="$tool is missing"; return 1; }
  done
  for n in 1 2 3; do
    mkdir -p "$1/n$n" && truncate -s 2G "$work/disk$n.img" || { why="no room for an image"; return 1; }
    why=$(mkfs.ext4 -q -F -m 0 "$work/disk$n.img" 2>&1) || return 1
    why=$(mount -o loop "$work/disk$n.img" "$1/n$n" 2>&1) || return 1
    mounted+=("$1/n$n")
  done
  why=$(fsfreeze -f "$1/n1" 2>&1) || return 1
  fsfreeze -u "$1/n1" || { why="a frozen disk does not thaw"; return 1; }
}

unmount_disks() {
  local dir
  for dir in "${mounted[@]}"; do
    umount "$dir" 2>/dev/null || umount -l "$dir" || true
  done
  mounted=()
}

# freeze DIR: until thaw. A process of its own holds the freeze and ends it when the rig is gone or the time is over.
freeze() {
  rm -f "$work/frozen"
  exec {freezer}> >(
    fsfreeze -f "$1" && touch "$work/frozen"
    read -r -t "$longest_hang" _ || true
    fsfreeze -u "$1"
  )
  freezer_pid=$!
  local give_up=$((SECONDS + 10))
  until [ -e "$work/frozen" ]; do
    [ $SECONDS -lt $give_up ] || return 1
    sleep 0.02
  done
}

thaw() {
  [ -n "$freezer" ] || return 0
  echo >&"$freezer" || true
  exec {freezer}>&-
  wait "$freezer_pid" 2>/dev/null || true
  freezer=""
}
