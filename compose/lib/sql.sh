# shellcheck shell=bash
# What MariaDB and MySQL have in common. Secrets reach a server through stdin only.

# Prints the password of user `comptoir`, made up at first use.
password_of() {
    local file=$data_dir/secrets/$1-password
    if [[ ! -s $file ]]; then
        (umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$file")
    fi
    cat "$file"
}

# Runs the SQL on stdin as the server's administrator: sql_through SOCKET USER
sql_through() {
    timeout 20 mariadb --no-defaults --socket="$1" --user="$2" --connect-timeout=2 --batch --skip-column-names
}

# The SQL that sets up the user and the databases of a server; saying it again changes nothing.
set_up_sql() {
    local password
    password=$(password_of "$1")
    printf "create user if not exists 'comptoir'@'%%' identified by '%s';\n" "$password"
    printf "alter user 'comptoir'@'%%' identified by '%s';\n" "$password"
    cat "$here/lib/mariadb/databases.sql"
}

# A socket's path is short by law of the kernel.
require_short_socket() {
    ((${#1} <= 107)) || fail "the socket path $1 is longer than 107 bytes" "choose a shorter --data-dir"
}
