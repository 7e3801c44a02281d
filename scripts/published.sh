#!/bin/sh
# Checks the two crates as they would be published: `cargo publish` packs both, and builds each
# from its own package, the second against the first. Uploads nothing. Part of scripts/test.sh.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

crates="set-lstm-runtime set-lstm"
# a folder of its own: a package knows nothing of the workspace's profiles
target=${CARGO_TARGET_DIR:-target}/published
mkdir -p "$target"
target=$(cd "$target" && pwd)
export CARGO_TARGET_DIR="$target"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)

# packing several crates at once is of Rust 1.90
minor=$(cargo --version | sed -n 's/^cargo 1\.\([0-9]*\).*/\1/p')
if [ "${minor:-0}" -lt 90 ]; then
    printf 'LEFT OUT: the crates as published; that needs cargo 1.90 or later\n'
    exit 0
fi
# changes that are not committed are none of this check's business
cargo publish --quiet --dry-run --allow-dirty --locked --workspace
for crate in $crates; do
    # where it lies depends on the version of cargo
    package=$(find "$target/package" -name "$crate-$version.crate" | head -n 1)
    list=$(tar -tzf "$package")
    for file in README.md LICENSE-APACHE LICENSE-MIT src/lib.rs; do
        printf '%s\n' "$list" | grep -qx "$crate-$version/$file" || {
            printf 'error: %s is not in %s\n' "$file" "$package" >&2
            exit 1
        }
    done
    for license in LICENSE-APACHE LICENSE-MIT; do
        tar -xzOf "$package" "$crate-$version/$license" | cmp -s - "$license" || {
            printf 'error: %s in %s is not that of the project\n' "$license" "$package" >&2
            exit 1
        }
    done
    # no test data travels along, but the small models of the documents' examples do
    if printf '%s\n' "$list" | grep -v '/src/doc/' | grep -E '\.(setl|setz|csv|npz|onnx|safetensors)$'; then
        printf 'error: data in %s\n' "$package" >&2
        exit 1
    fi
    printf '%s: %s files, %s bytes\n' "$crate" "$(printf '%s\n' "$list" | wc -l)" "$(wc -c <"$package")"
done

# the command as it is installed: far from the sources of the firmware, it says what to do
# (from a folder that is not below them)
complaint=$(cd / && env -u SET_LSTM_FIRMWARE "$target/debug/set-lstm" talk 2>&1) && complaint="no error"
case $complaint in
    *"get the sources of set-lstm $version and run inside them, or name it by --firmware or in SET_LSTM_FIRMWARE"*) ;;
    *)
        printf 'error: without the sources `set-lstm talk` says: %s\n' "$complaint" >&2
        exit 1
        ;;
esac
"$target/debug/set-lstm" --version
