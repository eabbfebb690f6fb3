//! What is kept of every change: who, what, on what, from where.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ulid::Ulid;

use crate::{Time, id::OrganizationId};

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// `user`, `access_key`, `sign_in` or `system`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name at the time.
    pub name: String,
}

/// What was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `organization`, `user` or `access_key`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// One change, told without secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// Names the event; sorts by time.
    pub audit_id: Ulid,
    /// The organization it happened in.
    pub organization_id: OrganizationId,
    /// When the request that made it began.
    pub at: Time,
    /// Who.
    pub actor: Actor,
    /// What, as `access_key.created`.
    pub action: String,
    /// On what.
    pub target: Target,
    /// The address that the gateway saw.
    pub source_ip: String,
    /// The gateway's id of the request.
    pub request_id: String,
    /// The values that were set.
    pub changes: Map<String, Value>,
}

/// Draws an id that sorts by `at`.
///
/// # Panics
/// When the operating system has no random bytes to give.
#[must_use]
pub fn new_id(at: Time) -> Ulid {
    let mut random = [0; 16];
    getrandom::fill(&mut random).expect("the operating system provides random bytes");
    let milliseconds = u64::try_from(at.seconds()).unwrap_or_default() * 1000;
    Ulid::from_parts(milliseconds, u128::from_le_bytes(random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time() {
        let early = new_id(Time::from_seconds(1_000));
        let late = new_id(Time::from_seconds(1_001));
        assert!(early.to_string() < late.to_string());
        assert_ne!(new_id(Time::from_seconds(1_000)), early);
    }
}
