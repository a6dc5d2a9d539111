# shellcheck shell=bash
# The benchmark of the import, beside what it replaces and what it could be at best. Needs
# compose/bench and java.sh.

SQOOP_VERSION=1.4.7
BENCH_ROUNDS=3
BENCH_SMALL_ROUNDS=20

bench_batch() {
    local rows=${rows:-2000000} round
    # Without the views, whose engine takes longer to build than all the rest.
    cargo_build --release -p comptoir-batch --no-default-features --bins
    need_command /usr/bin/time "measures processor time and memory" time
    need_command javac "Sqoop compiles a class for each table" "openjdk-$JAVA_VERSION-jdk-headless"
    start_services mariadb hdfs
    need_jars sqoop "sqoop.version=$SQOOP_VERSION"
    mkdir "$scratch/times" "$scratch/log" "$scratch/sqoop"
    write_clients_settings
    make_tables "$rows"
    export -f client read_in_four our_import sqoop_import hadoop_shell
    export scratch
    describe_machine "HDFS $HADOOP_VERSION" "Sqoop $SQOOP_VERSION" "$(mariadb_version)"
    # In turns, so that what else the machine does falls on all.
    for ((round = 1; round <= BENCH_ROUNDS; round++)); do
        say "round $round of $BENCH_ROUNDS"
        measure_text
        measure_parquet
        timed sqoop_small sqoop_import eight
    done
    for ((round = 1; round <= BENCH_SMALL_ROUNDS; round++)); do timed ours_small our_import eight; done
    print_times "$rows" "$(du -bc "$scratch"/parts/part-m-* | tail -1 | cut -f1)"
    printf '\nrepeat with: compose/bench batch --rows %s\n' "$rows"
}

write_clients_settings() {
    local address=${COMPTOIR_ERP_URL#*://}
    address=${address%%/*}
    export BENCH_URL=mysql://$address/test_bench
    # Sqoop takes a newline at the end for a part of the password.
    (umask 077 && printf %s "$(<"$COMPTOIR_ERP_PASSWORD_FILE")" >"$scratch/password")
    (umask 077 && printf '[client]\nprotocol=tcp\nhost=%s\nport=%s\nuser=%s\npassword="%s"\n' "${address%:*}" \
        "${address##*:}" "$COMPTOIR_ERP_USERNAME" "$(<"$scratch/password")" >"$scratch/client.cnf")
}

# The sales sample's 25 columns and a key; of its widths, and with NULLs where it has some.
make_tables() {
    make_database test_bench
    say "making a table of $1 rows"
    admin_sql <<SQL
use test_bench;
create table sales (
    id int primary key, ORDERNUMBER int not null, QUANTITYORDERED int not null,
    PRICEEACH decimal(10,2) not null, ORDERLINENUMBER int not null, SALES decimal(10,2) not null,
    ORDERDATE datetime not null, STATUS varchar(64) not null, QTR_ID int not null,
    MONTH_ID int not null, YEAR_ID int not null, PRODUCTLINE varchar(64) not null, MSRP int not null,
    PRODUCTCODE varchar(64) not null, CUSTOMERNAME varchar(64) not null, PHONE varchar(64) not null,
    ADDRESSLINE1 varchar(64) not null, ADDRESSLINE2 varchar(64), CITY varchar(64) not null,
    STATE varchar(64), POSTALCODE varchar(64), COUNTRY varchar(64) not null,
    TERRITORY varchar(64) not null, CONTACTLASTNAME varchar(64) not null,
    CONTACTFIRSTNAME varchar(64) not null, DEALSIZE varchar(64) not null
) character set utf8mb4;
insert into sales select
    seq, 10100 + seq div 10, 20 + seq % 50, 30 + seq % 9000 / 100, 1 + seq % 10,
    600 + seq % 900000 / 100, '2023-01-01' + interval seq % 900 day,
    elt(1 + seq % 4, 'Shipped', 'Cancelled', 'In Process', 'Resolved'), 1 + seq % 4, 1 + seq % 12,
    2023 + seq % 3, elt(1 + seq % 5, 'Garden Tools', 'Kitchen', 'Lamps', 'Motor Parts', 'Bicycles'),
    50 + seq % 150, concat('P', 10 + seq % 90, '_', 1000 + seq % 4000),
    concat('Customer ', 1 + seq % 9000, ' & Sons, Ltd'), concat('+33 ', 100000000 + seq % 900000000),
    concat(1 + seq % 999, ' Rue du Commerce'), if(seq % 10 = 0, 'Level 3', null),
    elt(1 + seq % 6, 'Paris', 'Lyon', 'Nantes', 'Madrid', 'San Rafael', 'Köln'),
    if(seq % 2 = 0, 'CA', null), if(seq % 40 = 0, null, 10000 + seq % 89999),
    elt(1 + seq % 4, 'France', 'Spain', 'USA', 'Germany'), elt(1 + seq % 3, 'EMEA', 'NA', 'APAC'),
    elt(1 + seq % 5, 'Martin', 'Bernard', 'Dubois', 'Garcia', 'Young'),
    elt(1 + seq % 4, 'Julie', 'Carine', 'Paul', 'Roland'),
    elt(1 + seq % 3, 'Small', 'Medium', 'Large')
  from seq_1_to_$1;
create table eight as select * from sales where id <= 8;
alter table eight add primary key (id);
analyze table sales;
SQL
}

measure_text() {
    timed one_connection client "select * from sales"
    timed four_connections read_in_four "$rows"
    timed ours_text our_import sales
    [[ -d $scratch/parts ]] || hadoop_shell -get /bench/ours_text "$scratch/parts"
    hadoop_shell -rm -r -f -skipTrash /bench/put
    timed put hadoop_shell -put "$scratch/parts" /bench/put
    timed sqoop_text sqoop_import sales
}

measure_parquet() {
    timed ours_parquet our_import sales --as-parquetfile --compression-codec zstd
    timed sqoop_parquet sqoop_import sales --as-parquetfile
}

# timed NAME FUNCTION ARGUMENT...: appends seconds, user's and system's processor seconds, and KiB of
# the biggest process to times/NAME.
timed() {
    local name=$1 log=$scratch/log/$1
    shift
    BENCH_NAME=$name /usr/bin/time -a -o "$scratch/times/$name" -f '%e %U %S %M' \
        bash -euo pipefail -c '"$@"' bash "$@" &>"$log" || fail "$name failed: $(tail -3 "$log")"
}

# What `timed` runs: in a shell of its own, whose children it counts.

client() {
    mariadb --defaults-file="$scratch/client.cnf" --quick --batch --raw --skip-column-names test_bench -e "$1" >/dev/null
}

read_in_four() {
    local quarter readers=()
    for quarter in 0 1 2 3; do
        client "select * from sales where id > $(($1 * quarter / 4)) and id <= $(($1 * (quarter + 1) / 4))" &
        readers+=($!)
    done
    for quarter in "${readers[@]}"; do wait "$quarter"; done
}

our_import() {
    target/release/comptoir-batch import --connect "$BENCH_URL" --username "$COMPTOIR_ERP_USERNAME" \
        --password-file "$COMPTOIR_ERP_PASSWORD_FILE" --table "$1" --target-dir "/bench/$BENCH_NAME" \
        --delete-target-dir -m 4 "${@:2}"
}

# Its map tasks run in its own process, all four at once.
sqoop_import() {
    cd "$scratch/sqoop"
    java -Djava.io.tmpdir="$scratch/sqoop" -cp "$HADOOP_CONF_DIR:$scratch/services/lib/sqoop/*" org.apache.sqoop.Sqoop \
        import -Dmapreduce.framework.name=local -Dmapreduce.jobtracker.address=local \
        -Dmapreduce.local.map.tasks.maximum=4 -Dhadoop.tmp.dir="$scratch/sqoop" \
        --connect "jdbc:$BENCH_URL" --username "$COMPTOIR_ERP_USERNAME" --password-file "file://$scratch/password" \
        --table "$1" --target-dir "/bench/$BENCH_NAME" --delete-target-dir -m 4 \
        --outdir "$scratch/sqoop" --bindir "$scratch/sqoop/classes" "${@:2}"
}

hadoop_shell() {
    java -cp "$HADOOP_CONF_DIR:$scratch/services/lib/hadoop/*" org.apache.hadoop.fs.FsShell "$@"
}

# print_times ROWS BYTES: medians, of memory the most; then what the bars are about.
print_times() {
    local name
    for name in one_connection four_connections put ours_text sqoop_text ours_parquet sqoop_parquet ours_small sqoop_small; do
        printf '%s %s %s\n' "$name" "$(medians "$scratch/times/$name")" \
            "$([[ $name == *_small ]] && echo 8 0 || echo "$1 $2")"
    done | awk -f compose/lib/bench_batch.awk
}

# Of seconds and of processor seconds; the most of KiB.
medians() {
    local count
    count=$(wc -l <"$1")
    echo "$(cut -d' ' -f1 "$1" | sort -n | sed -n "$((count / 2 + 1))p")" \
        "$(awk '{ print $2 + $3 }' "$1" | sort -n | sed -n "$((count / 2 + 1))p")" \
        "$(cut -d' ' -f4 "$1" | sort -n | tail -1)"
}
