# shellcheck shell=bash
# The toolchain and the build. Needs say.sh and packages.sh; runs in the repository's root.

need_toolchain() {
    command -v cargo >/dev/null ||
        fail "there is no Rust toolchain (cargo)" "install it from https://rustup.rs, then start a new shell"
    need_command cc "a C compiler and linker, for SQLite and other libraries that are built from C" gcc libc6-dev
    need_command c++ "librdkafka, the client of Kafka, is built from C and C++" g++
    need_command make "librdkafka's own build" make
    need_command pkg-config "it finds OpenSSL, with which librdkafka speaks TLS" pkg-config
    pkg-config --exists openssl || need_packages "librdkafka speaks TLS by OpenSSL" libssl-dev
}

# cargo_build ARGUMENT...: cargo's own progress on a terminal; elsewhere a line every ten seconds
# instead of one for each of hundreds of crates.
cargo_build() {
    if [[ -t 2 ]]; then
        cargo build --locked "$@"
    else
        cargo build --locked "$@" 2> >(summarise_cargo >&2)
    fi
}

summarise_cargo() {
    local line crates=0 begin=$SECONDS shown=$SECONDS
    while IFS= read -r line; do
        case $line in
            *' Compiling '*)
                crates=$((crates + 1))
                ((SECONDS - shown >= 10)) || continue
                say "compiling: $crates crates so far ($((SECONDS - begin)) s)"
                shown=$SECONDS
                ;;
            *' Downloading '* | *' Downloaded '* | *' Updating '* | *' Locking '*) ;;
            *) say "$line" ;;
        esac
    done
}
