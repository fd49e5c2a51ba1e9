#!/usr/bin/env bash
# Measures `pastproof validate` beside the reference program on the same events, in turn, by CPU time (user and system)
# as the operating system counts it. One thread, pinned to one core where taskset is there.
#
#   benches/validate.sh [EVENTS] [ROUNDS]
set -euo pipefail

events=${1:-200000}
rounds=${2:-5}
here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../target}/bench
mkdir -p "$target"
target=$(cd "$target" && pwd)

locked() { awk -v name="$2" '$1 == "name" && $3 == "\"" name "\"" { getline; print $3 }' "$1"; }
ours=$(locked "$here/../Cargo.lock" jsonschema)
theirs=$(locked "$here/reference/Cargo.lock" jsonschema)
if [ "$ours" != "$theirs" ]; then
    echo "the reference program locks jsonschema $theirs and pastproof $ours" >&2
    exit 1
fi

echo "building in $target" >&2
# Its lock follows the package it measures, whose dependencies may have grown.
cargo build --quiet --release --manifest-path "$here/Cargo.toml" --target-dir "$target"
cargo build --quiet --release --locked --manifest-path "$here/reference/Cargo.toml" --target-dir "$target"
cargo build --quiet --release --locked --manifest-path "$here/../Cargo.toml" --target-dir "$target" --bin pastproof

data=$target/events-$events
if [ ! -f "$data/done" ]; then
    mkdir -p "$data"
    "$target/release/generate" "$data" "$events"
    touch "$data/done"
fi

pin=()
if command -v taskset >/dev/null; then
    pin=(taskset -c 0)
fi
if "$target/release/pastproof" validate --help 2>&1 | grep -q -e --data; then
    candidate=("$target/release/pastproof" validate --quiet --threads 1 --catalogue "$data/schemas"
        --type /type --version /version --stream /stream --data "" "$data/events.ndjson")
else
    candidate=("$target/release/validate" "$data/schemas" "$data/events.ndjson")
fi
reference=("$target/release/reference" "$data/schemas" "$data/events.ndjson")

# CPU seconds of one run; what it prints goes to the file named first.
TIMEFORMAT='%U %S'
cpu() {
    local said=$1 times
    shift
    { times=$({ time "${pin[@]}" "$@" >"$said"; } 2>&1); }
    awk '{ printf "%.3f\n", $1 + $2 }' <<<"$times"
}
median() { sort -n | awk '{ a[NR] = $1 } END { print NR % 2 ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }'; }

rm -f "$target/candidate.times" "$target/reference.times"
for _ in $(seq "$rounds"); do
    cpu "$target/candidate.out" "${candidate[@]}" >>"$target/candidate.times"
    cpu "$target/reference.out" "${reference[@]}" >>"$target/reference.times"
done

bytes=$(wc -c <"$data/events.ndjson")
mine=$(median <"$target/candidate.times")
its=$(median <"$target/reference.times")
echo "events     $events, $((bytes / events)) bytes each"
echo "pastproof  $mine s   $(tr '\n' ' ' <"$target/candidate.times")  $(head -c 200 "$target/candidate.out")"
echo "reference  $its s   $(tr '\n' ' ' <"$target/reference.times")  $(head -c 200 "$target/reference.out")"
awk -v mine="$mine" -v its="$its" 'BEGIN { printf "ratio      %.2f\n", mine / its }'
