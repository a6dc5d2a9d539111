# shellcheck shell=bash
# The toolchain and the build. Needs say.sh and packages.sh; runs in the repository's root.

need_toolchain() {
    command -v cargo >/dev/null ||
        fail "there is no Rust toolchain (cargo)" "install it from https://rustup.rs, then start a new shell"
    need_command cc "a C compiler and linker, for SQLite and other libraries that are built from C" gcc libc6-dev
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
