#!/bin/sh
# Makes the lock files of the projects that `set-lstm new` writes, exporter/src/new/locks, anew:
# with the versions that firmware-examples locks, so that what is tested there is what users get.
# After it build set-lstm again.
set -eu
cd "$(dirname "$0")/.."
sources=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cargo build --quiet --locked -p set-lstm
program=${CARGO_TARGET_DIR:-target}/debug/set-lstm

# lock file, board, and the lock file whose versions it takes
while read -r name board versions; do
    "$program" new "$folder/project-$name" --board "$board" \
        --model firmware-examples/activity/default/model.setl >"$folder/said" 2>&1 || {
        cat "$folder/said" >&2
        exit 1
    }
    cp "$versions" "$folder/project-$name/Cargo.lock"
    (cd "$folder/project-$name" && cargo metadata --quiet --format-version 1 >/dev/null)
    sed "s/\"project-$name\"/\"project\"/" "$folder/project-$name/Cargo.lock" \
        >"$sources/exporter/src/new/locks/$name.lock.in"
    printf 'exporter/src/new/locks/%s.lock.in\n' "$name"
done <<EOF
emulated qemu firmware-examples/Cargo.lock
microbit microbit firmware-examples/boards/Cargo.lock
nrf52840 nrf52840-dk firmware-examples/boards/Cargo.lock
nucleo nucleo-f446re firmware-examples/boards/Cargo.lock
rp pico firmware-examples/boards/Cargo.lock
EOF
