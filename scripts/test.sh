#!/bin/sh
# All tests, from nothing: sets the machine up, then checks form, lints, documents, features,
# the crates as they would be published, the oldest Rust, and every promise that the tests
# hold. About a quarter of an hour on two cores.
#
# Real data is looked for in SET_LSTM_DATA, then beside the project; without any, the
# checks that need it are left out, and the last lines say which.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

say() { printf '\n== %s\n' "$*"; }

say "set-up"
scripts/setup.sh tests

if [ -z "${SET_LSTM_DATA:-}" ] && [ -d ../shared/data/imdb ]; then
    SET_LSTM_DATA=$(cd ../shared/data && pwd)
fi
export SET_LSTM_DATA="${SET_LSTM_DATA:-}"

say "form and lints"
if cargo fmt --version >/dev/null 2>&1; then
    cargo fmt --all --check
    (cd firmware-examples && cargo fmt --all --check)
    (cd firmware-examples/boards && cargo fmt --all --check)
    (cd tests/log-reader && cargo fmt --check)
else
    printf 'LEFT OUT: form; install it by: rustup component add rustfmt\n'
fi
if cargo clippy --version >/dev/null 2>&1; then
    cargo clippy --quiet --workspace --all-targets --locked -- -D warnings
else
    printf 'LEFT OUT: lints; install them by: rustup component add clippy\n'
fi

say "documents"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps --locked
RUSTDOCFLAGS="-D warnings" cargo doc --quiet -p set-lstm-runtime --no-deps --locked --all-features

say "features of the runtime"
cargo check --quiet --locked -p set-lstm-runtime --features defmt
cargo test --quiet --locked -p set-lstm-runtime --no-default-features --features micromath

say "the crates as published"
scripts/published.sh

say "the oldest Rust"
scripts/oldest_rust.sh

say "parts of the firmware that run on the host too"
host=$(rustc --version --verbose | sed -n 's/^host: //p')
(cd firmware-examples && cargo test --quiet --locked --target "$host" -p set-lstm-embed \
    -p set-lstm-kit -p set-lstm-sentiment -p set-lstm-activity)

say "tests"
cargo test --locked --workspace

if [ -z "$SET_LSTM_DATA" ]; then
    printf '\nLEFT OUT: every check on real data (tests/reviews.rs): reading the Large Movie Review\n'
    printf 'Dataset, training on it, and the accuracy of its models on host and board.\n'
    printf 'To run them: SET_LSTM_DATA=FOLDER scripts/test.sh, where FOLDER holds aclImdb or its archive.\n'
fi
