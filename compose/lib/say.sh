# shellcheck shell=bash
# Messages for people, all on stderr: stdout is for data.

say() { printf '%s\n' "$*" >&2; }

# fail MESSAGE [CURE]
fail() {
    say "error: $1"
    [[ -z ${2-} ]] || say "hint: $2"
    exit 1
}

# A progress line: say_part NAME TEXT
say_part() { printf '%-10s %s\n' "$1" "$2" >&2; }

# Seconds since START (an $EPOCHREALTIME), with one decimal.
seconds_since() {
    local tenths=$(((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}) / 100000))
    printf '%d.%d s' $((tenths / 10)) $((tenths % 10))
}
