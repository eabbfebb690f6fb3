//! Sends the audit events of a table to the bus again, as the pipe of the template does: after an outage of the pipe that was
//! longer than the day for which the stream keeps its records.
//!
//! Consumers drop repetitions by `audit_id`, so events that arrived at the time do no harm.

use std::time::Duration;

use api::causes;
use aws_sdk_eventbridge::{
    Client,
    types::{PutEventsRequestEntry, PutEventsResultEntry},
};
use domain::{Time, audit};
use table::Table;
use tokio::time::sleep;

use crate::{
    Error,
    lifecycle_event::Detail,
    selection::{Capacity, Organizations},
    source::{OVERLAP, Unusable},
};

/// The most entries of one `PutEvents`.
const MAX_ENTRIES: usize = 10;

/// How often an entry that the bus refused is sent.
const MAX_ATTEMPTS: u32 = 5;

/// The wait before the second attempt. It doubles with each further one.
const BACKOFF: Duration = Duration::from_millis(200);

/// The events of a table that are to be sent.
#[derive(Debug, Default)]
pub struct Outgoing {
    details: Vec<Detail>,
    /// The events that could not be used.
    pub unusable: Vec<Unusable>,
}

/// A bus that has the name of its stack, as the bus of the template has.
#[derive(Debug)]
pub struct Bus {
    client: Client,
    stack: String,
}

impl Outgoing {
    /// Reads the events of a table since an instant: a scan of all its items.
    ///
    /// # Errors
    /// When the table fails, or when there are more events than memory holds.
    pub async fn scan(table: &Table, since: Time, organizations: &Organizations) -> Result<Self, Error> {
        let (mut outgoing, mut capacity, mut fits) = (Self::default(), Capacity::new(), Ok(()));
        let visit = |event: Result<audit::Event, _>| match event {
            Ok(event) if !organizations.include(event.organization_id) || fits.is_err() => {}
            Ok(mut event) => {
                event.changes.clear();
                fits = capacity.take(&event);
                outgoing.details.push(Detail::from(event));
            }
            Err(unusable) => outgoing.unusable.push(Unusable::from(unusable)),
        };
        table.scan_audit_events(since.plus(-OVERLAP), visit).await?;
        fits?;
        outgoing.details.sort_by_key(Detail::audit_id);
        Ok(outgoing)
    }

    /// Returns the number of events.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.details.len()
    }

    /// Tells whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.details.is_empty()
    }
}

impl Bus {
    /// Names the bus of a stack.
    #[must_use]
    pub const fn new(client: Client, stack: String) -> Self {
        Self { client, stack }
    }

    /// Sends the events, the oldest first, and adds up in `sent` those that the bus has taken.
    ///
    /// # Errors
    /// Why the bus does not take an event. Then the later ones are not sent.
    pub async fn send(&self, outgoing: &Outgoing, sent: &mut usize) -> Result<(), String> {
        for details in outgoing.details.chunks(MAX_ENTRIES) {
            let mut entries =
                details.iter().map(|detail| self.entry(detail)).collect::<Result<Vec<_>, _>>()?;
            let (mut attempt, mut wait) = (1, BACKOFF);
            loop {
                let request = self.client.put_events().set_entries(Some(entries.clone()));
                let answer = request.send().await.map_err(|error| causes(&error))?;
                let attempted = entries.len();
                let (refused, why) = refused(entries, answer.entries());
                *sent += attempted - refused.len();
                entries = refused;
                if entries.is_empty() {
                    break;
                }
                if attempt == MAX_ATTEMPTS {
                    return Err(format!("the bus refuses an event: {why}"));
                }
                sleep(wait).await;
                (attempt, wait) = (attempt + 1, wait * 2);
            }
        }
        Ok(())
    }

    /// Makes the entry as the pipe does: its time is that at which the bus takes it.
    fn entry(&self, detail: &Detail) -> Result<PutEventsRequestEntry, String> {
        let text = serde_json::to_string(detail).map_err(|error| causes(&error))?;
        let entry = PutEventsRequestEntry::builder().event_bus_name(&self.stack).source(&self.stack);
        Ok(entry.detail_type(detail.action()).detail(text).build())
    }
}

/// Returns the entries that the bus refused, and why it refused the last of them. An entry without an answer counts as refused.
fn refused(
    entries: Vec<PutEventsRequestEntry>,
    answers: &[PutEventsResultEntry],
) -> (Vec<PutEventsRequestEntry>, String) {
    let (mut refused, mut why) = (Vec::new(), "it does not answer".to_owned());
    for (at, entry) in entries.into_iter().enumerate() {
        let answer = answers.get(at);
        if answer.is_some_and(|answer| answer.event_id().is_some()) {
            continue;
        }
        if let Some(code) = answer.and_then(PutEventsResultEntry::error_code) {
            code.clone_into(&mut why);
        }
        refused.push(entry);
    }
    (refused, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entries_that_the_bus_refused_are_sent_again() {
        let entry = |detail: &str| PutEventsRequestEntry::builder().detail(detail).build();
        let entries = vec![entry("a"), entry("b"), entry("c"), entry("d")];
        let taken = PutEventsResultEntry::builder().event_id("1").build();
        let failed = PutEventsResultEntry::builder().error_code("ThrottlingException").build();
        let (again, why) = refused(entries.clone(), &[taken.clone(), failed, taken.clone()]);
        assert_eq!(again, [entry("b"), entry("d")]);
        assert_eq!(why, "ThrottlingException");
        assert_eq!(refused(vec![entry("a")], &[taken]), (Vec::new(), "it does not answer".to_owned()));
    }
}
