//! One running instance of a function.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::RecvTimeoutError,
    time::{Duration, Instant},
};

use crate::{
    failure::Failure,
    process,
    runtime_api::{Event, RuntimeApi, Signal},
};

/// What is waited for comes within this time, or never.
const PATIENCE: Duration = Duration::from_mins(5);

/// How often a process is looked at that says nothing.
const WATCH: Duration = Duration::from_millis(500);

/// How an instance of a function is started.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) function: String,
    pub(crate) binary: PathBuf,
    pub(crate) variables: BTreeMap<String, String>,
    /// Where its lines go.
    pub(crate) log: PathBuf,
}

/// One running instance of a function.
#[derive(Debug)]
pub(crate) struct Instance {
    start: Start,
    process: RefCell<Child>,
    api: RuntimeApi,
    began: Instant,
    /// How long it took from its start until it first asked for an event.
    pub(crate) first_poll: Duration,
}

/// An answer, and how long it took.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) took: Duration,
    /// `false` for a function error.
    pub(crate) is_right: bool,
    pub(crate) body: Vec<u8>,
    at: Instant,
}

impl Instance {
    /// Starts the binary and waits until it asks for an event.
    pub(crate) fn start(start: &Start) -> Result<Self, Failure> {
        let folder = start.log.parent().unwrap_or(&start.log);
        let unwritable = |cause| Failure::File { path: start.log.clone(), cause };
        fs::create_dir_all(folder).map_err(unwritable)?;
        let log = || File::options().create(true).append(true).open(&start.log).map_err(unwritable);
        let api = RuntimeApi::listen().map_err(Failure::system("cannot listen"))?;
        let mut command = Command::new(&start.binary);
        command
            .env_clear()
            .envs(&start.variables)
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .stdin(Stdio::null())
            .stdout(log()?)
            .stderr(log()?);
        let began = Instant::now();
        let process = command.spawn().map_err(Failure::system("cannot start a function"))?;
        let (start, process) = (start.clone(), RefCell::new(process));
        let mut instance = Self { start, process, api, began, first_poll: Duration::ZERO };
        instance.first_poll = instance.polled()? - began;
        Ok(instance)
    }

    /// Hands it an event and waits for the answer, and until it asks for the next event.
    pub(crate) fn invoke(&self, event: &[u8], deadline: i64) -> Result<Answer, Failure> {
        self.api.events.send(Event { body: event.to_vec(), deadline }).ok();
        let mut sent = None;
        let answer = loop {
            match self.signal()? {
                Signal::Sent(at) => sent = Some(at),
                Signal::Answered(at, is_right, body) => {
                    let took = sent.map(|sent| at - sent).unwrap_or_default();
                    break Answer { took, is_right, body, at };
                }
                Signal::Polled(_) => {}
            }
        };
        self.polled()?;
        Ok(answer)
    }

    /// Names the function.
    pub(crate) fn function(&self) -> &str {
        &self.start.function
    }

    /// Returns the time from the start to an answer.
    pub(crate) fn since_start(&self, answer: &Answer) -> Duration {
        answer.at - self.began
    }

    /// Reads the most memory that it ever had, in MiB.
    pub(crate) fn high_water_mark(&self) -> Option<f64> {
        process::high_water_mark(self.process_id())
    }

    /// Reads for how long it has run on a processor.
    pub(crate) fn processor_time(&self) -> Option<Duration> {
        process::processor_time(self.process_id())
    }

    /// Says that it did not do what is measured.
    pub(crate) fn failed(&self, reason: impl Into<String>) -> Failure {
        let Start { function, log, .. } = self.start.clone();
        Failure::Function { function, reason: reason.into(), log }
    }

    fn polled(&self) -> Result<Instant, Failure> {
        match self.signal()? {
            Signal::Polled(at) => Ok(at),
            Signal::Answered(_, _, body) => Err(self.failed(String::from_utf8_lossy(&body))),
            Signal::Sent(_) => Err(self.failed("asked for two events at once")),
        }
    }

    fn signal(&self) -> Result<Signal, Failure> {
        let gives_up = Instant::now() + PATIENCE;
        loop {
            match self.api.signals.recv_timeout(WATCH) {
                Ok(signal) => return Ok(signal),
                Err(RecvTimeoutError::Disconnected) => return Err(self.failed("is gone")),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Ok(Some(status)) = self.process.borrow_mut().try_wait() {
                return Err(self.failed(format!("ended: {status}")));
            }
            if Instant::now() > gives_up {
                return Err(self.failed("does not answer"));
            }
        }
    }

    fn process_id(&self) -> u32 {
        self.process.borrow().id()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let process = self.process.get_mut();
        process.kill().ok();
        process.wait().ok();
    }
}
