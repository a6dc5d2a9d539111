# shellcheck shell=bash
# HDFS: one NameNode, one DataNode.

namenode_ports() { echo namenode namenode_http; }
datanode_ports() { echo datanode datanode_http datanode_ipc; }

namenode_prepare() {
    need_java
    need_jars hadoop "hadoop.version=$HADOOP_VERSION"
    local conf=$data_dir/conf/hadoop block_bytes
    block_bytes=$(hdfs_block_bytes)
    # The published jars lack the web applications; without these directories neither server starts.
    mkdir -p "$conf"/webapps/{hdfs,datanode,static}
    write_log4j "$conf"
    write_site "$conf/core-site.xml" <<SETTINGS
fs.defaultFS hdfs://127.0.0.1:${port[namenode]}
hadoop.tmp.dir $data_dir/tmp/hadoop
SETTINGS
    write_site "$conf/hdfs-site.xml" <<SETTINGS
dfs.replication 1
dfs.blocksize $block_bytes
dfs.permissions.enabled true
dfs.namenode.name.dir file://$data_dir/data/namenode
dfs.namenode.http-address 127.0.0.1:${port[namenode_http]}
dfs.namenode.safemode.extension 0
dfs.datanode.data.dir file://$data_dir/data/datanode
dfs.datanode.address 127.0.0.1:${port[datanode]}
dfs.datanode.http.address 127.0.0.1:${port[datanode_http]}
dfs.datanode.ipc.address 127.0.0.1:${port[datanode_ipc]}
dfs.datanode.synconclose true
dfs.client.failover.max.attempts 2
dfs.client.failover.sleep.base.millis 100
SETTINGS
    # Blocks of a former name space would keep the DataNode from joining a new one.
    namenode_is_formatted || rm -rf "$data_dir/data/datanode"
}

datanode_prepare() { namenode_prepare; }

# Of a writer that is killed, the NameNode keeps room for a whole block for up to ten minutes. With
# the usual 128 MiB, a few hundred of them fill a small disk that holds next to nothing.
hdfs_block_bytes() {
    local mib=${COMPTOIR_HDFS_BLOCK_MIB-8}
    [[ $mib =~ ^[1-9][0-9]{0,3}$ ]] || fail "COMPTOIR_HDFS_BLOCK_MIB '$mib' is not a number of MiB"
    echo $((mib * 1024 * 1024))
}

# Reads lines of `key value`.
write_site() {
    local key value
    {
        echo '<?xml version="1.0" encoding="UTF-8"?>'
        echo '<configuration>'
        while read -r key value; do
            echo "  <property><name>$key</name><value>$value</value></property>"
        done
        echo '</configuration>'
    } >"$1"
}

namenode_is_formatted() { [[ -f $data_dir/data/namenode/current/VERSION ]]; }

format_namenode() {
    hadoop_java org.apache.hadoop.hdfs.server.namenode.NameNode -format -force &>"$data_dir/log/namenode-format.log" ||
        fail "formatting the NameNode failed" "see $data_dir/log/namenode-format.log"
}

hadoop_java() {
    set_hadoop_command "$@"
    "${java_command[@]}"
}

set_hadoop_command() { set_java_command 512m "$data_dir/conf/hadoop:$data_dir/lib/hadoop/*" "$@"; }

namenode_start() {
    namenode_is_formatted || format_namenode
    set_hadoop_command org.apache.hadoop.hdfs.server.namenode.NameNode
    start namenode "${java_command[@]}"
}

datanode_start() {
    set_hadoop_command org.apache.hadoop.hdfs.server.datanode.DataNode
    start datanode "${java_command[@]}"
}

namenode_answers() { jmx namenode_http NameNode FSNamesystemState | grep -q '"FSState"'; }

# The directories that jobs write below, owned by who runs the NameNode.
namenode_settle() {
    local marker=$data_dir/data/namenode/comptoir-directories
    [[ ! -f $marker ]] || return 0
    hadoop_shell -mkdir -p /user/sqoop /user/flume /bronze /gold /tmp
    hadoop_shell -chmod 1777 /tmp
    touch "$marker"
}

hadoop_shell() {
    hadoop_java org.apache.hadoop.fs.FsShell "$@" &>"$data_dir/log/namenode-shell.log" ||
        fail "hdfs dfs $* failed" "see $data_dir/log/namenode-shell.log"
}

# With its DataNode, ready means out of safe mode; alone it may have to stay there.
namenode_ready() {
    if process_runs datanode; then hdfs_serves; else namenode_answers; fi
}

datanode_answers() { jmx datanode_http DataNode DataNodeInfo | grep -q 'ActorState'; }

datanode_ready() {
    jmx datanode_http DataNode DataNodeInfo | grep -q 'ActorState[\\":]*RUNNING' && hdfs_serves
}

hdfs_serves() {
    local state
    state=$(jmx namenode_http NameNode FSNamesystemState) &&
        grep -q '"FSState" : "Operational"' <<<"$state" &&
        grep -q '"NumLiveDataNodes" : [1-9]' <<<"$state"
}

# jmx PORT_NAME SERVICE BEAN
jmx() { ask "$1" "GET /jmx?qry=Hadoop:service=$2,name=$3 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"; }
