#!/bin/sh
# Makes the small models that the programs `sentiment` and `activity` have when no other is
# named, the recording of `activity`, and two models of the runtime's documentation: from
# sentences and movements that are made up here, so that they may be passed on. What it writes
# is committed; run it again after a change of the format. The same seed gives the same files
# on the same kind of processor.
#
#   scripts/default-models.sh [PATH of set-lstm]
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
program=${1:-}
if [ -z "$program" ]; then
    cargo build --release --locked --manifest-path "$here/Cargo.toml" -p set-lstm >&2
    program="${CARGO_TARGET_DIR:-$here/target}/release/set-lstm"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Reviews of one to three sentences, all of one mind, some of it said by a "not".
awk 'BEGIN {
    good = "good great excellent wonderful brilliant superb beautiful charming funny touching clever moving lovely perfect gripping delightful fresh warm fantastic amazing enjoyable fun nice sweet powerful exciting smart strong memorable thrilling tasty friendly fast comfortable reliable useful easy happy"
    bad = "bad awful terrible boring dull poor weak stupid horrible worst lame flat slow annoying ugly predictable tedious silly pointless cheap empty disappointing dreadful painful shallow confusing forgettable bland tired ridiculous clumsy mediocre broken useless rude dirty sad noisy"
    likes = "love loved like liked enjoy enjoyed adore adored recommend admired"
    hates = "hate hated dislike disliked regret regretted despise detested avoid loathed"
    things = "film movie story plot acting actor actress music script scene ending cast director picture camera dialogue character show series book food service place product coffee phone dinner hotel room"
    n["g"] = split(good, g, " "); n["b"] = split(bad, b, " "); n["l"] = split(likes, l, " ")
    n["h"] = split(hates, h, " "); n["t"] = split(things, t, " ")
    n["v"] = split("very really so truly quite rather simply", v, " ")
    seed = 1
    print "text,label"
    for (review = 0; review < 6000; review++) {
        mind = review % 2
        text = ""
        for (rest = 1 + below(3); rest > 0; rest--) text = text sentence(mind) " "
        print "\"" text "\"," (mind ? "positive" : "negative")
    }
}
function below(limit) {
    seed = (seed * 16807) % 2147483647
    return int(seed / 2147483647 * limit)
}
function thing() { return t[1 + below(n["t"])] }
function very() { return below(2) ? "" : v[1 + below(n["v"])] " " }
function kind(mind) { return mind ? g[1 + below(n["g"])] : b[1 + below(n["b"])] }
function like(mind) { return mind ? l[1 + below(n["l"])] : h[1 + below(n["h"])] }
function sentence(mind,    form) {
    form = below(12)
    if (form == 0) return "The " thing() " was " very() kind(mind) "."
    if (form == 1) return "A " kind(mind) " " thing() " with a " kind(mind) " " thing() "."
    if (form == 2) return "I " very() like(mind) " the " thing() "!"
    if (form == 3) return "What a " kind(mind) " " thing() "!"
    if (form == 4) return "The " thing() " is not " very() kind(!mind) "."
    if (form == 5) return "This " thing() " is never " kind(!mind) "."
    if (form == 6) return "We did not " like(!mind) " the " thing() "."
    if (form == 7) return "There is nothing " kind(!mind) " about the " thing() "."
    if (form == 8) return "It was " kind(mind) " and " kind(mind) ", the " thing() " too."
    if (form == 9) return "The " thing() " may be " kind(!mind) ", but the " thing() " is " very() kind(mind) "."
    if (form == 10) return kind(mind) ", " kind(mind) " and " very() kind(mind) "."
    return "You will " like(mind) " it, a " kind(mind) " " thing() "."
}' >"$work/reviews.csv"

# Windows of 128 samples at 50 Hz, acceleration in g and turning in radians a second, all
# in steps of 1/1024; the axes as on a phone at the waist.
awk -v rows=1600 -f "$here/scripts/movements.awk" >"$work/movements.csv"

sentiment="$here/firmware-examples/sentiment/default"
activity="$here/firmware-examples/activity/default"
"$program" train --preset text --data "$work/reviews.csv" --vocabulary 400 --max-tokens 40 \
    --embedding-size 32 --hidden-size 32 --density 25% --epochs 12 --batch 32 \
    --word-dropout 0.1 --out "$work/sentiment"
"$program" export "$work/sentiment" --out "$sentiment/model.setl"
"$program" train --preset series --data "$work/movements.csv" --channels 6 --max-tokens 128 \
    --hidden-size 24 --epochs 10 --out "$work/activity"
"$program" export "$work/activity" --out "$activity/model.setl"
awk -v rows=2 -v stretch=1 -f "$here/scripts/movements.awk" >"$activity/stretch.csv"

# The two trained models of the runtime's documentation.
doc="$here/runtime/src/doc"
"$program" train --preset text --data "$work/reviews.csv" --vocabulary 240 --max-tokens 40 \
    --embedding-size 16 --hidden-size 16 --density 30% --epochs 12 --batch 32 \
    --word-dropout 0.1 --out "$work/doc"
"$program" export "$work/doc" --out "$doc/text.setl"
cp "$activity/model.setl" "$doc/motion.setl"
