#!/usr/bin/env bash
# Puts the program where action/run.sh looks for it: built from this action's own checkout, at the commit that `uses:`
# names, or a built one whose checksum the workflow names. Nothing is downloaded without a checksum.
set -euo pipefail

fail() {
    echo "::error::$1"
    exit "$2"
}

checksum() {
    if command -v sha256sum >/dev/null; then
        sha256sum <"$1" | cut -d ' ' -f 1
    else
        shasum -a 256 <"$1" | cut -d ' ' -f 1
    fi
}

# Cargo heeds what it finds from the working folder up: settings that name a compiler, and a toolchain. The working folder
# of a run is the checkout, which a pull request wrote. And no build script needs the workflow's secrets.
build() {
    local name keep=()
    for name in PATH HOME TMPDIR CARGO_HOME RUSTUP_HOME RUSTUP_TOOLCHAIN CARGO_BUILD_JOBS CC \
        HTTPS_PROXY https_proxy NO_PROXY no_proxy SSL_CERT_FILE SSL_CERT_DIR; do
        [ -z "${!name:-}" ] || keep+=("$name=${!name}")
    done
    (
        cd "$SOURCE"
        env -i "${keep[@]}" cargo build --release --locked --manifest-path "$SOURCE/Cargo.toml" --target-dir "$1"
    )
}

folder=$RUNNER_TEMP/icewarden
mkdir -p "$folder"

if [ -z "$BINARY" ]; then
    [ -z "$SHA256" ] || fail "the input sha256 belongs to the input binary, which is empty" 64
    target=${TARGET_DIR:-$RUNNER_TEMP/icewarden-target}
    case $target in
        */../* | */.. | ../* | ..) fail "the input target-dir must not hold .." 64 ;;
        "$GITHUB_WORKSPACE" | "$GITHUB_WORKSPACE"/*) fail "the input target-dir must be outside of the checkout" 64 ;;
        /*) ;;
        *) fail "the input target-dir must be a whole path" 64 ;;
    esac
    build "$target"
    cp "$target/release/icewarden" "$folder/icewarden"
    exit
fi

expected=$(printf '%s' "$SHA256" | tr 'A-F' 'a-f')
case $expected in
    *[!0-9a-f]* | '') fail "the input sha256 must be the checksum of the input binary: 64 hexadecimal digits" 64 ;;
esac
[ ${#expected} = 64 ] || fail "the input sha256 has ${#expected} digits and not 64" 64

# Checked under another name, so that nothing unchecked ever stands where it would be run.
part=$folder/unchecked
trap 'rm -f "$part"' EXIT
case $BINARY in
    http://*) fail "the input binary is fetched by https only" 64 ;;
    https://* | file://*)
        curl --fail --silent --show-error --location --proto '=https,file' --proto-redir '=https' \
            --max-time 600 --output "$part" "$BINARY" || fail "the binary could not be fetched" 1
        ;;
    *) cp -- "$BINARY" "$part" || fail "the binary could not be read" 1 ;;
esac
actual=$(checksum "$part")
[ "$actual" = "$expected" ] || fail "the binary has the checksum $actual and not $expected; it was not run" 1
chmod 755 "$part"
mv "$part" "$folder/icewarden"
