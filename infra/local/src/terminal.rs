//! What `cargo dev` shows a person: one line a request, and in words what a function said of its failure.
//!
//! A path may hold a credential that its sender put in the wrong place, so long segments are not shown, and no query is.

mod words;

use std::{
    collections::HashMap,
    fmt,
    io::{IsTerminal as _, Write as _, stderr},
    sync::Mutex,
};

use serde_json::Value;

pub(crate) use self::words::Words;
use crate::tasks::lock;

/// The width of a path, so that what follows stands in columns.
const PATH_WIDTH: usize = 66;

/// The longest segment of a path that is shown. An id has at most 26 characters, a secret 43 and more.
const MAX_SEGMENT: usize = 40;

/// The most requests whose lines are held. Those of clients that went away are never ended.
const MAX_OPEN: usize = 1_000;

/// A request that was answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answered {
    pub(crate) request_id: String,
    /// The gateway's time, as `12:00:31`.
    pub(crate) time: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) milliseconds: String,
    /// The authorizer's context; null if there is none.
    pub(crate) caller: Value,
    /// Why a function did not answer, in the gateway's words; empty if each did.
    pub(crate) failure: String,
}

/// The terminal of a person who watches.
pub(crate) struct Terminal {
    colored: bool,
    /// Whether only failures are shown.
    quiet: bool,
    /// What the functions said of requests that are not answered yet.
    open: Mutex<HashMap<String, Vec<Words>>>,
    write: Box<dyn Fn(&str) + Send + Sync>,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Terminal").field("colored", &self.colored).finish_non_exhaustive()
    }
}

impl Terminal {
    /// Writes to standard error, in colours if that is a terminal and `NO_COLOR` is not set.
    #[expect(clippy::disallowed_methods, reason = "NO_COLOR is no setting of a function")]
    pub(crate) fn of_standard_error(quiet: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        // A terminal that is gone has no other place for its failure.
        let write = |text: &str| drop(stderr().lock().write_all(text.as_bytes()));
        Self { quiet, ..Self::new(stderr().is_terminal() && !plain, write) }
    }

    pub(crate) fn new(colored: bool, write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { colored, quiet: false, open: Mutex::default(), write: Box::new(write) }
    }

    /// Holds what functions say of a request until it is answered.
    pub(crate) fn begin(&self, request_id: &str) {
        let mut open = lock(&self.open);
        if open.len() >= MAX_OPEN {
            open.clear();
        }
        open.insert(request_id.to_owned(), Vec::new());
    }

    /// Shows a request with its answer, and what functions said of it.
    pub(crate) fn end(&self, answered: &Answered) {
        let said = lock(&self.open).remove(&answered.request_id).unwrap_or_default();
        let failed = !answered.failure.is_empty() || said.iter().any(|words| words.is_failure);
        if self.quiet && !failed {
            return;
        }
        let mut text = self.line(answered, &said);
        let mut failures = said.iter().flat_map(|words| &words.paragraph).peekable();
        if failures.peek().is_none() && !answered.failure.is_empty() {
            text.push_str(&self.paragraph(&Words::of_gateway(&answered.failure)));
        }
        for words in &said {
            text.push_str(&self.paragraph(words));
        }
        (self.write)(&text);
    }

    /// Shows what a function wrote, or holds it for its request.
    pub(crate) fn function_line(&self, function: &str, bytes: &[u8]) {
        let words = Words::of_line(function, &String::from_utf8_lossy(bytes));
        if let Some(held) = lock(&self.open).get_mut(&words.request_id) {
            held.push(words);
            return;
        }
        let text = self.paragraph(&words);
        if !text.is_empty() && (words.is_failure || !self.quiet) {
            (self.write)(&text);
        }
    }

    /// Shows a remark of the stack on a function.
    pub(crate) fn note(&self, function: &str, note: &str) {
        (self.write)(&self.paragraph(&Words::of_stack(function, note)));
    }

    fn line(&self, answered: &Answered, said: &[Words]) -> String {
        let Answered { time, method, path, status, milliseconds, caller, .. } = answered;
        let path = shown_path(path);
        let color = match status {
            ..300 => "32",
            300..400 => "36",
            400..500 => "33",
            _ => "31",
        };
        let status = self.painted(color, &status.to_string());
        let time = self.painted("2", time);
        let short: Vec<_> =
            said.iter().map(|words| words.short.as_str()).filter(|word| !word.is_empty()).collect();
        let short = if short.is_empty() {
            String::new()
        } else {
            self.painted(color, &format!("  {}", short.join(", ")))
        };
        let who = words::caller(caller);
        format!("{time}  {method:<6} {path:<PATH_WIDTH$} {status} {milliseconds:>6} ms  {who}{short}\n")
    }

    /// Indents what was said below the line that it is about.
    fn paragraph(&self, words: &Words) -> String {
        let mut lines = words.paragraph.iter();
        let Some(first) = lines.next() else { return String::new() };
        let color = if words.is_failure { "31" } else { "33" };
        let first = format!("          {}\n", self.painted(color, first));
        let rest = lines.map(|line| format!("            {line}\n"));
        [first].into_iter().chain(rest).collect()
    }

    fn painted(&self, color: &str, text: &str) -> String {
        if self.colored { format!("\u{1b}[{color}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Leaves out segments that may be credentials.
fn shown_path(path: &str) -> String {
    let shown =
        |segment: &str| if segment.len() > MAX_SEGMENT { "…".to_owned() } else { words::plain(segment) };
    path.split('/').map(shown).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests;
