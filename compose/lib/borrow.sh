# shellcheck shell=bash
# Services for as long as a script runs: what did not run before is stopped afterwards, what ran
# already is left as it was.

services=$(dirname "${BASH_SOURCE[0]}")/../services
borrowed=()
borrowed_dir=

# borrow_services DATA_DIR PART...
borrow_services() {
    local part state
    borrowed_dir=$1
    shift
    for part in "$@"; do
        state=$("$services" status "$part" --data-dir "$borrowed_dir" || true)
        # Started in part counts as not ours: someone else looks after it.
        grep -qv ' stopped ' <<<"$state" || borrowed+=("$part")
    done
    "$services" up "$@" --data-dir "$borrowed_dir"
}

return_services() {
    ((${#borrowed[@]})) || return 0
    local parts=("${borrowed[@]}")
    borrowed=()
    "$services" down "${parts[@]}" --data-dir "$borrowed_dir"
}
