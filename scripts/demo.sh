#!/bin/sh
# The main job, from nothing: sets the machine up, trains a sparse LSTM, packs it, runs it
# on an emulated Cortex-M4 and compares every answer with the host's.
#
#   scripts/demo.sh                          generated strings
#   scripts/demo.sh --data aclImdb.tar.gz    real movie reviews
#
# Arguments go to `set-lstm demo`; see `set-lstm demo --help`.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

"$here/scripts/setup.sh" >&2
if [ -z "${SET_LSTM_DATA:-}" ] && [ -d "$here/../shared/data/imdb" ]; then
    export SET_LSTM_DATA="$here/../shared/data"
fi
cargo build --release --locked --manifest-path "$here/Cargo.toml" -p set-lstm
exec "${CARGO_TARGET_DIR:-$here/target}/release/set-lstm" demo "$@"
