//! The access log: one line for each request, in the format of the template.
//!
//! The format must be JSON once its variables have values. The values are escaped as JSON strings, so that no request can
//! end its value early. A variable without a value is `-`, as at API Gateway.

mod entry;
mod format;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use hyper::body::Body as _;

pub(crate) use self::{entry::AccessLogEntry, format::Format};
use crate::{http::Response, tasks::lock, terminal::Terminal};

/// The number of lines that are kept.
const MAX_LINES: usize = 100_000;

/// What happens to the lines.
#[derive(Debug, Clone)]
pub(crate) enum Destination {
    Kept,
    /// A person sees each request in words instead.
    Shown(Arc<Terminal>),
}

/// The log of the gateway.
#[derive(Debug)]
pub(crate) struct AccessLog {
    format: Option<Format>,
    destination: Destination,
    lines: Mutex<VecDeque<String>>,
}

impl AccessLog {
    /// Starts empty; without a format nothing is logged.
    pub(crate) fn new(format: Option<Format>, destination: Destination) -> Self {
        Self { format, destination, lines: Mutex::default() }
    }

    /// Returns every line so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        lock(&self.lines).iter().cloned().collect()
    }

    /// Takes note of a request that has come.
    pub(super) fn begin(&self, entry: &AccessLogEntry) {
        if let Destination::Shown(terminal) = &self.destination {
            terminal.begin(&entry.request_id);
        }
    }

    /// Writes the line of a request.
    pub(super) fn write(&self, mut entry: AccessLogEntry, response: &Response) {
        entry.set("status", response.status().as_str());
        entry.set("responseLength", response.body().size_hint().exact().unwrap_or_default().to_string());
        entry.set("responseLatency", entry.began.elapsed().as_millis().to_string());
        match (&self.destination, &self.format) {
            (Destination::Shown(terminal), _) => terminal.end(&entry.answered(response.status())),
            (Destination::Kept, Some(format)) => {
                let line = format.render(|variable| entry.value(variable));
                let mut lines = lock(&self.lines);
                if lines.len() == MAX_LINES {
                    lines.pop_front();
                }
                lines.push_back(line);
            }
            (Destination::Kept, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::{Request, StatusCode};
    use jiff::Timestamp;

    use super::*;
    use crate::http;

    #[test]
    fn a_person_sees_the_path_without_its_query_and_which_function_did_not_answer() {
        let shown = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&shown);
        let terminal = Arc::new(Terminal::new(false, move |text| lock(&sink).push_str(text)));
        let log = AccessLog::new(None, Destination::Shown(Arc::clone(&terminal)));
        let request = Request::get("/v1/whoami?token=secret").body(()).unwrap();
        let now: Timestamp = "2026-11-28T12:00:31Z".parse().unwrap();
        let mut entry = AccessLogEntry::new(&request.into_parts().0, ([127, 0, 0, 1], 1).into(), now);
        log.begin(&entry);
        entry.called = Some("describe-caller".to_owned());
        entry.set_integration_error(
            "The Lambda function returned the following error: Runtime.ExitError. Check your Lambda function code and try again.",
        );
        log.write(entry, &http::empty(StatusCode::INTERNAL_SERVER_ERROR));
        let shown = lock(&shown).clone();
        assert!(shown.starts_with("12:00:31  GET    /v1/whoami  "), "{shown}");
        let told = "          describe-caller did not answer: Runtime.ExitError.\n";
        assert!(shown.contains(" 500 ") && shown.ends_with(told) && !shown.contains("secret"), "{shown}");
        assert!(log.lines().is_empty());
    }
}
