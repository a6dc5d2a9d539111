//! What a load leaves in the database, on each kind of it.

use crate::load_support::{csv_file, load_file, query, request, sample_file, some_rows};
use crate::world::{World, on_every_database, some};
use comptoir_batch::load::{Changed, LoadError, LoadRequest};
use comptoir_model::erp::{self, ErpRows, TextRow};
use comptoir_model::history::{Dimension, History};
use comptoir_model::money::Currency;
use comptoir_model::sales::{SALES_COLUMNS, SalesLayout};
use comptoir_sample::{DEFAULT_SEED, SampleRow, generate};
use jiff::civil::date;

on_every_database! {
    loads_the_sample_exactly_and_only_once
    the_four_tables_give_the_same_history_as_the_flat_one
    the_sample_can_end_on_any_day
    a_table_holds_exactly_the_last_file
    lines_are_merged_by_their_key
    a_key_that_stands_twice_is_refused
    names_with_spaces_and_quotes_are_only_names
    every_type_keeps_its_values
    a_table_with_other_columns_is_refused
    a_line_that_contradicts_its_order_is_refused_and_nothing_is_loaded
    an_order_line_that_stands_twice_is_refused
    customers_that_differ_by_an_accent_are_two
}

async fn loads_the_sample_exactly_and_only_once(world: &World) {
    let sample = generate(DEFAULT_SEED);
    let request = request(sample_file(), "sales");
    let first = load_file(world, &request).await.unwrap();
    assert_eq!(first.rows, sample.len() as u64);
    assert_eq!(first.changed, Changed::Replaced { removed: 0 });
    let second = load_file(world, &request).await.unwrap();
    assert_eq!(
        second.changed,
        Changed::Replaced {
            removed: first.rows
        }
    );

    let rows = query(
        world,
        &format!(
            "SELECT id, {} FROM sales ORDER BY id",
            SALES_COLUMNS.join(",")
        ),
    )
    .await;
    assert_eq!(rows.len(), sample.len());
    for (number, (row, line)) in (1..).zip(rows.iter().zip(&sample)) {
        let mut expected: TextRow = vec![Some(format!("{number}"))];
        expected.extend(
            line.record()
                .map(|value| (!value.is_empty()).then_some(value)),
        );
        expected[6] = Some(line.order.date.to_string());
        assert_eq!(*row, expected);
    }
}

async fn the_four_tables_give_the_same_history_as_the_flat_one(world: &World) {
    let mut request = request(sample_file(), "sales");
    request.erp_tables = true;
    for _ in 0..2 {
        let report = load_file(world, &request).await.unwrap();
        let counts = report.erp.unwrap();
        assert_eq!(
            (counts.customers, counts.products, counts.orders),
            (90, 109, 300)
        );
        assert_eq!(counts.order_lines, report.rows);
    }
    let flat = flat_history(world).await;
    let split = erp_history(world).await;
    assert_eq!(flat.summary(), split.summary());
    assert_eq!(flat.period(), split.period());
    for dimension in Dimension::ALL {
        assert_eq!(flat.by(dimension), split.by(dimension), "{dimension}");
    }
    let sales = generate(DEFAULT_SEED)
        .iter()
        .map(SampleRow::sales)
        .reduce(|sum, sales| sum + sales);
    assert_eq!(Some(flat.summary().sales.amount), sales);
}

async fn flat_history(world: &World) -> History {
    let rows = query(
        world,
        &format!("SELECT {} FROM sales", SALES_COLUMNS.join(",")),
    )
    .await;
    let layout = SalesLayout::of(&SALES_COLUMNS, Currency::EUR).unwrap();
    let mut history = History::new(Currency::EUR);
    for row in rows {
        history.add(&layout.read(&row).unwrap()).unwrap();
    }
    history
}

async fn erp_history(world: &World) -> History {
    let table = async |name: &str, columns: &[&str]| {
        query(world, &format!("SELECT {} FROM {name}", columns.join(","))).await
    };
    let rows = ErpRows {
        customers: table("customers", &erp::CUSTOMERS).await,
        products: table("products", &erp::PRODUCTS).await,
        orders: table("orders", &erp::ORDERS).await,
        order_lines: table("order_lines", &erp::ORDER_LINES).await,
    };
    let mut history = History::new(Currency::EUR);
    for line in erp::assemble(&rows, Currency::EUR).unwrap() {
        history.add(&line).unwrap();
    }
    history
}

async fn the_sample_can_end_on_any_day(world: &World) {
    let mut request = request(sample_file(), "sales");
    request.erp_tables = true;
    request.shift_dates_to = Some(date(2031, 1, 1));
    let report = load_file(world, &request).await.unwrap();
    assert_eq!(report.shifted_days, Some(1678));
    let last = "SELECT DISTINCT ORDERDATE, QTR_ID, MONTH_ID, YEAR_ID FROM sales \
                WHERE ORDERDATE = (SELECT MAX(ORDERDATE) FROM orders)";
    assert_eq!(
        query(world, last).await,
        [some(&["2031-01-01", "1", "1", "2031"])]
    );
}

async fn a_table_holds_exactly_the_last_file(world: &World) {
    let long = csv_file(world, "long.csv", "name,price\na,1\nb,2\nc,3\n");
    load_file(world, &request(long, "prices")).await.unwrap();
    let short = csv_file(world, "short.csv", "price,name\n7,é\n");
    let report = load_file(world, &request(short, "prices")).await.unwrap();
    assert_eq!(report.changed, Changed::Replaced { removed: 3 });
    let rows = query(world, "SELECT id, name, price FROM prices").await;
    assert_eq!(rows, [some(&["1", "é", "7"])]);
}

async fn lines_are_merged_by_their_key(world: &World) {
    let first = csv_file(
        world,
        "first.csv",
        "shop,ticket,total\nA,1,10.00\nA,2,20.00\n",
    );
    let mut request = request(first, "tickets");
    request.key = vec!["SHOP".to_owned(), "ticket".to_owned()];
    load_file(world, &request).await.unwrap();
    request.file = csv_file(
        world,
        "second.csv",
        "shop,ticket,total\nA,2,21.50\nB,1,5.00\na,2,0.00\n",
    );
    for changed in [
        Changed::Merged {
            added: 2,
            replaced: 1,
        },
        Changed::Merged {
            added: 0,
            replaced: 3,
        },
    ] {
        assert_eq!(load_file(world, &request).await.unwrap().changed, changed);
    }
    let rows = query(
        world,
        "SELECT shop, ticket, total FROM tickets ORDER BY shop, ticket",
    )
    .await;
    assert_eq!(
        rows,
        some_rows(&[
            &["A", "1", "10.00"],
            &["A", "2", "21.50"],
            &["B", "1", "5.00"],
            &["a", "2", "0.00"],
        ])
    );
    let request = LoadRequest {
        file: csv_file(world, "keys.csv", "shop,ticket\nA,1\n"),
        table: "keys_only".to_owned(),
        ..request
    };
    for added in [1, 0] {
        let changed = load_file(world, &request).await.unwrap().changed;
        assert_eq!(
            changed,
            Changed::Merged {
                added,
                replaced: 1 - added
            }
        );
    }
}

async fn a_key_that_stands_twice_is_refused(world: &World) {
    let mut request = request(csv_file(world, "a.csv", "code,price\nx,9\n"), "prices");
    request.key = vec!["code".to_owned()];
    load_file(world, &request).await.unwrap();
    request.file = csv_file(world, "b.csv", "code,price\nx,1\n\ny,2\nx,3\n");
    let error = load_file(world, &request).await.unwrap_err().to_string();
    assert!(
        error.contains("line 5: the key code `x` stands in line 2 already"),
        "{error}"
    );
    let rows = query(world, "SELECT code, price FROM prices").await;
    assert_eq!(rows, [some(&["x", "9"])]);
}

async fn names_with_spaces_and_quotes_are_only_names(world: &World) {
    let text = "Unit Price,\"the \"\"real\"\" `name`\",select,x'; DROP TABLE y; --\n1.50,a,b,c\n";
    let file = csv_file(world, "a.csv", text);
    let table = "my `odd\" table";
    for _ in 0..2 {
        load_file(world, &request(file.clone(), table))
            .await
            .unwrap();
    }
    let rows = query(world, "SELECT * FROM `my ``odd\" table`").await;
    assert_eq!(rows, [some(&["1", "1.50", "a", "b", "c"])]);
}

async fn every_type_keeps_its_values(world: &World) {
    let text = "i,b,d,day,moment,fine,code,note\n\
                -2147483648,9223372036854775807,-12345678901234567890.123456789,2/29/2024 0:00,\
                2024-02-29 23:59:59,2024-01-01 00:00:00.000001,007,\"a\nb\"\n\
                1,2,0.1,12/31/1999 0:00,1999-12-31 00:00:00,2024-01-01,1,🙂\n\
                ,,,,,,,\n";
    let file = csv_file(world, "a.csv", text);
    let report = load_file(world, &request(file, "typed")).await.unwrap();
    let types: Vec<_> = (report.columns.iter())
        .map(|c| c.column_type.to_string())
        .collect();
    assert_eq!(
        types,
        [
            "INT",
            "INT",
            "BIGINT",
            "DECIMAL(38,9)",
            "DATE",
            "DATETIME",
            "DATETIME(6)",
            "VARCHAR(64)",
            "VARCHAR(64)"
        ]
    );
    let rows = query(
        world,
        "SELECT i, b, d, day, moment, fine, code, note FROM typed ORDER BY id",
    )
    .await;
    assert_eq!(
        rows[0],
        some(&[
            "-2147483648",
            "9223372036854775807",
            "-12345678901234567890.123456789",
            "2024-02-29",
            "2024-02-29 23:59:59",
            "2024-01-01 00:00:00.000001",
            "007",
            "a\nb",
        ])
    );
    assert_eq!(rows[1][2].as_deref(), Some("0.100000000"));
    assert_eq!(rows[1][7].as_deref(), Some("🙂"));
    assert_eq!(rows[2], vec![None; 8]);
}

async fn a_table_with_other_columns_is_refused(world: &World) {
    world
        .sql("CREATE TABLE prices (id INT NOT NULL PRIMARY KEY, cost INT)")
        .await;
    world.sql("INSERT INTO prices VALUES (1, 5)").await;
    let file = csv_file(world, "a.csv", "price\n1\n");
    let error = load_file(world, &request(file, "prices"))
        .await
        .unwrap_err()
        .to_string();
    for part in [
        "no column price",
        "only the table has a column cost",
        "hint: drop the table",
    ] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(
        query(world, "SELECT cost FROM prices").await,
        [some(&["5"])]
    );
}

async fn a_line_that_contradicts_its_order_is_refused_and_nothing_is_loaded(world: &World) {
    let mut request = request(sample_file(), "sales");
    request.erp_tables = true;
    load_file(world, &request).await.unwrap();
    let original = std::fs::read_to_string(sample_file()).unwrap();
    // The third line of the first order.
    let changed = original
        .lines()
        .enumerate()
        .map(|(index, line)| match index {
            3 => line.replace("Shipped", "Resolved") + "\n",
            _ => line.to_owned() + "\n",
        });
    request.file = csv_file(world, "changed.csv", changed.collect::<String>());
    let LoadError::Inconsistent(found) = load_file(world, &request).await.unwrap_err() else {
        panic!("another error than a contradiction")
    };
    assert_eq!((found.line, found.first_line), (4, 2));
    assert_eq!(
        (found.of.as_str(), found.column.as_str()),
        ("order `20101`", "STATUS")
    );
    assert_eq!(
        (found.value.as_str(), found.first_value.as_str()),
        ("`Resolved`", "`Shipped`")
    );
    let resolved = "SELECT COUNT(*) FROM sales WHERE ORDERNUMBER = 20101 AND STATUS = 'Resolved'";
    assert_eq!(query(world, resolved).await, [some(&["0"])]);
    assert_eq!(
        query(world, "SELECT COUNT(*) FROM orders").await,
        [some(&["300"])]
    );
}

async fn an_order_line_that_stands_twice_is_refused(world: &World) {
    let original = std::fs::read_to_string(sample_file()).unwrap();
    let lines: Vec<_> = original.lines().take(4).collect();
    let text = [lines[0], lines[1], lines[2], lines[1], ""].join("\n");
    let mut request = request(csv_file(world, "twice.csv", &text), "sales");
    request.erp_tables = true;
    let error = load_file(world, &request).await.unwrap_err().to_string();
    assert!(
        error.contains("line 4") && error.contains("stands in line 2"),
        "{error}"
    );
}

async fn customers_that_differ_by_an_accent_are_two(world: &World) {
    let original = std::fs::read_to_string(sample_file()).unwrap();
    let lines: Vec<_> = original.lines().take(2).collect();
    let other = lines[1]
        .replacen("20101", "20999", 1)
        .replace("Ébène", "ebene");
    let text = [lines[0], lines[1], &other, ""].join("\n");
    let mut request = request(csv_file(world, "two.csv", &text), "sales");
    request.erp_tables = true;
    let report = load_file(world, &request).await.unwrap();
    assert_eq!(report.erp.unwrap().customers, 2);
    assert_eq!(
        erp_history(world).await.summary(),
        flat_history(world).await.summary()
    );
}
