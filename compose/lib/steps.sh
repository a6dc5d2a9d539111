# shellcheck shell=bash
# Named steps with their times and a table at the end. Needs say.sh.
#
# A step runs in a process group of its own, so that an interrupt ends it with all its children;
# that is why it can ask nothing.

step_names=() step_results=() step_times=()
step_group=

# run_step NAME COMMAND...: remembers how it went; never fails.
run_step() {
    local name=$1 begin=$EPOCHREALTIME result=passed
    shift
    say "== $name"
    # Monitor mode gives the job its own group; off again at once, or bash reports every job.
    set -m
    (set -e && "$@") </dev/null &
    step_group=$!
    set +m
    wait "$step_group" || result=failed
    step_group=
    step_names+=("$name") step_results+=("$result") step_times+=("$(seconds_since "$begin")")
    say "== $name: $result ($(seconds_since "$begin"))"
}

# To be called from the script's EXIT trap.
end_running_step() {
    [[ -n $step_group ]] || return 0
    kill -TERM -- "-$step_group" 2>/dev/null || true
    wait "$step_group" 2>/dev/null || true
    step_group=
}

# Prints the table and `N passed, N failed`; fails if a step did.
report_steps() {
    local index passed=0 failed=0
    say ''
    for index in "${!step_names[@]}"; do
        say "$(printf '%-12s %-8s %9s' "${step_names[index]}" "${step_results[index]}" "${step_times[index]}")"
        if [[ ${step_results[index]} == passed ]]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    done
    printf '%d passed, %d failed\n' "$passed" "$failed"
    ((failed == 0))
}
