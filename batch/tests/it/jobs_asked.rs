//! `serve`: jobs that somebody asks for on the page.

use crate::world::{Kind, World, on_every_database};
use comptoir_config::clock;
use comptoir_model::ids::JobName;
use comptoir_warehouse::{CommandOutcome, CommandState, JobCommand, JobOutcome};
use std::collections::BTreeSet;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

on_every_database! {
    a_job_that_was_asked_for_is_run_once_by_two_executors
}

const PATIENCE: Duration = Duration::from_mins(1);

/// A running `comptoir-batch serve`, killed when it is dropped.
struct Executor(Child);

impl Executor {
    fn start(world: &World) -> Self {
        Self(world.program(&["serve"]).spawn().unwrap())
    }

    fn terminate(mut self) -> ExitStatus {
        let pid = self.0.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(killed.unwrap().success());
        self.0.wait().unwrap()
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn job(name: &str) -> JobName {
    JobName::parse(name).unwrap()
}

/// Asks until there is an answer.
async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let answer = tokio::time::timeout(PATIENCE, asking).await;
    answer.unwrap_or_else(|_| panic!("in vain: {what}"))
}

/// So many executors say that they run this job.
async fn offered(world: &World, name: &str, executors: usize) {
    let warehouse = world.warehouse();
    eventually("offers", async || {
        let offers = warehouse.job_offers().await.ok()?;
        let of_job = offers.into_iter().filter(|offer| offer.job == job(name));
        let found: BTreeSet<_> = of_job.map(|offer| offer.executor).collect();
        (found.len() >= executors).then_some(())
    })
    .await;
}

async fn ask(world: &World, name: &str) -> JobCommand {
    let (warehouse, job) = (world.warehouse(), job(name));
    let asked = warehouse.ask_for_job(&job, "user:ada", clock::now());
    asked.await.unwrap()
}

async fn newest(world: &World, name: &str) -> JobCommand {
    let commands = world.warehouse().newest_job_commands().await.unwrap();
    let of_job = commands
        .into_iter()
        .find(|command| command.job == job(name));
    of_job.unwrap()
}

/// What came of the newest command.
async fn answer(world: &World, name: &str) -> (CommandOutcome, String) {
    eventually("an answer", async || {
        match newest(world, name).await.state {
            CommandState::Ended { outcome, said, .. } => Some((outcome, said)),
            _ => None,
        }
    })
    .await
}

async fn outcomes(world: &World, name: &str) -> Vec<JobOutcome> {
    let runs = world.warehouse().job_runs(Some(&job(name)), 10).await;
    runs.unwrap().iter().map(|run| run.outcome).collect()
}

async fn a_job_that_was_asked_for_is_run_once_by_two_executors(world: &World) {
    world.numbered_table(10).await;
    world.write_jobs(&format!(
        "[jobs.sales]\nafter = [\"customers\"]\ntable = \"t\"\ntarget-dir = \"{0}\"\n\
         delete-target-dir = true\nnum-mappers = 1\n\
         [jobs.customers]\ntable = \"t\"\ntarget-dir = \"{1}/customers\"\nnum-mappers = 1\n\
         delete-target-dir = true\n\
         [jobs.broken]\ntable = \"missing\"\nnum-mappers = 1\nretries = 0\ntarget-dir = \"{0}\"\n",
        world.target, world.root
    ));
    let executors = [Executor::start(world), Executor::start(world)];
    offered(world, "sales", executors.len()).await;
    let warehouse = world.warehouse();
    for name in ["sales", "broken"] {
        assert_eq!(ask(world, name).await.state, CommandState::Pending);
    }
    let (outcome, said) = answer(world, "sales").await;
    assert_eq!(outcome, CommandOutcome::Done, "{said}");
    assert!(said.starts_with("imported 10 rows, "), "{said}");
    let (outcome, said) = answer(world, "broken").await;
    assert_eq!(outcome, CommandOutcome::Failed, "{said}");
    let runs = warehouse.job_runs(Some(&job("broken")), 10).await.unwrap();
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!(runs[0].error.as_ref(), Some(&said));
    // What it needs came before, and everything once.
    for name in ["customers", "sales"] {
        assert_eq!(outcomes(world, name).await, [JobOutcome::Done], "{name}");
    }
    assert_eq!(newest(world, "sales").await.claims, 1);
}

/// One that ends in order gives the command back, that of one that was killed runs out.
#[tokio::test(flavor = "multi_thread")]
async fn another_executor_takes_the_command_of_one_that_ended() {
    World::with(Kind::MariaDb, async |world: &World| {
        let blocked = world.block().await;
        let first = Executor::start(world);
        offered(world, "blocked", 1).await;
        let asked = ask(world, "blocked").await;
        world.wait_for(JobOutcome::Running).await;
        assert!(first.terminate().success());
        let given_back = newest(world, "blocked").await;
        assert_eq!(
            (given_back.id, given_back.claims, given_back.state),
            (asked.id, 1, CommandState::Pending)
        );

        let second = Executor::start(world);
        eventually("a second run", async || {
            let runs = outcomes(world, "blocked").await;
            (runs == [JobOutcome::Running, JobOutcome::Crashed]).then_some(())
        })
        .await;
        drop(second);
        blocked.release().await;
        let _third = Executor::start(world);
        let (outcome, said) = answer(world, "blocked").await;
        assert_eq!(outcome, CommandOutcome::Done, "{said}");
        let crashed = JobOutcome::Crashed;
        assert_eq!(
            outcomes(world, "blocked").await,
            [JobOutcome::Done, crashed, crashed]
        );
        assert_eq!(newest(world, "blocked").await.claims, 3);
    })
    .await;
}
