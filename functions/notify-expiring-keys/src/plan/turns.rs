//! The order of sending: organizations take turns.

use std::collections::HashMap;

use domain::id::{OrganizationId, UserId};

use super::{digest::Digest, parting_mail::PartingMail};
use crate::urgency::Urgency;

/// Something that is sent to one recipient.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// What a user of an organization gets.
    Digest(Digest),
    /// What a former address gets.
    Parting(PartingMail),
}

impl Outgoing {
    /// Returns whether it needs a mail.
    pub(crate) const fn has_mail(&self) -> bool {
        match self {
            Self::Digest(digest) => digest.has_mail(),
            Self::Parting(_) => true,
        }
    }

    fn organization_id(&self) -> Option<OrganizationId> {
        match self {
            Self::Digest(digest) => digest.organization_id(),
            Self::Parting(mail) => Some(mail.organization_id),
        }
    }

    fn priority(&self) -> (u32, Option<Urgency>, UserId) {
        match self {
            Self::Digest(digest) => digest.priority(),
            Self::Parting(mail) => mail.priority(),
        }
    }
}

/// Sorts by turns: first the most urgent one of each organization, then the second of each, and so on. So the mails
/// of one organization delay those of another by one mail in each turn at most.
pub(crate) fn in_turns(digests: Vec<Digest>, parting_mails: Vec<PartingMail>) -> Vec<Outgoing> {
    let parting_mails = parting_mails.into_iter().map(Outgoing::Parting);
    let mut all: Vec<_> = digests.into_iter().map(Outgoing::Digest).chain(parting_mails).collect();
    all.sort_by_cached_key(Outgoing::priority);
    by_turn(all, Outgoing::organization_id)
}

/// Moves each item to the turn that its place among those of the same organization gives it. Within a turn, the
/// order stays.
pub(crate) fn by_turn<T>(items: Vec<T>, organization_id: impl Fn(&T) -> Option<OrganizationId>) -> Vec<T> {
    let mut turns: HashMap<Option<OrganizationId>, usize> = HashMap::new();
    let mut numbered: Vec<(usize, T)> = items
        .into_iter()
        .map(|item| {
            let turn = turns.entry(organization_id(&item)).or_default();
            *turn += 1;
            (*turn, item)
        })
        .collect();
    numbered.sort_by_key(|(turn, _)| *turn);
    numbered.into_iter().map(|(_, item)| item).collect()
}
