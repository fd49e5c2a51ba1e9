#!/usr/bin/env bash
# Measures simple scenarios beside the test framework of cqrs-es, and what recording adds to a command; pinned to one
# core where taskset is there, so that the writer of recorded decisions shares it.
#
#   benches/scenarios.sh [COUNT] [ROUNDS]
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../target}/bench
mkdir -p "$target"

# Its lock follows the package it measures, whose dependencies may have grown.
cargo build --quiet --release --manifest-path "$here/Cargo.toml" --target-dir "$target" --bin scenarios

pin=()
if command -v taskset >/dev/null; then
    pin=(taskset -c 0)
fi
"${pin[@]}" "$target/release/scenarios" "${1:-100000}" "${2:-5}"
