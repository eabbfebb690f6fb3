//! What clients saw: each request with its answer, and when it was sent and answered.

use std::{cell::RefCell, fmt};

use super::rules::{Answer, Request};

/// One request of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) client: usize,
    pub(super) request: Request,
    /// When it was sent: the number of the event in the history.
    pub(super) sent: usize,
    /// When it was answered, and how. `None` if nobody knows whether it was done: it may happen at any later time, or never.
    pub(super) answer: Option<(usize, Answer)>,
}

/// The requests of a window. A request's position is its name: the key or secret that it made.
#[derive(Debug, Clone, Default)]
pub(super) struct History(pub(super) Vec<Operation>);

/// Records a history while clients run.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    history: RefCell<History>,
    events: RefCell<usize>,
}

impl Recorder {
    fn tick(&self) -> usize {
        self.events.replace_with(|events| *events + 1)
    }

    /// Records that a request is sent. Returns its position.
    pub(super) fn send(&self, client: usize, request: Request) -> usize {
        let operations = &mut self.history.borrow_mut().0;
        operations.push(Operation { client, request, sent: self.tick(), answer: None });
        operations.len() - 1
    }

    /// Records an answer.
    pub(super) fn answer(&self, position: usize, answer: Answer) {
        self.history.borrow_mut().0[position].answer = Some((self.tick(), answer));
    }

    pub(super) fn into_history(self) -> History {
        self.history.into_inner()
    }
}

impl fmt::Display for History {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, Operation { client, request, sent, answer }) in self.0.iter().enumerate() {
            write!(formatter, "{position:>3}: client {client}, {request:?}, sent at {sent}")?;
            match answer {
                Some((at, answer)) => writeln!(formatter, ", at {at} {answer:?}")?,
                None => writeln!(formatter, ", no answer")?,
            }
        }
        Ok(())
    }
}
