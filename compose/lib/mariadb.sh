# shellcheck shell=bash
# MariaDB: the ERP and the warehouse. The packages are those that bring no system service.

mariadb_ports() { echo mariadb; }

mariadb_prepare() {
    need_command mariadbd "MariaDB holds the ERP and the warehouse" mariadb-server-core
    need_command mariadb "the client asks MariaDB whether it is ready" mariadb-client-core
    [[ $(mariadbd --version) == *" $MARIADB_VERSION."* ]] || say "warning: tested with MariaDB $MARIADB_VERSION, this is $(mariadbd --version)"
    require_short_socket "$(mariadb_socket)"
}

install_mariadb() {
    local new=$data_dir/data/mariadb.partial log=$data_dir/log/mariadb-install.log
    rm -rf "$new"
    # Forced: otherwise a machine must be able to resolve its own name.
    mariadb-install-db --force --no-defaults --user="$(id -un)" --auth-root-socket-user="$(id -un)" --datadir="$new" \
        --tmpdir="$data_dir/tmp" --skip-test-db --skip-log-bin &>"$log" ||
        fail "mariadb-install-db failed" "see $log"
    mv "$new" "$data_dir/data/mariadb"
}

mariadb_socket() { echo "$data_dir/data/mariadb/mariadb.sock"; }

# Root runs it as user mysql where that user exists and gets through to the data, else as itself.
mariadb_user() {
    if ((EUID == 0)) && id mysql &>/dev/null && setpriv --reuid=mysql --clear-groups test -x "$data_dir/data"; then
        echo mysql
    else
        id -un
    fi
}

mariadb_start() {
    [[ -d $data_dir/data/mariadb ]] || install_mariadb
    [[ $(stat -c %U "$data_dir/data/mariadb") == "$(mariadb_user)" ]] || chown -R "$(mariadb_user)" "$data_dir/data/mariadb"
    start mariadb mariadbd --no-defaults --user="$(mariadb_user)" --datadir="$data_dir/data/mariadb" \
        --tmpdir="$data_dir/tmp" --socket="$(mariadb_socket)" \
        --bind-address=127.0.0.1 --port="${port[mariadb]}" --skip-name-resolve --character-set-server=utf8mb4 \
        --server-id=1 --log-bin=bin --binlog-expire-logs-seconds=86400
}

mariadb_answers() { [[ $(mariadb_admin <<<'select 1' 2>/dev/null) == 1 ]]; }

mariadb_settle() { set_up_sql mariadb | mariadb_admin; }

mariadb_admin() { sql_through "$(mariadb_socket)" "$(id -un)"; }
