# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts of this folder; sourced, not run.

# One line of progress, with the seconds since the script began.
step() { printf '\n==> [%3ds] %s\n' "$SECONDS" "$*" >&2; }

# Says what went wrong and how to mend it, and ends the script.
die() { printf '\n%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# quiet LOG COMMAND...: the command's output goes to LOG, and to the screen only when it fails.
quiet() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    if ! "$@" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        die "'$*' failed; its whole output is in $log"
    fi
}

# Root does it, a user asks sudo to.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        die "'$*' needs root: run this script as root, or install sudo"
    fi
}

# Test vectors that are not part of the project may lie beside it; tests find them by this variable alone.
use_vectors() {
    if [ -z "${GLOVEBOX_VECTORS-}" ] && [ -d ../shared/vectors ]; then
        GLOVEBOX_VECTORS=$(realpath ../shared/vectors)
        export GLOVEBOX_VECTORS
    fi
}
