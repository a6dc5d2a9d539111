# shellcheck shell=bash
# The Java servers: their jars from Maven Central, their virtual machines. Needs say.sh, packages.sh.

need_java() {
    need_command java "HDFS, ZooKeeper and Kafka run on Java" "openjdk-$JAVA_VERSION-jre-headless"
    # All is on loopback: that a machine cannot resolve its own name must not matter.
    echo "127.0.0.1 localhost $(</proc/sys/kernel/hostname)" >"$data_dir/conf/hosts"
}

# need_jars NAME PROPERTY...: lib/NAME below the data directory, as NAME/pom.xml says.
need_jars() {
    local name=$1 begin=$EPOCHREALTIME
    local lib=$data_dir/lib/$name log=$data_dir/log/$name-jars.log wanted=$*
    shift
    [[ $(cat "$lib/pinned" 2>/dev/null) != "$wanted" ]] || return 0
    need_command mvn "fetches the jars of HDFS and Kafka" maven
    say_part "$name" "fetching jars"
    rm -rf "$lib" "$lib.partial"
    MAVEN_OPTS="${MAVEN_OPTS-} $(jvm_flags)" mvn -B -Dstyle.color=never -f "$here/lib/$name/pom.xml" "${@/#/-D}" \
        dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$lib.partial" &>"$log" ||
        fail "Maven could not fetch the jars of $name: see $log" "it needs Maven Central, or a mirror in ~/.m2/settings.xml"
    printf '%s\n' "$wanted" >"$lib.partial/pinned"
    mv "$lib.partial" "$lib"
    say_part "$name" "jars fetched ($(seconds_since "$begin"))"
}

# The first two keep a JVM from leaving files in the system's temporary directory. The last halves the
# CPU time of a start; benchmarks want the optimising compiler back.
jvm_flags() {
    echo "-XX:-UsePerfData -Djava.io.tmpdir=$data_dir/tmp ${COMPTOIR_JAVA_FLAGS--XX:TieredStopAtLevel=1}"
}

# Fills `java_command` for HEAP CLASS_PATH MAIN_CLASS ARGUMENT...
set_java_command() {
    local flags
    read -r -a flags <<<"$(jvm_flags)"
    java_command=(java "-Xmx$1" "${flags[@]}" "-Djdk.net.hosts.file=$data_dir/conf/hosts" -cp "$2" "${@:3}")
}

write_log4j() {
    cat >"$1/log4j.properties" <<'PROPERTIES'
log4j.rootLogger=INFO, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.target=System.err
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=%d{ISO8601} %-5p %c{2}: %m%n
PROPERTIES
}
