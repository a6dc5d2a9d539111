# shellcheck shell=bash
# Kafka brokers, coordinated by ZooKeeper. Broker 1 is the process `kafka`, the others `kafka_2`, `kafka_3`.

kafka_ports() { echo "$1"; }

kafka_prepare() {
    zookeeper_prepare
    need_command kcat "asks Kafka whether it is ready" kcat
    local name=$1 conf=$data_dir/conf/$1 copies=$brokers
    mkdir -p "$conf"
    write_log4j "$conf"
    # A topic exists because someone created it, with the partitions they meant.
    cat >"$conf/server.properties" <<PROPERTIES
broker.id=$(broker_id "$name")
listeners=PLAINTEXT://127.0.0.1:${port[$name]}
zookeeper.connect=127.0.0.1:${port[zookeeper]}
zookeeper.session.timeout.ms=6000
log.dirs=$data_dir/data/$name
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=10
offsets.topic.replication.factor=$copies
transaction.state.log.num.partitions=10
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=1
PROPERTIES
}

broker_id() { [[ $1 == kafka ]] && echo 1 || echo "${1#kafka_}"; }

kafka_start() {
    within "$deadline_seconds" zookeeper_answers || fail "$1 waits for ZooKeeper in vain" "see $data_dir/log/zookeeper.log"
    # A killed broker's registration lives as long as its session, and keeps a new one out.
    within "$deadline_seconds" is_unregistered "$(broker_id "$1")" ||
        fail "ZooKeeper holds on to the registration of $1" "another broker with its id runs: stop it"
    set_java_command 1g "$data_dir/conf/$1:$data_dir/lib/kafka/*" kafka.Kafka "$data_dir/conf/$1/server.properties"
    start "$1" "${java_command[@]}"
}

is_unregistered() {
    local sessions
    sessions=$(ask zookeeper 'dump\n') && ! grep -q "/brokers/ids/$1$" <<<"$sessions"
}

kafka_answers() { kafka_metadata "$1" | grep -q " brokers:"; }

kafka_ready() { kafka_metadata "$1" | grep -q "^ $brokers brokers:"; }

kafka_metadata() { timeout 3 kcat -L -m 2 -b "127.0.0.1:${port[$1]}" 2>/dev/null; }

bootstrap_servers() {
    local name list=
    for name in kafka kafka_2 kafka_3; do
        ! was_started "$name" || list+=,127.0.0.1:${port[$name]}
    done
    echo "${list#,}"
}
