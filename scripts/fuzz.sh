#!/bin/sh
# The attacks of fuzz/ by libFuzzer, on models that were really trained and exported.
#
#   scripts/fuzz.sh                  # each target for ten minutes
#   scripts/fuzz.sh 60 model         # one target for sixty seconds
#
# Needs a C++ compiler and cargo-fuzz (`cargo install cargo-fuzz`). SET_LSTM may name a
# set-lstm program that is built already. A finding ends the run; its input is then in
# fuzz/artifacts, and `cargo fuzz run TARGET FILE` in fuzz/ does it again.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
seconds=${1:-600}
targets=${2:-model compact text}
corpus=$here/fuzz/corpus

command -v cargo-fuzz >/dev/null || {
    printf 'fuzz: error: cargo-fuzz is missing; install it by: cargo install cargo-fuzz\n' >&2
    exit 1
}
if [ -z "${SET_LSTM:-}" ]; then
    cargo build --release --locked --manifest-path "$here/Cargo.toml" -p set-lstm
    SET_LSTM=${CARGO_TARGET_DIR:-$here/target}/release/set-lstm
fi

# Trains a small model and exports it in both kinds and forms: name, options of the training
model() {
    name=$1
    shift
    "$SET_LSTM" train --out "$work/$name" --epochs 1 --hidden-size 12 --batch 16 "$@" >/dev/null 2>&1 ||
        "$SET_LSTM" train --replace --out "$work/$name" --epochs 1 --hidden-size 12 --batch 16 "$@"
    for values in int8 f32; do
        "$SET_LSTM" export "$work/$name" --values $values --out "$corpus/model/$name-$values.setl" >/dev/null
        "$SET_LSTM" export "$work/$name" --values $values --compact --out "$corpus/compact/$name-$values.setz" >/dev/null
    done
}

if [ ! -f "$corpus/compact/text-int8.setz" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$corpus/model" "$corpus/compact" "$corpus/text"
    # sentences, and recordings of three channels in twelve columns
    awk 'BEGIN { srand(1); print "text,label"
        split("good bad don'\''t the a film café never! great?! 10/10 <br /> awful it’s", word, " ")
        for (n = 0; n < 200; n++) { label = n % 2; text = label ? "good" : "bad"
            for (k = 0; k < 12; k++) text = text " " word[1 + int(rand() * 13)]
            print text "," label } }' >"$work/text.csv"
    awk 'BEGIN { srand(1); print "label,a,b,c,d,e,f,g,h,i,j,k,l"
        for (n = 0; n < 200; n++) { label = n % 2; row = label
            for (k = 0; k < 12; k++) row = row "," (rand() + label) * 10
            print row } }' >"$work/series.csv"
    model reber --preset reber --embedding-size 8
    model text --preset text --data "$work/text.csv" --embedding-size 8
    model series --preset series --data "$work/series.csv" --channels 3
    # no training makes a stack of layers yet
    cp "$here/tests/golden/v2-int8-stack.setl" "$here/tests/golden/v2-int8-numbers.setl" "$corpus/model/"
    split -l 1 "$work/text.csv" "$corpus/text/"
fi

cd "$here/fuzz"
for target in $targets; do
    # a build of a released compiler takes the sanitizer's switch only so
    RUSTC_BOOTSTRAP=1 SET_LSTM_FUZZ_MODEL="$corpus/model/text-int8.setl" \
        cargo fuzz run "$target" -- -max_total_time="$seconds" -max_len=20000 -print_final_stats=1
done
