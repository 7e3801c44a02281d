#!/bin/sh
# From nothing to a label: sets the machine up, builds, and starts the program `sentiment` on
# an emulated Cortex-M4, at whose serial port you type.
#
#   scripts/talk.sh                          a small model that comes with the sources
#   scripts/talk.sh --data aclImdb.tar.gz    trains one on real movie reviews first, once: about
#                                            two minutes on two cores; it stays in runs/talk
#   scripts/talk.sh imdb.setl --board microbit
#
# Other arguments go to `set-lstm talk`; see `set-lstm talk --help`.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

"$here/scripts/setup.sh" >&2
cargo build --release --locked --manifest-path "$here/Cargo.toml" -p set-lstm >&2
program="${CARGO_TARGET_DIR:-$here/target}/release/set-lstm"
if [ "${1:-}" = --data ]; then
    [ $# -ge 2 ] || { printf 'talk.sh: error: --data needs the path of the reviews\n' >&2 && exit 2; }
    run="$here/runs/talk"
    if [ ! -f "$run/model.setl" ]; then
        "$program" train --preset imdb --data "$2" --out "$run" --replace >&2
        "$program" export "$run" --out "$run/model.setl" >&2
    fi
    shift 2
    set -- "$run/model.setl" "$@"
fi
exec "$program" talk "$@"
