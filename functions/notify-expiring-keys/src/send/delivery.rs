//! The parts of a run that sending uses.

use crate::{advances::AdvanceQueue, directory::Directory, plan::Plan, run::Run, settings::Notifier};

/// The number of digests and mails that are sent at once. While one waits for SES, the others continue.
pub(super) const CONCURRENCY: usize = 16;

/// The parts of a run that sending uses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery<'a> {
    pub(crate) run: &'a Run,
    pub(crate) notifier: &'a Notifier,
    pub(crate) directory: &'a Directory<'a>,
    pub(crate) advances: &'a AdvanceQueue<'a>,
    pub(crate) plan: &'a Plan,
}
