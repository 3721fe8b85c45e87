# SPDX-License-Identifier: Apache-2.0
# What the shell parts of tests/real share: versions, where downloads live, locks.
# Sourced by setup and server; it runs nothing by itself.
#
# Downloads (jars, the Python environment) live in one cache that survives a clean checkout:
# $CQLCRAWL_CACHE, else $XDG_CACHE_HOME/cqlcrawl, else ~/.cache/cqlcrawl.

real_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
real_cache=${CQLCRAWL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/cqlcrawl}
real_lines=(5.0 4.1 4.0 3.11 3.0)

export no_proxy="127.0.0.0/8,127.0.0.1,localhost,::1${no_proxy:+,$no_proxy}"
export NO_PROXY=$no_proxy

die() { echo "tests/real: $*" >&2; exit 1; }

# line of a version (5.0.9 -> 5.0), refused when it is not one of the five
line_of() {
  local line
  line=$(echo "$1" | cut -d. -f1,2)
  case " ${real_lines[*]} " in *" $line "*) echo "$line" ;; *) die "unknown version $1" ;; esac
}

# The exact artifact of a line. Pinned: a Maven version range reads every parent pom of the line,
# and one of 3.0's is missing.
exact_of() {
  case $1 in
    5.0) echo 5.0.9 ;; 4.1) echo 4.1.10 ;; 4.0) echo 4.0.19 ;;
    3.11) echo 3.11.19 ;; 3.0) echo 3.0.31 ;; *) echo "$1" ;;
  esac
}

# find_java NAME: the JDK 17 program of that name, or nothing
find_java() {
  local home
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/java-17-openjdk-*; do
    if [ -x "$home/bin/$1" ] && "$home/bin/java" -version 2>&1 | grep -q '"17\.'; then
      echo "$home/bin/$1"
      return
    fi
  done
  return 1
}

python_env() { # path of the environment for the pinned requirements and this Python
  local tag
  tag=$( (cat "$real_dir/requirements.txt"; python3 -c 'import sys; print(sys.version)') |
    sha256sum | cut -c1-12)
  echo "$real_cache/python-$tag"
}

# Java looks up the mount that a folder is on; in a chroot its root is not among those shown.
mount_seen() {
  awk -v m="$(stat -c %m "$1")" '$5 == m { seen = 1 } END { exit !seen }' /proc/self/mountinfo
}

# folder_for_nodes FOLDER: that, or one in memory where no server could start in FOLDER
folder_for_nodes() {
  mkdir -p "$1"
  if mount_seen "$1"; then echo "$1"; else mktemp -d /dev/shm/cqlcrawl-real.XXXXXX; fi
}
