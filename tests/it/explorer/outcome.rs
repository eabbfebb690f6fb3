//! How requests end and what they leave behind, compared with the same requests one after another.

use std::collections::{BTreeMap, BTreeSet};

use kit::World;

use super::{action::Action, describe::Describer, fixture::Fixture, play::Ended};

/// How the requests ended, and a line for each thing that is stored or was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// `absent`, `done`, `done with a secret`, `refused` or `failed`.
    answers: Vec<&'static str>,
    left: BTreeMap<LineKind, Vec<String>>,
}

/// What a line is about. Lines of one kind change together: a run of the notice function claims mail, inbox message and event
/// in a transaction of its own each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum LineKind {
    Change,
    Mail,
    Inbox,
    Event,
}

impl LineKind {
    fn of(line: &str) -> Self {
        let is_claim_of = |kind: &str| line.starts_with("NOTICE") && line.ends_with(kind);
        if line.starts_with("mail to") || line.starts_with("MAIL") || is_claim_of("MAIL") {
            Self::Mail
        } else if line.starts_with("INBOX") || is_claim_of("INBOX") {
            Self::Inbox
        } else if line.starts_with("event access_key.expir") || is_claim_of("EVENT") {
            Self::Event
        } else {
            Self::Change
        }
    }
}

/// Deviations from the serial results that are allowed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Allowed {
    /// The request whose call had a fault. It may fail, done or not.
    pub(super) may_fail: Option<usize>,
    /// Whether a mail may go out twice.
    pub(super) may_send_twice: bool,
}

impl Outcome {
    /// Describes what the requests left. `ended` has the positions of the requests; `mails` were there before.
    pub(super) fn read(
        world: &World,
        fixture: &Fixture,
        ended: &BTreeMap<usize, Ended>,
        requests: usize,
        mails: usize,
    ) -> Self {
        let items = world.items();
        let describer = Describer::new(world, fixture, ended, &items);
        let sent = world.stack.emails().into_iter().skip(mails);
        let sent = sent.map(|mail| format!("mail to {:?}: {}", mail.to, mail.subject));
        let mut left: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for line in items.iter().filter_map(|item| describer.line(item)).chain(sent) {
            left.entry(LineKind::of(&line)).or_default().push(line);
        }
        for lines in left.values_mut() {
            lines.sort();
        }
        let answers = (0..requests).map(|request| ended.get(&request).map_or("absent", answer)).collect();
        Self { answers, left }
    }

    /// Tells whether requests may end so, if they may end like these one after another.
    pub(super) fn is_one_of(&self, serial: &[&Self], actions: &[Action], allowed: Allowed) -> bool {
        let fits = |serial: &&&Self| self.answers_fit(serial, actions, allowed);
        let serial: Vec<_> = serial.iter().filter(fits).collect();
        let is_left = |kind: LineKind| {
            serial.iter().any(|serial| self.lines(kind, allowed) == serial.lines(kind, allowed))
        };
        [LineKind::Change, LineKind::Mail, LineKind::Inbox, LineKind::Event].into_iter().all(is_left)
    }

    /// A sign-in that has linked its user may be refused for what happens to the user next. Of two deletions of a user, the
    /// one that finds the other's mark finishes it.
    fn answers_fit(&self, serial: &Self, actions: &[Action], allowed: Allowed) -> bool {
        let is_linking = |request: usize| matches!(actions[request], Action::Link | Action::LinkOther);
        let is_deletion =
            |request: usize| matches!(actions[request], Action::DeleteUser | Action::DeleteInvited);
        let mut answers = self.answers.iter().zip(&serial.answers).enumerate();
        let fits = answers.all(|(request, (one, other))| {
            one == other
                || *one == "failed" && allowed.may_fail == Some(request)
                || *one == "refused" && *other == "done" && is_linking(request)
                || *one == "done" && *other == "refused" && is_deletion(request)
        });
        fits && self.lines(LineKind::Change, allowed) == serial.lines(LineKind::Change, allowed)
    }

    fn lines(&self, kind: LineKind, allowed: Allowed) -> Vec<&str> {
        let lines: Vec<_> = self.left.get(&kind).into_iter().flatten().map(String::as_str).collect();
        if kind == LineKind::Mail && allowed.may_send_twice {
            return lines.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        }
        lines
    }

    /// Returns the answers, and the lines that only one of the two has.
    pub(super) fn differences(&self, other: &Self) -> String {
        let mut theirs: Vec<_> = other.left.values().flatten().collect();
        let mut lines = vec![format!("{:?}", other.answers)];
        for line in self.left.values().flatten() {
            match theirs.iter().position(|theirs| *theirs == line) {
                Some(position) => drop(theirs.remove(position)),
                None => lines.push(format!("  + {line}")),
            }
        }
        lines.extend(theirs.iter().map(|line| format!("  - {line}")));
        lines.join("\n")
    }

    pub(super) fn answers(&self) -> &[&'static str] {
        &self.answers
    }
}

fn answer(ended: &Ended) -> &'static str {
    match ended {
        Ended::Answered(answer) => match answer.status {
            200..300 if answer.body["secret"].is_object() => "done with a secret",
            200..300 => "done",
            429 | 500.. => "failed",
            _ => "refused",
        },
        Ended::Ran(true) => "done",
        Ended::Ran(false) => "failed",
    }
}
