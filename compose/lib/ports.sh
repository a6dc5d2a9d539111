# shellcheck shell=bash
# The ports of one data directory: chosen by `up`, remembered in conf/ports for all that follows.
# Needs say.sh and process.sh; $data_dir.

default_ports='mariadb 3306
mysql 3307
zookeeper 2181
zookeeper_admin 2182
kafka 9092
kafka_2 9093
kafka_3 9094
namenode 8020
namenode_http 9870
datanode 9866
datanode_http 9864
datanode_ipc 9867'

declare -A port=()

port_variable() { printf 'COMPTOIR_%s_PORT' "${1^^}"; }

# Fills `port` from what is remembered, else from the defaults; the environment has no say.
load_ports() {
    local name number
    while read -r name number; do port[$name]=$number; done <<<"$default_ports"
    [[ ! -f $data_dir/conf/ports ]] || while read -r name number; do port[$name]=$number; done <"$data_dir/conf/ports"
}

# A port's own variable beats COMPTOIR_PORT_OFFSET, which beats what is remembered.
choose_ports() {
    local name number variable changed='' offset=${COMPTOIR_PORT_OFFSET-}
    [[ $offset =~ ^[0-9]*$ ]] || fail "COMPTOIR_PORT_OFFSET '$offset' is not a number"
    load_ports
    while read -r name number; do
        variable=$(port_variable "$name")
        if [[ -n ${!variable-} ]]; then
            number=$(valid_port "$variable" "${!variable}")
        elif [[ -n $offset ]]; then
            number=$(valid_port COMPTOIR_PORT_OFFSET $((number + offset)))
        else
            number=${port[$name]}
        fi
        [[ ${port[$name]} == "$number" ]] || changed="$name on ${port[$name]}, not $number"
        port[$name]=$number
    done <<<"$default_ports"
    [[ -z $changed ]] || ! any_process_runs ||
        fail "$data_dir runs $changed" "to change ports, run '$command_line down' first"
}

valid_port() {
    [[ $2 =~ ^[1-9][0-9]{0,4}$ && $2 -le 65535 ]] || fail "$1 gives port '$2'" "ports are 1 to 65535"
    printf '%s' "$2"
}

print_ports() {
    local name number
    while read -r name number; do printf '%s %s\n' "$name" "${port[$name]}"; done <<<"$default_ports"
}

remember_ports() { print_ports >"$data_dir/conf/ports"; }

# require_free_ports PORT_NAME...
require_free_ports() {
    local name
    for name in "$@"; do
        ! port_is_open "${port[$name]}" ||
            fail "port ${port[$name]} of $name is held by another program" \
                "set $(port_variable "$name") to a free port, or move all by COMPTOIR_PORT_OFFSET"
    done
}

port_is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# ask PORT_NAME TEXT: sends TEXT (with escapes) and prints the answer; fails after 4 s.
ask() {
    # shellcheck disable=SC2016 # the inner shell expands them
    timeout 4 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" && printf "%b" "$1" >&3 && cat <&3' \
        "${port[$1]}" "$2" 2>/dev/null
}
