# shellcheck shell=bash
# ZooKeeper, which comes with Kafka's jars.

zookeeper_ports() { echo zookeeper zookeeper_admin; }

zookeeper_prepare() {
    need_java
    need_jars kafka "kafka.version=$KAFKA_VERSION" "zookeeper.version=$ZOOKEEPER_VERSION" "slf4j.version=$SLF4J_VERSION"
    mkdir -p "$data_dir/conf/zookeeper"
    write_log4j "$data_dir/conf/zookeeper"
    # The shortest session is two ticks.
    cat >"$data_dir/conf/zookeeper/zoo.cfg" <<CFG
dataDir=$data_dir/data/zookeeper
tickTime=1000
clientPort=${port[zookeeper]}
clientPortAddress=127.0.0.1
admin.serverPort=${port[zookeeper_admin]}
admin.serverAddress=127.0.0.1
4lw.commands.whitelist=dump,mntr,ruok,srvr,stat
CFG
}

zookeeper_start() {
    set_java_command 512m "$data_dir/conf/zookeeper:$data_dir/lib/kafka/*" \
        org.apache.zookeeper.server.quorum.QuorumPeerMain "$data_dir/conf/zookeeper/zoo.cfg"
    start zookeeper "${java_command[@]}"
}

zookeeper_answers() { ask zookeeper 'srvr\n' | grep -q '^Mode: '; }
