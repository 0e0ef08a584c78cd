//! Child processes that work, and what they say: this test binary, told to run one test.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};

use sqlx::ConnectOptions as _;
use uuid::Uuid;

use mcmp_test_servers::postgres::Database;

const PLACE: &str = "MCMP_DRAIN_PLACE";
const PROCESS: &str = "MCMP_DRAIN_PROCESS";

/// Where the store is and which process this is, if it is a child; then it ends with its parent.
pub(super) fn is_one() -> Option<(String, u32)> {
    let url = std::env::var(PLACE).ok()?;
    let process = std::env::var(PROCESS).unwrap().parse().unwrap();
    std::thread::spawn(|| {
        // Nothing is ever written there, but it ends when the parent does.
        let _ended = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(1);
    });
    Some((url, process))
}

/// What a worker says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    /// It has claimed jobs, under these fences.
    Claimed(Vec<(Uuid, u64)>),
    /// It has finished so many.
    Finished(u32),
    /// It has taken back so many, whose leases had passed.
    Rescued(u32),
    /// It came too late to finish one, and was told so.
    Refused,
    /// It found nothing to do.
    Idle,
}

/// Says it to the parent.
pub(super) fn say(said: &Said) {
    let line = match said {
        Said::Claimed(jobs) => {
            let jobs: Vec<_> = jobs.iter().map(|(job, fence)| format!("{job}:{fence}")).collect();
            format!("claimed {}", jobs.join(" "))
        }
        Said::Finished(count) => format!("finished {count}"),
        Said::Rescued(count) => format!("rescued {count}"),
        Said::Refused => "refused".to_owned(),
        Said::Idle => "idle".to_owned(),
    };
    // One write: lines of several threads stay whole, and no kill cuts one that fits into a pipe.
    let line = format!("\nmcmp {line}\n");
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).unwrap();
    out.flush().unwrap();
}

/// What a line says; nothing if it is the test harness's.
fn parse(line: &str) -> Option<Said> {
    let mut words = line.split(' ');
    if words.next()? != "mcmp" {
        return None;
    }
    let what = words.next()?;
    let mut count = || words.next()?.parse().ok();
    Some(match what {
        "finished" => Said::Finished(count()?),
        "rescued" => Said::Rescued(count()?),
        "refused" => Said::Refused,
        "idle" => Said::Idle,
        "claimed" => Said::Claimed(words.map(claimed).collect::<Option<_>>()?),
        _ => return None,
    })
}

fn claimed(word: &str) -> Option<(Uuid, u64)> {
    let (job, fence) = word.split_once(':')?;
    Some((job.parse().ok()?, fence.parse().ok()?))
}

/// The processes that are at work; they are killed with this value.
#[derive(Debug)]
pub(super) struct Processes {
    test: &'static str,
    url: String,
    running: BTreeMap<u32, Child>,
    started: u32,
    ended: u32,
    /// `None` is the end of a process.
    heard: Receiver<(u32, Option<Said>)>,
    ear: Sender<(u32, Option<Said>)>,
}

impl Processes {
    /// None yet. They run `test`, on stores in `database`.
    pub(super) fn new(test: &'static str, database: &Database) -> Self {
        let url = database.options().to_url_lossy().to_string();
        let (ear, heard) = mpsc::channel();
        Self { test, url, running: BTreeMap::new(), started: 0, ended: 0, heard, ear }
    }

    pub(super) fn start(&mut self, count: u32) {
        for _ in 0..count {
            self.started += 1;
            let process = self.started;
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args([self.test, "--exact", "--nocapture", "--test-threads=1"])
                .env(PLACE, &self.url)
                .env(PROCESS, process.to_string())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let (out, ear) = (child.stdout.take().unwrap(), self.ear.clone());
            self.running.insert(process, child);
            std::thread::spawn(move || {
                for line in BufReader::new(out).lines() {
                    if let Some(said) = parse(&line.unwrap()) {
                        let _gone = ear.send((process, Some(said)));
                    }
                }
                let _gone = ear.send((process, None));
            });
        }
    }

    /// What is said next, and by whom; nothing at the end of a process.
    fn next(&mut self) -> (u32, Option<Said>) {
        let (process, said) = self.heard.recv().unwrap();
        if said.is_none() {
            assert!(!self.running.contains_key(&process), "process {process} ended by itself");
            self.ended += 1;
        }
        (process, said)
    }

    /// What is said next, and by whom.
    pub(super) fn listen(&mut self) -> (u32, Said) {
        loop {
            if let (process, Some(said)) = self.next() {
                return (process, said);
            }
        }
    }

    /// Kills a process, or another one if it has ended, and starts one in its place.
    pub(super) fn replace(&mut self, process: u32) {
        let first = *self.running.keys().next().unwrap();
        let process = if self.running.contains_key(&process) { process } else { first };
        kill(self.running.remove(&process).unwrap());
        self.start(1);
    }

    /// Kills all, and gives what they have said until then.
    pub(super) fn end(&mut self) -> Vec<Said> {
        std::mem::take(&mut self.running).into_values().for_each(kill);
        let mut rest = Vec::new();
        while self.ended < self.started {
            rest.extend(self.next().1);
        }
        rest
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        std::mem::take(&mut self.running).into_values().for_each(kill);
    }
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
