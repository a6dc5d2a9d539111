# shellcheck shell=bash
# Processes by name: run/NAME.pid holds the pid, run/NAME.born what tells this process from a later
# one with the same pid. Nothing is ever killed by name. Needs say.sh; $data_dir.

grace_seconds=3

# start NAME COMMAND...: in a session of its own, so that Ctrl-C does not reach it.
start() {
    local name=$1 log=$data_dir/log/$1.log
    shift
    forget "$name"
    [[ ! -f $log ]] || mv "$log" "$log.1"
    # The lock must not live on in the server.
    setsid "$@" </dev/null >"$log" 2>&1 {lock}>&- &
    local pid=$!
    disown "$pid"
    printf '%s\n' "$pid" >"$data_dir/run/$name.pid"
    birth_of "$pid" >"$data_dir/run/$name.born" || true
}

# Prints the boot and start time of a living process. A zombie is dead once its last thread is gone:
# until then it may hold ports.
birth_of() {
    local stat fields
    read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
    # The name, in parentheses, may hold spaces; after it come the state, ..., threads, -, start time.
    read -r -a fields <<<"${stat##*) }"
    [[ ${fields[0]} != [ZX] ]] || ((fields[17] > 1)) || return 1
    printf '%s %s\n' "$(</proc/sys/kernel/random/boot_id)" "${fields[19]}"
}

was_started() { [[ -f $data_dir/run/$1.pid ]]; }

pid_of() { cat "$data_dir/run/$1.pid"; }

process_runs() {
    was_started "$1" && [[ $(birth_of "$(pid_of "$1")") == "$(cat "$data_dir/run/$1.born" 2>/dev/null)" ]]
}

any_process_runs() {
    local file
    for file in "$data_dir"/run/*.pid; do
        [[ -f $file ]] && process_runs "$(basename "$file" .pid)" && return
    done
    return 1
}

# SIGTERM, then SIGKILL when the grace is over.
stop() {
    local name=$1 pid
    if process_runs "$name"; then
        pid=$(pid_of "$name")
        # A stopped process must be woken to hear it.
        kill -TERM "$pid" || true
        kill -CONT "$pid" 2>/dev/null || true
        within "$grace_seconds" is_gone "$name" || kill_hard "$name"
    fi
    forget "$name"
}

kill_hard() {
    kill -KILL "$(pid_of "$1")" || true
    within 10 is_gone "$1" || fail "$1 (pid $(pid_of "$1")) survives SIGKILL" "its disk or mount hangs: see 'dmesg'"
}

is_gone() { ! process_runs "$1"; }

forget() { rm -f "$data_dir/run/$1".{pid,born,answered}; }

# within SECONDS COMMAND...: repeats COMMAND until it succeeds.
within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.1
    done
}
