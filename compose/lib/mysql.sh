# shellcheck shell=bash
# MySQL itself, beside MariaDB, for what differs between them. Debian 12 has none: the server comes
# from Debian sid and lives in a directory of its own (chroot).

mysql_ports() { echo mysql; }

mysql_prepare() {
    ((EUID == 0)) || fail "mysql runs in a chroot, which takes root" "run as root, or leave mysql out"
    need_command mariadb "the client asks MySQL whether it is ready" mariadb-client-core
    require_short_socket "$(mysql_socket)"
    [[ -d $(mysql_root) ]] || fetch_mysql
}

mysql_root() { echo "$data_dir/mysql"; }
mysql_socket() { echo "$(mysql_root)/run/mysqld/mysql.sock"; }

fetch_mysql() {
    need_command debootstrap "fetches MySQL from Debian sid" debootstrap
    local new mirror log=$data_dir/log/mysql-fetch.log begin=$EPOCHREALTIME
    new=$(mysql_root).partial
    # shellcheck disable=SC2016 # apt expands it
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sort -u | head -n 1)
    say_part mysql "fetching MySQL from ${mirror:-the default mirror} (560 MB on disk, about a minute)"
    unmount_below "$new"
    rm -rf "$new"
    debootstrap --variant=minbase --include=mysql-server-core sid "$new" ${mirror:+"$mirror"} &>"$log" || {
        unmount_below "$new"
        fail "debootstrap failed" "see $log"
    }
    unmount_below "$new"
    rm -rf "$new"/var/cache/apt/archives/*.deb
    mkdir -p "$new/run/mysqld"
    chmod 700 "$new"
    mv "$new" "$(mysql_root)"
    say_part mysql "fetched ($(seconds_since "$begin"))"
}

install_mysql() {
    local log=$data_dir/log/mysql-install.log
    rm -rf "$(mysql_root)/data.partial"
    chroot "$(mysql_root)" /usr/sbin/mysqld --no-defaults --user=root --initialize-insecure --datadir=/data.partial &>"$log" || fail "initialising MySQL failed" "see $log"
    mv "$(mysql_root)/data.partial" "$(mysql_root)/data"
}

mysql_start() {
    [[ -d $(mysql_root)/data ]] || install_mysql
    start mysql chroot "$(mysql_root)" /usr/sbin/mysqld --no-defaults --user=root --datadir=/data \
        --socket=/run/mysqld/mysql.sock --bind-address=127.0.0.1 --port="${port[mysql]}" --mysqlx=OFF \
        --skip-name-resolve --secure-file-priv= --performance-schema=OFF \
        --server-id=2 --log-bin=bin --binlog-expire-logs-seconds=86400
}

mysql_answers() { [[ $(mysql_admin <<<'select 1' 2>/dev/null) == 1 ]]; }

mysql_settle() { set_up_sql mysql | mysql_admin; }

# The administrator has no password: through the socket only, and only for who may enter the directory.
mysql_admin() { sql_through "$(mysql_socket)" root; }

# Lifts what debootstrap may have mounted when it was interrupted.
unmount_below() {
    local mount
    awk -v below="$1/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r | while read -r mount; do
        umount "$mount"
    done
}
