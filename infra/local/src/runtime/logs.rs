//! The lines that the functions write.

use std::sync::{Arc, Mutex};

use crate::{tasks::lock, terminal::Terminal};

/// One line of a function's standard output or error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The function that wrote it.
    pub function: String,
    /// Its bytes, line end included.
    pub bytes: Vec<u8>,
}

/// Keeps every byte that the functions write, or shows it to a person in words.
///
/// What an instance wrote before a response is here when the response is. Other lines arrive shortly after they are
/// written, and after [`Stack::stop`](crate::Stack::stop) nothing is missing.
#[derive(Debug, Clone)]
pub struct Logs {
    destination: Destination,
}

#[derive(Debug, Clone)]
enum Destination {
    Kept(Arc<Mutex<Vec<LogLine>>>),
    Shown(Arc<Terminal>),
}

impl Logs {
    pub(crate) fn kept() -> Self {
        Self { destination: Destination::Kept(Arc::default()) }
    }

    pub(crate) fn shown(terminal: Arc<Terminal>) -> Self {
        Self { destination: Destination::Shown(terminal) }
    }

    /// Shows a note of the stack itself, if a person watches. It is not kept, because no function wrote it.
    pub(crate) fn note(&self, function: &str, note: &str) {
        if let Destination::Shown(terminal) = &self.destination {
            terminal.note(function, note);
        }
    }

    pub(super) fn add(&self, function: &str, bytes: Vec<u8>) {
        match &self.destination {
            Destination::Kept(kept) => lock(kept).push(LogLine { function: function.to_owned(), bytes }),
            Destination::Shown(terminal) => terminal.function_line(function, &bytes),
        }
    }

    /// Returns every line so far, in the order of arrival.
    #[must_use]
    pub fn lines(&self) -> Vec<LogLine> {
        match &self.destination {
            Destination::Kept(kept) => lock(kept).clone(),
            Destination::Shown(_) => Vec::new(),
        }
    }

    /// Returns a function's lines so far, as text.
    #[must_use]
    pub fn by_function(&self, function: &str) -> Vec<String> {
        let lines = self.lines().into_iter().filter(|line| line.function == function);
        lines.map(|line| String::from_utf8_lossy(&line.bytes).trim_end().to_owned()).collect()
    }

    /// Forgets every line.
    pub fn clear(&self) {
        if let Destination::Kept(kept) = &self.destination {
            lock(kept).clear();
        }
    }
}
