//! Audit events of the changes that requests make.

use std::fmt::Display;

use domain::{
    audit::{Action, Actor, Event, Origin},
    id::OrganizationId,
    sign_in::SignedIn,
};
use serde_json::Value;

use crate::{Member, Request};

impl Request<Member> {
    /// Creates the audit event of a change that the caller makes in its own organization.
    #[must_use]
    pub fn audit_event(&self, action: Action, target_id: impl Display, changes: impl Into<Value>) -> Event {
        let Member { organization_id, user_id, name, key_id, key_name, .. } = &self.caller;
        let actor = match key_id {
            Some(key_id) => Actor::access_key(*key_id, key_name),
            None => Actor::user(*user_id, name),
        };
        self.audit_event_of(actor, *organization_id, action, target_id, changes)
    }
}

impl Request<SignedIn> {
    /// Creates the audit event of a change that the caller makes in an organization.
    #[must_use]
    pub fn audit_event(
        &self,
        organization_id: OrganizationId,
        action: Action,
        target_id: impl Display,
        changes: impl Into<Value>,
    ) -> Event {
        self.audit_event_of(Actor::sign_in(&self.caller), organization_id, action, target_id, changes)
    }
}

impl<C> Request<C> {
    /// Creates the audit event of a change that `actor` makes.
    #[must_use]
    pub fn audit_event_of(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        action: Action,
        target_id: impl Display,
        changes: impl Into<Value>,
    ) -> Event {
        let (source_ip, request_id) = (self.source_ip.clone(), self.id.clone());
        let origin = Origin { at: self.moment.timestamp(), actor, source_ip, request_id };
        Event::new(origin, organization_id, action, target_id, changes)
    }
}
