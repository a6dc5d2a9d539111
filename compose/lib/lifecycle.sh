# shellcheck shell=bash
# From not there to ready, and back. A part `x` brings its functions: x_ports, x_prepare (packages, jars,
# configuration), x_start, x_answers, and where there is more to it x_settle (once it answers) and
# x_ready. Each takes the name of the process. Needs say.sh and process.sh.

# One process, until it is ready.
bring_up() {
    local name=$1 part=${1%%_*} begin=$EPOCHREALTIME
    if ! within "$(patience_with "$name")" answers_or_is_gone "$name"; then
        say_part "$name" "does not answer: replacing pid $(pid_of "$name")"
        kill_hard "$name"
    elif was_started "$name" && is_gone "$name"; then
        say_part "$name" "has died: starting it again"
    fi

    local verdict='answers already'
    if is_gone "$name"; then
        verdict=ready
        "${part}_start" "$name"
        await "$name" answers
    fi
    touch "$data_dir/run/$name.answered"
    if is_function "${part}_settle"; then "${part}_settle"; fi
    await "$name" ready
    say_part "$name" "$verdict on 127.0.0.1:${port[$name]} ($(seconds_since "$begin"))"
}

# Who never answered may still be starting, since an earlier `up` that was interrupted.
patience_with() {
    if [[ -f $data_dir/run/$1.answered ]]; then echo "$patience_seconds"; else echo "$deadline_seconds"; fi
}

# await NAME answers|ready: for a part that knows no more, to answer is to be ready.
await() {
    local name=$1 what=$2 check=${1%%_*}_$2
    is_function "$check" || return 0
    within "$deadline_seconds" holds_or_is_gone "$check" "$name" && process_runs "$name" && return
    say "--- the end of $data_dir/log/$name.log"
    tail -n 20 "$data_dir/log/$name.log" >&2
    say '---'
    if process_runs "$name"; then
        fail "$name runs but is not there after $deadline_seconds s ($what)" \
            "run '$command_line up $name' again; on a slow machine it may only need more time"
    else
        fail "$name ended instead of starting" \
            "cure what the log above says and run 'up' again; 'down --purge' starts over without the data"
    fi
}

holds_or_is_gone() { is_gone "$2" || "$1" "$2"; }

answers_or_is_gone() { holds_or_is_gone "${1%%_*}_answers" "$1"; }

is_function() { declare -F "$1" >/dev/null; }

# stop_all NAME...: all at once.
stop_all() {
    local name jobs=() job failed=
    for name in "$@"; do
        was_started "$name" || continue
        report_stop "$name" &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do wait "$job" || failed=yes; done
    [[ -z $failed ]]
}

report_stop() {
    local begin=$EPOCHREALTIME
    stop "$1"
    say_part "$1" "stopped ($(seconds_since "$begin"))"
}
