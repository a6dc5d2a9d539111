//! Jobs that people ask for: one open command a job, one claim at a time.

use crate::world::{World, at, on_every_database};
use comptoir_model::ids::JobName;
use comptoir_warehouse::{
    CommandOutcome, CommandState, EXECUTOR, JobCommand, JobOffer, Limits, ProcessPhase,
    ProcessState, Warehouse,
};
use jiff::SignedDuration;

on_every_database! {
    asking_twice_is_one_command_until_it_has_ended
    a_command_is_claimed_once_and_a_later_claim_fences_the_earlier_one
    offers_go_with_the_heartbeat_of_their_executor
}

fn job(name: &str) -> JobName {
    JobName::parse(name).unwrap()
}

async fn ask(warehouse: &Warehouse, name: &str, who: &str) -> JobCommand {
    let asked = warehouse.ask_for_job(&job(name), who, at(1)).await;
    asked.unwrap()
}

async fn asking_twice_is_one_command_until_it_has_ended(world: &World) {
    let (warehouse, sales) = (&world.warehouse, job("sales"));
    let other = world.another(Limits::default());
    let (first, second) = tokio::join!(
        warehouse.ask_for_job(&sales, "user:ada", at(0)),
        other.ask_for_job(&sales, "user:otto", at(0)),
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first, second);
    assert_eq!((first.claims, &first.state), (0, &CommandState::Pending));
    let customers = ask(warehouse, "customers", "anyone").await;
    let open = warehouse.open_job_commands().await.unwrap();
    assert_eq!(open, [first.clone(), customers.clone()]);

    let said = "no such job\nhint: <img onerror=x> \u{1f980}";
    let claim = first.claim();
    let ending = warehouse.end_job_command(&claim, CommandOutcome::Refused, said, at(2));
    assert!(ending.await.unwrap());
    // A call whose answer was lost is made again.
    let again = warehouse.end_job_command(&claim, CommandOutcome::Done, "", at(3));
    assert!(!again.await.unwrap());
    let third = ask(warehouse, "sales", "user:olga").await;
    assert!(third.id > first.id && third.asked_by == "user:olga");
    let newest = warehouse.newest_job_commands().await.unwrap();
    assert_eq!(newest, [customers, third.clone()]);

    // Of what ended long ago nothing stays, and the newest ones are told with how they ended.
    let (done, claim) = (CommandOutcome::Done, third.claim());
    let end = warehouse.end_job_command(&claim, done, "imported", at(5));
    assert!(end.await.unwrap());
    let newest = &warehouse.newest_job_commands().await.unwrap()[1];
    let ended = CommandState::Ended {
        at: at(5),
        outcome: done,
        said: "imported".to_owned(),
    };
    assert_eq!(newest.state, ended);
    let later = at(5) + SignedDuration::from_hours(401 * 24);
    warehouse
        .ask_for_job(&sales, "anyone", later)
        .await
        .unwrap();
    let left = "SELECT COUNT(*) FROM job_commands";
    assert_eq!(world.number(left).await, 2);
}

async fn a_command_is_claimed_once_and_a_later_claim_fences_the_earlier_one(world: &World) {
    let warehouse = &world.warehouse;
    let other = world.another(Limits::default());
    let asked = ask(warehouse, "sales", "user:ada").await;
    let (mine, theirs) = tokio::join!(
        warehouse.claim_job_command(&asked, "till-1/7", at(10)),
        other.claim_job_command(&asked, "till-2/8", at(10)),
    );
    let (mine, theirs) = (mine.unwrap(), theirs.unwrap());
    assert!(mine.is_some() != theirs.is_some(), "{mine:?} {theirs:?}");
    let by = if mine.is_some() {
        "till-1/7"
    } else {
        "till-2/8"
    };
    let dead = mine.or(theirs).unwrap();
    let open = warehouse.open_job_commands().await.unwrap();
    let [claimed] = &open[..] else {
        panic!("{open:?}")
    };
    let state = CommandState::Claimed {
        by: by.to_owned(),
        until: at(10),
    };
    assert_eq!((claimed.claims, &claimed.state), (1, &state));
    // Asking meanwhile is asking for this one.
    assert_eq!(ask(warehouse, "sales", "user:otto").await, *claimed);
    assert!(warehouse.renew_job_claim(&dead, at(11)).await.unwrap());

    let heir = other.claim_job_command(claimed, "till-3/9", at(30)).await;
    let heir = heir.unwrap().expect("the claim as it was read");
    assert!(!warehouse.renew_job_claim(&dead, at(40)).await.unwrap());
    assert!(!warehouse.release_job_claim(&dead).await.unwrap());
    let failed = CommandOutcome::Failed;
    let late = warehouse.end_job_command(&dead, failed, "late", at(12));
    assert!(!late.await.unwrap());
    assert!(other.release_job_claim(&heir).await.unwrap());
    let open = warehouse.open_job_commands().await.unwrap();
    let [free] = &open[..] else {
        panic!("{open:?}")
    };
    assert_eq!((free.claims, &free.state), (2, &CommandState::Pending));
}

async fn offers_go_with_the_heartbeat_of_their_executor(world: &World) {
    let warehouse = &world.warehouse;
    let offer = |executor: &str, name: &str| JobOffer {
        executor: executor.to_owned(),
        job: job(name),
    };
    for (instance, seen) in [("a/1", 0), ("b/2", 100)] {
        let state = ProcessState {
            name: EXECUTOR.to_owned(),
            instance: instance.to_owned(),
            host: "shop".to_owned(),
            pid: 1,
            listen: None,
            started_at: at(0),
            seen_at: at(seen),
            phase: ProcessPhase::Running,
            detail: String::new(),
        };
        warehouse.beat(&state).await.unwrap();
    }
    let both = [job("sales"), job("customers")];
    warehouse.offer_jobs("a/1", &both).await.unwrap();
    warehouse.offer_jobs("b/2", &both[..1]).await.unwrap();
    assert_eq!(
        warehouse.job_offers().await.unwrap(),
        [
            offer("a/1", "customers"),
            offer("a/1", "sales"),
            offer("b/2", "sales")
        ]
    );
    let age = SignedDuration::from_secs(50);
    warehouse.forget_processes(at(100), age).await.unwrap();
    warehouse.offer_jobs("b/2", &both[1..]).await.unwrap();
    let left = warehouse.job_offers().await.unwrap();
    assert_eq!(left, [offer("b/2", "customers")]);
    warehouse.offer_jobs("b/2", &[]).await.unwrap();
    assert_eq!(warehouse.job_offers().await.unwrap(), []);
}
