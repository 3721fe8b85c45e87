# SPDX-License-Identifier: Apache-2.0
# What the scripts of this folder share; sourced by them, it runs nothing by itself.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=$root/build
cd "$root"

# Whatever proxy the machine uses: what runs on this machine is reached without it.
export no_proxy="127.0.0.0/8,127.0.0.1,localhost,::1${no_proxy:+,$no_proxy}"
export NO_PROXY=$no_proxy

# Programs that tests/fleet/setup has unpacked.
export PATH=$PATH:${CQLCRAWL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/cqlcrawl}/debian/usr/bin

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# compile PRESET [TARGET...]: configures where that is needed and builds; its output is in
# build/PRESET.log, shown only when it fails.
compile() {
  local preset=$1 log=$build/$1.log fresh=() targets=()
  shift
  [ $# = 0 ] || targets=(--target "$@")
  mkdir -p "$build"
  # A tree that was moved or copied keeps a cache of where it was: begin again.
  if [ -f "$build/$preset/CMakeCache.txt" ] &&
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$build/$preset/CMakeCache.txt"; then
    fresh=(--fresh)
  fi
  if ! cmake --preset "$preset" "${fresh[@]}" >"$log" 2>&1 ||
    ! cmake --build --preset "$preset" "${targets[@]}" >>"$log" 2>&1; then
    tail -n 40 "$log" >&2
    die "the build of preset $preset failed (all of it: $log)"
  fi
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# seconds MS: "12.3", whatever the locale
seconds() { echo "$(($1 / 1000)).$(($1 % 1000 / 100))"; }
