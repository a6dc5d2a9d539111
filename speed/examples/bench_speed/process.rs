//! Programs that are measured from outside.

use super::Result;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const LINE_MAX: Duration = Duration::from_mins(20);
const CALL_MAX: Duration = Duration::from_secs(10);

/// How often the memory of a program is looked at that ends by itself.
const SAMPLE: Duration = Duration::from_millis(20);

/// What a run took.
#[derive(Default)]
pub(crate) struct Finished {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    pub(crate) rss_mib: u64,
    /// Of the warehouse.
    pub(crate) rows: Option<u64>,
}

/// What a simulation took and sent.
pub(crate) struct Made {
    pub(crate) wall: Duration,
    pub(crate) bytes: u64,
}

/// A program under way; it is killed when dropped.
pub(crate) struct Run {
    child: Child,
    begin: Instant,
    lines: Receiver<String>,
}

impl Run {
    pub(crate) fn start(
        program: &Path,
        arguments: &[&str],
        settings: &[(String, String)],
    ) -> Result<Self> {
        let begin = now();
        let mut child = command(program, arguments, settings)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let (sender, lines) = channel();
        let outputs: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|out| Box::new(out) as _),
            child.stderr.take().map(|out| Box::new(out) as _),
        ];
        for output in outputs.into_iter().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output)
                    .lines()
                    .map_while(std::io::Result::ok)
                {
                    if line.contains("WARN") || line.contains("ERROR") || line.contains("error") {
                        writeln!(std::io::stderr(), "{line}").ok();
                    }
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        Ok(Self {
            child,
            begin,
            lines,
        })
    }

    /// The first line that holds `text`.
    pub(crate) fn await_line(&mut self, text: &str) -> Result<String> {
        loop {
            let line = self.lines.recv_timeout(LINE_MAX);
            let line = line.map_err(|_| format!("it ended without saying `{text}`"))?;
            if line.contains(text) {
                return Ok(line);
            }
        }
    }

    /// From the line `… metrics on http://ADDRESS/metrics`, or `listening on http://ADDRESS, …`.
    pub(crate) fn metrics_address(&mut self) -> Result<String> {
        let line = self.await_line("http://127.0.0.1:")?;
        let (_, address) = line.rsplit_once("on http://").ok_or("no address")?;
        let end = address.find(|c: char| !c.is_ascii_digit() && !".:".contains(c));
        Ok(address[..end.unwrap_or(address.len())].to_owned())
    }

    /// Measures, then ends it.
    pub(crate) fn finish(self) -> Result<Finished> {
        let wall = self.begin.elapsed();
        let (_, cpu) = self.used()?;
        Ok(Finished {
            wall,
            cpu,
            rss_mib: self.peak_mib()?.ok_or("no VmHWM")?,
            rows: None,
        })
    }

    /// Measures until it ends by itself, which has to be well.
    pub(crate) fn ended(mut self) -> Result<Finished> {
        let mut rss_mib = 0;
        loop {
            let (state, cpu) = self.used()?;
            if state == 'Z' {
                let wall = self.begin.elapsed();
                if !self.child.wait()?.success() {
                    return Err("a program failed".into());
                }
                return Ok(Finished {
                    wall,
                    cpu,
                    rss_mib,
                    rows: None,
                });
            }
            rss_mib = self.peak_mib()?.unwrap_or(rss_mib);
            std::thread::sleep(SAMPLE);
        }
    }

    /// Its state in the kernel's letters, and its processor time.
    fn used(&self) -> Result<(char, Duration)> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Behind the name, which may hold anything but stands in brackets.
        let (_, fields) = stat.rsplit_once(") ").ok_or("no stat")?;
        let ticks: u64 = (fields.split(' ').skip(11).take(2))
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        let state = fields.chars().next().ok_or("no state")?;
        Ok((state, Duration::from_millis(ticks * 10)))
    }

    /// `None` of one that has ended.
    fn peak_mib(&self) -> Result<Option<u64>> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.trim().split(' ').next()?.parse::<u64>().ok());
        Ok(kib.map(|kib| kib / 1024))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Runs a simulation to its end; its last word is `N records, M bytes`.
pub(crate) fn run_program(
    program: &Path,
    arguments: &[&str],
    settings: &[(String, String)],
) -> Result<Made> {
    let begin = now();
    let output = command(program, arguments, settings).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let bytes = said.trim().strip_suffix(" bytes").and_then(|said| {
        let (_, bytes) = said.rsplit_once(' ')?;
        bytes.parse().ok()
    });
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(Made {
        wall: begin.elapsed(),
        bytes: bytes.ok_or("the simulator said nothing")?,
    })
}

fn command(program: &Path, arguments: &[&str], settings: &[(String, String)]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    command
}

/// Asks until there is an answer; a call that fails is asked again.
pub(crate) fn poll<T>(limit: Duration, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = now() + limit;
    loop {
        let asked = ask();
        if let Ok(Some(answer)) = asked {
            return Ok(answer);
        }
        if now() > deadline {
            return Err(format!("nothing after {} s: {:?}", limit.as_secs(), asked.err()).into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The body of an HTTP answer.
pub(crate) fn get(address: &str, path: &str) -> Result<String> {
    let mut stream = connect(address, path)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    Ok(body.to_owned())
}

pub(crate) fn connect(address: &str, path: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(CALL_MAX))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    Ok(stream)
}

/// Of a counter, over its labels.
pub(crate) fn sum_of(metrics: &str, name: &str) -> u64 {
    let of_line = |line: &str| {
        let rest = line.strip_prefix(name)?;
        rest.starts_with([' ', '{'])
            .then(|| rest.rsplit(' ').next()?.parse::<u64>().ok())?
    };
    metrics.lines().filter_map(of_line).sum()
}

pub(crate) fn now() -> Instant {
    comptoir_config::clock::instant()
}
