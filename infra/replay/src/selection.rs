//! Which events a run takes: those of some organizations, as many as memory holds.

use std::{fmt, str::FromStr};

use domain::{audit, id::OrganizationId};

/// The most bytes of memory for events, as estimated.
const MAX_BYTES: usize = 2 << 30;

/// The bytes of an event without its texts and fields, as measured while 400,000 events of an archive were read.
const BYTES_OF_EVENT: usize = 900;

/// The bytes of a field that an event names, as measured.
const BYTES_OF_FIELD: usize = 140;

/// The organizations whose ids begin with a text; all with an empty one.
#[derive(Debug, Clone, Default)]
pub struct Organizations(String);

/// The text begins no id.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the start of ids of organizations: 1 to 16 letters and digits")]
pub struct BadStart;

/// More events than memory holds.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the events need more than {} MB of memory: take a part of the organizations at a time, by --organizations with each first \
     letter and digit of their ids", MAX_BYTES >> 20
)]
pub struct TooMany;

/// Counts the memory of events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capacity(usize);

impl FromStr for Organizations {
    type Err = BadStart;

    fn from_str(text: &str) -> Result<Self, BadStart> {
        let fits = (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if fits { Ok(Self(text.to_owned())) } else { Err(BadStart) }
    }
}

impl fmt::Display for Organizations {
    /// Says at the end of a summary that the run took a part alone, so that nobody forgets the others.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.are_all() { Ok(()) } else { write!(formatter, "; of the organizations {}… alone", self.0) }
    }
}

impl Organizations {
    pub(crate) fn include(&self, organization_id: OrganizationId) -> bool {
        organization_id.as_str().starts_with(&self.0)
    }

    /// Tells whether these are all organizations.
    #[must_use]
    pub const fn are_all(&self) -> bool {
        self.0.is_empty()
    }
}

impl Capacity {
    pub(crate) const fn new() -> Self {
        Self(MAX_BYTES)
    }

    #[cfg(test)]
    pub(crate) const fn of(bytes: usize) -> Self {
        Self(bytes)
    }

    /// Takes the room of one more event.
    pub(crate) fn take(&mut self, event: &audit::Event) -> Result<(), TooMany> {
        let texts = [&event.action, &event.target.kind, &event.target.id, &event.effect];
        let bytes = texts.into_iter().map(String::len).sum::<usize>() + event.changes.len() * BYTES_OF_FIELD;
        self.0 = self.0.checked_sub(BYTES_OF_EVENT + bytes).ok_or(TooMany)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_ids_selects_organizations() {
        let [one, other] =
            ["0123456789abcdef", "1123456789abcdef"].map(|id| OrganizationId::parse(id).unwrap());
        let some: Organizations = "01".parse().unwrap();
        assert!(some.include(one) && !some.include(other) && !some.are_all());
        let all = Organizations::default();
        assert!(all.include(one) && all.include(other) && all.are_all());
        for wrong in ["", "0/", "0123456789abcdef0", "ä"] {
            assert_eq!(wrong.parse::<Organizations>().unwrap_err(), BadStart, "{wrong}");
        }
    }
}
