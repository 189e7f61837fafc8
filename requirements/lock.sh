#!/bin/sh
# Resolves every lock anew. One resolution pins all extras; the smaller locks are cut from it, so versions never differ.
# No lock names an index. Needs `uv` on the path; run through `make lock`.
set -eu
cd "$(dirname "$0")/.."
pins=$(mktemp)
trap 'rm -f "$pins"' EXIT
compile() { uv pip compile --quiet --universal --no-annotate --no-emit-index-url --custom-compile-command "make lock" "$@"; }
compile pyproject.toml requirements/build.in --all-extras --group dev -o "$pins"
for lock in "build requirements/build.in" "base pyproject.toml" "dev pyproject.toml --group dev" \
            "tune pyproject.toml --extra tune --group dev" "documents pyproject.toml --extra documents" "fast pyproject.toml --extra fast" \
            "ray pyproject.toml --extra ray" "remote pyproject.toml --extra remote" "mlflow pyproject.toml --extra mlflow"; do
    # shellcheck disable=SC2086
    set -- $lock
    name=$1; shift
    compile "$@" --constraints "$pins" --generate-hashes -o "requirements/$name.txt"
done
