#!/bin/sh
# The comparison of every data set that is there, and docs/results.md from what it found.
#
#   scripts/results.sh --data FOLDER    # the sets in FOLDER; goes on where it was interrupted
#   scripts/results.sh --only-write     # docs/results.md anew from docs/results, nothing trained
#
# Other arguments go to `set-lstm compare`. A set that is missing or fails is named and does
# not stop the rest; all of them with three seeds take some hours on two cores.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
presets="imdb yelp amazon sanders hapt gunpoint"

failed=
if [ "${1:-}" != --only-write ]; then
    scripts/setup.sh >&2
    cargo build --release --locked -p set-lstm
    for preset in $presets; do
        "${CARGO_TARGET_DIR:-target}/release/set-lstm" compare --preset "$preset" "$@" || failed="$failed $preset"
    done
fi

new=$(mktemp docs/results.md.XXXXXX)
trap 'rm -f "$new"' EXIT
cat docs/results/about.md >"$new"
for preset in $presets; do
    if [ -f "docs/results/$preset.md" ]; then
        printf '\n' >>"$new"
        sed -e 's/^# /## /' -e 's/](\([a-z0-9]*-[a-z]*\.svg\))/](results\/\1)/' "docs/results/$preset.md" >>"$new"
    fi
done
chmod 644 "$new"
mv "$new" docs/results.md
if [ -n "$failed" ]; then
    printf 'not done, see the messages above:%s\n' "$failed" >&2
    exit 1
fi
