# What the scripts share; sourced, never run. Sets `root` and goes there.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"

say() { printf '%s\n' "$*"; }
die() {  # die STATUS SENTENCE...
  local status=$1
  shift
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit "$status"
}

# The comment at the head of a script is its --help.
usage() { sed -n '2,/^[^#]/{/^#/{s/^# \{0,1\}//;p;}}' "$0"; }

# As many compilers as there are cores, but none without 1.5 GB: RocksDB and KJ headers are large.
jobs_of() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemTotal/ {print int($2 / 1500000)}' /proc/meminfo)
  [ "$memory" -lt 1 ] && memory=1
  if [ "$memory" -lt "$cores" ]; then say "$memory"; else say "$cores"; fi
}

# One cache for all checkouts and presets; beside the build where there is no home to write to.
prepare_ccache() {
  export CCACHE_NOHASHDIR="${CCACHE_NOHASHDIR-1}" CCACHE_BASEDIR="${CCACHE_BASEDIR-$root}"
  export CCACHE_SLOPPINESS="${CCACHE_SLOPPINESS-pch_defines,time_macros}"  # else precompiled headers are not kept
  if [ -z "${CCACHE_DIR-}" ] && { [ -z "${HOME-}" ] || [ ! -w "${HOME-}" ]; }; then
    export CCACHE_DIR="$root/build/ccache"
  fi
}

# need GROUP...: installs what is missing, unless $LACUNA_NO_BOOTSTRAP says that somebody else does.
need() {
  if [ -z "${LACUNA_NO_BOOTSTRAP-}" ]; then "$root/scripts/bootstrap" --quiet "$@"; fi
}

# build PRESET [TARGET...]: configures when needed and builds. The output is shown only if it fails
# and nobody watches.
build() {
  local preset=$1 log
  shift
  prepare_ccache
  mkdir -p "build/$preset"
  log="build/$preset/build.log"
  if [ -t 1 ]; then
    cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; return 1; }
    ninja -C "build/$preset" -j "$(jobs_of)" "$@"
  else
    { cmake --preset "$preset" && ninja -C "build/$preset" -j "$(jobs_of)" "$@"; } >"$log" 2>&1 ||
      { tail -n 120 "$log" >&2; return 1; }
  fi
}
