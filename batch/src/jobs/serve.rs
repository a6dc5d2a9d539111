//! `comptoir-batch serve`: runs jobs when somebody asks for them on the page.
//!
//! One job at a time, on a thread of its own. Once a second the warehouse hears that this process
//! lives, and the claim to the command that it runs is renewed: that of a process that died runs
//! out. A warehouse that is away is waited for.

use super::asked::{self, Answer, Offer};
use super::next::{Task, next};
use super::ready::{self, CommandError};
use comptoir_config::{Settings, Sources, clock, host_name};
use comptoir_model::ids::JobName;
use comptoir_warehouse::{
    Claim, CommandOutcome, EXECUTOR, ProcessPhase, ProcessState, Warehouse, WarehouseError,
};
use jiff::SignedDuration;
use std::pin::pin;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{error, info, warn};

const EVERY: Duration = Duration::from_secs(1);
/// From the last beat on, which is many of them.
const CLAIM: SignedDuration = SignedDuration::from_secs(10);
/// The files of jobs and views are read again every so many beats.
const OFFER_EVERY: u32 = 10;
/// For a job that is to end, and then for the last words.
const STOP_MAX: Duration = Duration::from_secs(2);

/// Runs until `stop`. A job that runs then ends as by Ctrl-C, and the next executor runs it anew.
pub async fn serve(
    settings: &Settings,
    sources: &Sources,
    stop: impl Future<Output = ()>,
) -> Result<(), CommandError> {
    let mut executor = Executor::new(settings, sources)?;
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            answer = ended(&mut executor.running) => executor.has_ended(answer),
            _ = ticks.tick() => {
                tokio::select! {
                    () = &mut stop => break,
                    () = executor.beat() => {}
                }
            }
        }
    }
    executor.stop().await;
    Ok(())
}

struct Executor {
    warehouse: Warehouse,
    settings: Settings,
    sources: Sources,
    state: ProcessState,
    offer: Offer,
    beats: u32,
    is_migrated: bool,
    /// Whether that was said.
    is_away: bool,
    running: Option<Running>,
    /// What came of a job, until the warehouse has it.
    ended: Option<(Claim, Answer)>,
}

struct Running {
    claim: Claim,
    /// `None` where it was told to end.
    task: JoinHandle<Option<Answer>>,
    /// Dropped, it tells the job to end.
    goes_on: oneshot::Sender<()>,
}

impl Executor {
    fn new(settings: &Settings, sources: &Sources) -> Result<Self, CommandError> {
        let (host, pid, now) = (host_name(), std::process::id(), clock::now());
        Ok(Self {
            warehouse: ready::warehouse(settings)?,
            settings: settings.clone(),
            sources: sources.clone(),
            state: ProcessState {
                name: EXECUTOR.to_owned(),
                instance: format!("{host}/{pid}"),
                host,
                pid,
                listen: None,
                started_at: now,
                seen_at: now,
                phase: ProcessPhase::Running,
                detail: String::new(),
            },
            offer: Offer::default(),
            beats: 0,
            is_migrated: false,
            is_away: false,
            running: None,
            ended: None,
        })
    }

    async fn beat(&mut self) {
        match (self.try_to_beat().await, self.is_away) {
            (Ok(()), true) => {
                info!("the warehouse answers again");
                self.is_away = false;
            }
            (Err(error), false) => {
                warn!("waiting for the warehouse: {error}");
                self.is_away = true;
            }
            (Ok(()), false) | (Err(_), true) => {}
        }
    }

    /// May be dropped anywhere: a claim that nobody knows of runs out.
    async fn try_to_beat(&mut self) -> Result<(), WarehouseError> {
        if !self.is_migrated {
            self.warehouse.migrate().await?;
            self.is_migrated = true;
        }
        let reads_offer = self.beats.is_multiple_of(OFFER_EVERY);
        if reads_offer {
            self.read_offer();
        }
        self.say().await?;
        if reads_offer {
            let (executor, jobs) = (&self.state.instance, &self.offer.jobs);
            self.warehouse.offer_jobs(executor, jobs).await?;
        }
        self.beats = self.beats.wrapping_add(1);
        self.tell().await?;
        let Some(running) = &self.running else {
            return self.begin().await;
        };
        let until = clock::now() + CLAIM;
        let claim = &running.claim;
        if !self.warehouse.renew_job_claim(claim, until).await? {
            let job = &claim.job;
            warn!("{job}: another executor has taken the command; the job's lock says who goes on");
        }
        Ok(())
    }

    fn read_offer(&mut self) {
        let offer = Offer::of(&self.settings);
        if let Some(trouble) = &offer.trouble
            && offer.trouble != self.offer.trouble
        {
            error!("not all jobs can be asked for: {trouble}");
        }
        (self.state.phase, self.state.detail) = match &offer.trouble {
            None => (ProcessPhase::Running, String::new()),
            Some(trouble) => (ProcessPhase::Waiting, trouble.clone()),
        };
        self.offer = offer;
    }

    async fn say(&mut self) -> Result<(), WarehouseError> {
        self.state.seen_at = clock::now();
        self.warehouse.beat(&self.state).await
    }

    /// Tells what came of the last job, if the warehouse does not know.
    async fn tell(&mut self) -> Result<(), WarehouseError> {
        if let Some((claim, answer)) = &self.ended {
            let Answer { outcome, said } = answer;
            let ending = (self.warehouse).end_job_command(claim, *outcome, said, clock::now());
            if !ending.await? {
                info!("{}: what came of it is told already", claim.job);
            }
            self.ended = None;
        }
        Ok(())
    }

    /// Begins the next job, if there is one.
    async fn begin(&mut self) -> Result<(), WarehouseError> {
        let open = self.warehouse.open_job_commands().await?;
        let now = clock::now();
        match next(&open, &self.offer.jobs, now) {
            None => {}
            Some(Task::End {
                command,
                outcome,
                said,
            }) => {
                let claim = command.claim();
                (self.warehouse)
                    .end_job_command(&claim, outcome, &said, now)
                    .await?;
            }
            Some(Task::Run(command)) => {
                let executor = &self.state.instance;
                let claimed = self
                    .warehouse
                    .claim_job_command(command, executor, now + CLAIM);
                if let Some(claim) = claimed.await? {
                    info!("{}: runs, asked for by {}", command.job, command.asked_by);
                    let (settings, sources) = (self.settings.clone(), self.sources.clone());
                    self.running = Some(Running::start(claim, settings, sources));
                }
            }
        }
        Ok(())
    }

    fn has_ended(&mut self, answer: Option<Answer>) {
        let Some(Running { claim, .. }) = self.running.take() else {
            return;
        };
        if let Some(answer) = &answer {
            let (job, said) = (&claim.job, &answer.said);
            match answer.outcome {
                CommandOutcome::Done => info!("{job}: {said}"),
                CommandOutcome::Failed | CommandOutcome::Refused => error!("{job}: {said}"),
            }
        }
        self.ended = answer.map(|answer| (claim, answer));
    }

    async fn stop(mut self) {
        let mut given_back = None;
        if let Some(running) = self.running.take() {
            let Running {
                claim,
                task,
                goes_on,
            } = running;
            drop(goes_on);
            match timeout(STOP_MAX, task).await {
                Ok(Ok(Some(answer))) => self.ended = Some((claim, answer)),
                _ => given_back = Some(claim),
            }
        }
        self.state.phase = ProcessPhase::Stopped;
        let last_words = async {
            if let Some(claim) = &given_back {
                self.warehouse.release_job_claim(claim).await?;
            }
            self.tell().await?;
            self.say().await
        };
        match timeout(STOP_MAX, last_words).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!("the warehouse does not know that this process ends: {error}"),
            Err(_) => warn!("the warehouse does not know that this process ends"),
        }
    }
}

impl Running {
    fn start(claim: Claim, settings: Settings, sources: Sources) -> Self {
        let (goes_on, told_to_end) = oneshot::channel();
        let (runtime, job) = (Handle::current(), claim.job.clone());
        // What it computes between two waits would hold up the heartbeat.
        let task = spawn_blocking(move || {
            runtime.block_on(async {
                tokio::select! {
                    answer = run(&job, &settings, &sources) => Some(answer),
                    _ = told_to_end => None,
                }
            })
        });
        Self {
            claim,
            task,
            goes_on,
        }
    }
}

async fn run(job: &JobName, settings: &Settings, sources: &Sources) -> Answer {
    // Boxed: it is large.
    Box::pin(asked::run(job, settings, sources)).await
}

/// Never of no job.
async fn ended(running: &mut Option<Running>) -> Option<Answer> {
    let Some(running) = running else {
        return std::future::pending().await;
    };
    let ended = (&mut running.task).await;
    ended.unwrap_or_else(|panicked| {
        Some(Answer {
            outcome: CommandOutcome::Failed,
            said: format!("{panicked}\nhint: look at the log of comptoir-batch serve"),
        })
    })
}
