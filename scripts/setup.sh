#!/bin/sh
# Makes a Debian or Ubuntu machine with Rust ready for all that is done here:
#
#   1. a C compiler and linker, for the host's crates
#   2. Rust for the four kinds of Cortex-M cores (M0, M3, M4F and M7F, M33F): rustup's own
#      targets, or, where rustup cannot fetch them, Debian's compiler with the sources of its
#      core library
#   3. QEMU for ARM
#
# With the word `tests` also, where rustup can fetch them, what only tests need:
#
#   4. the oldest Rust that the crates promise to build with
#
# Asks nothing, installs only what is missing, and may be run as often as one likes.
# Which of the ways of 2 is taken at a build decides exporter/src/toolchain.rs, by the same
# checks as here.
set -eu

targets="thumbv6m-none-eabi thumbv7m-none-eabi thumbv7em-none-eabihf thumbv8m.main-none-eabihf"
qemu=qemu-system-arm
sources=lib/rustlib/src/rust/library/core/src/lib.rs
oldest=$(sed -n 's/^rust-version = "1\.\(.*\)"/\1/p' "$(dirname "$0")/../Cargo.toml")
PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

say() { printf 'setup: %s\n' "$*"; }
fail() {
    printf 'setup: error: %s\n' "$*" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# Runs apt-get without a question, through sudo if need be.
apt() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"
    fi
}

# Installs packages; the lists of packages are fetched if there are none, or if the
# packages are not found with those that there are. False if it does not work out.
install() {
    has apt-get || return 1
    [ "$(id -u)" = 0 ] || { has sudo && sudo -n true 2>/dev/null; } || return 1
    log=$(mktemp)
    if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then
        say "fetching the lists of packages"
        apt update >"$log" 2>&1 || { tail -n 3 "$log" >&2; }
    fi
    say "installing $*"
    if apt install --no-install-recommends "$@" >"$log" 2>&1 ||
        { apt update >"$log" 2>&1 && apt install --no-install-recommends "$@" >"$log" 2>&1; }; then
        rm -f "$log"
    else
        tail -n 5 "$log" >&2
        rm -f "$log"
        return 1
    fi
}

# What to do by hand where this script may not install.
by_hand() { fail "$1 is missing and could not be installed; as root run: apt-get update && apt-get install $2"; }

# Whether a compiler is recent enough.
is_recent() {
    minor=$("$1" --version --verbose 2>/dev/null | sed -n 's/^release: 1\.\([0-9]*\).*/\1/p')
    [ "${minor:-0}" -ge "$oldest" ]
}
# Whether a compiler has the core library of a target, or the sources of it.
has_core() {
    is_recent "$1" || return 1
    folder=$("$1" --print target-libdir --target "$2" 2>/dev/null) || return 1
    ls "$folder"/libcore-* >/dev/null 2>&1
}
has_sources() {
    is_recent "$1" || return 1
    root=$("$1" --print sysroot 2>/dev/null) || return 1
    [ -f "$root/$sources" ]
}
# The linker that a compiler brings, which one without the target's library needs.
has_linker() {
    root=$("$1" --print sysroot 2>/dev/null) || return 1
    host=$("$1" --version --verbose | sed -n 's/^host: //p')
    [ -f "$root/lib/rustlib/$host/bin/rust-lld" ]
}
can_build_core() {
    { has_linker rustc || has_linker /usr/bin/rustc; } &&
        { has_sources rustc || has_sources /usr/bin/rustc; }
}

if has cc; then
    say "C compiler: $(command -v cc)"
else
    install gcc libc6-dev || by_hand "a C compiler" "gcc libc6-dev"
    say "C compiler: $(command -v cc), new"
fi

has cargo || fail "Rust is missing; install it from https://rustup.rs and run this again"
rust=$(rustc --version) || fail "rustc does not run; install Rust from https://rustup.rs and run this again"
is_recent rustc || fail "$rust is too old; run \`rustup update\` for 1.$oldest or later"
say "Rust: $rust"

missing=
for target in $targets; do
    has_core rustc "$target" || has_core /usr/bin/rustc "$target" || missing="$missing $target"
done
if [ -z "$missing" ]; then
    say "Rust for $targets: installed"
elif can_build_core; then
    say "Rust for$missing: core is built from source"
else
    for target in $missing; do
        if has rustup && timeout 300 rustup target add "$target" >/dev/null 2>&1 && has_core rustc "$target"; then
            say "Rust for $target: installed by rustup, new"
        else
            say "Rust for $target: rustup cannot fetch it, trying Debian's compiler"
            install rustc-web cargo-web rust-web-src ||
                by_hand "Rust for $target (try \`rustup target add $target\`, or on Debian 12)" "rustc-web cargo-web rust-web-src"
            can_build_core || fail "Debian's compiler is there, but older than 1.$oldest, or without linker; add bookworm-updates and bookworm-security to apt's sources, or run \`rustup target add $target\`"
            say "Rust for $target and all others: core is built from source, new"
            break
        fi
    done
fi

if has "$qemu"; then
    say "QEMU: $($qemu --version | head -n 1)"
else
    install qemu-system-arm || by_hand "$qemu" qemu-system-arm
    say "QEMU: $($qemu --version | head -n 1), new"
fi

if [ "${1:-}" = tests ]; then
    if has rustup && { rustup run "1.$oldest" rustc --version || timeout 600 rustup toolchain \
        install "1.$oldest" --profile minimal; } >/dev/null 2>&1; then
        timeout 300 rustup target add --toolchain "1.$oldest" thumbv7em-none-eabihf >/dev/null 2>&1 || true
        say "Rust 1.$oldest, the oldest that will do: installed"
    else
        say "Rust 1.$oldest, the oldest that will do: not here, and rustup cannot fetch it"
    fi
fi
say "ready"
