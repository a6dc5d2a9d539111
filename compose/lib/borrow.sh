# shellcheck shell=bash
# Services for as long as a script runs: what did not run before is stopped afterwards, what ran
# already is left as it was. Needs say.sh; $services (the script) and $services_dir.

borrowed=()

# borrow_services PART...
borrow_services() {
    local part state
    for part in "$@"; do
        state=$("$services" status "$part" --data-dir "$services_dir" || true)
        # Started in part counts as not ours: someone else looks after it.
        grep -qvE ' stopped ' <<<"$state" || borrowed+=("$part")
    done
    "$services" up "$@" --data-dir "$services_dir"
}

return_services() {
    ((${#borrowed[@]})) || return 0
    local parts=("${borrowed[@]}")
    borrowed=()
    "$services" down "${parts[@]}" --data-dir "$services_dir"
}
