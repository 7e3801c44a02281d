#!/bin/sh
# Checks that everything builds with the oldest Rust that Cargo.toml promises (`rust-version`):
# the workspace for this machine, the runtime for a microcontroller. In a target folder of its
# own, so that no other build is begun anew. Part of scripts/test.sh.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
target=thumbv7em-none-eabihf
with() { rustup run "$oldest" "$@"; }

if ! with cargo --version >/dev/null 2>&1; then
    printf 'LEFT OUT: a build by Rust %s; install it by: rustup toolchain install %s\n' "$oldest" "$oldest"
    exit 0
fi
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/oldest"
# nothing of it is run: no time is spent on optimising the macros
check() { with cargo check --quiet --locked --config 'profile.dev.package."*".opt-level=0' "$@"; }
check --workspace
printf 'Rust %s: the workspace is well\n' "$oldest"
if [ -d "$(with rustc --print target-libdir --target "$target")" ]; then
    check -p set-lstm-runtime --target "$target"
    printf 'Rust %s: the runtime for %s is well\n' "$oldest" "$target"
else
    printf 'LEFT OUT: the runtime by Rust %s for %s; install it by: rustup target add --toolchain %s %s\n' \
        "$oldest" "$target" "$oldest" "$target"
fi
