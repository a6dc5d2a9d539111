//! Rules that refer to another table, held against real rows.

use crate::world::{World, on_every_database};
use comptoir_batch::encode::{Column, SqlType};
use comptoir_batch::quality::{Binding, Facts, Rules, Verdict, load_references};
use comptoir_config::clock;
use comptoir_model::quality::RuleResult;

fn rules(values_max: usize) -> Rules {
    let text = format!(
        "values_max = {values_max}\n[[rule]]\ntable = \"orders\"\ncheck = \"reference\"\n\
         column = \"customer\"\nreferences = \"customers.id\"\naction = \"quarantine\"\n"
    );
    Rules::parse("quality.toml", &text).unwrap()
}

/// The verdicts over some customers, and what came of the rule.
async fn checked(
    world: &World,
    values_max: usize,
    customers: &[Option<&str>],
) -> (Vec<Verdict>, RuleResult) {
    let mut database = world.writer().await;
    let rules = rules(values_max);
    let references = load_references(&mut database, &rules).await.unwrap();
    database.close().await;
    let column = Column {
        name: "customer".to_owned(),
        declared: "varchar(20)".to_owned(),
        sql_type: SqlType::Text,
    };
    let binding = Binding::new(rules, &[column], &references).unwrap();
    let mut checks = binding.checks();
    let verdicts = (customers.iter())
        .map(|customer| {
            checks.value(0, customer.map(str::as_bytes));
            checks.end_row(|| None)
        })
        .collect();
    let facts = Facts {
        rows: 1,
        rows_before: None,
        now: clock::now(),
    };
    let mut outcomes = binding.outcomes(vec![checks], &facts);
    (verdicts, outcomes.remove(0).result)
}

async fn a_row_that_refers_to_nothing_is_set_aside(world: &World) {
    world
        .sql("CREATE TABLE customers (id VARCHAR(20)); INSERT INTO customers VALUES ('a'), ('b'), ('b'), (NULL)")
        .await;
    let (verdicts, result) = checked(world, 2, &[Some("b"), Some("c"), None]).await;
    assert_eq!(verdicts, [Verdict::Keep, Verdict::SetAside, Verdict::Keep]);
    let examples = vec!["c".to_owned()];
    assert_eq!(
        result,
        RuleResult::BrokenRows {
            rows: 1,
            examples,
            unchecked: 0
        }
    );
    let (verdicts, result) = checked(world, 1, &[Some("b")]).await;
    assert_eq!(verdicts, [Verdict::Keep]);
    assert!(matches!(result, RuleResult::Undecided { .. }), "{result:?}");
}

on_every_database! {
    a_row_that_refers_to_nothing_is_set_aside
}
