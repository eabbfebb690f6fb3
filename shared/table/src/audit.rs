//! Lists of audit events.

use domain::{Time, audit, id::OrganizationId};
use ulid::Ulid;

use crate::{
    Error, Page, Table, Transaction,
    expression::Expression,
    item::{Item, decode, key_of, text},
    item_key,
    time_range::{TimeRange, earliest},
};

/// A filter of audit events; an absent member does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Id of the actor.
    pub actor: Option<String>,
    /// The action, for example `access_key.created`.
    pub action: Option<String>,
    /// Id of the target.
    pub target: Option<String>,
    /// The first second.
    pub since: Option<Time>,
    /// The second after the last.
    pub until: Option<Time>,
}

/// A stored audit event that cannot be used. It quotes nothing of the event.
#[derive(Debug)]
pub struct UnusableEvent {
    /// The sort key of its item, which is the id of an event.
    pub sort_key: String,
    /// Why it cannot be used.
    pub reason: &'static str,
}

impl AuditFilter {
    /// Returns the part of the filter that the sort key does not cover.
    fn expression(&self) -> Option<Expression> {
        let mut conditions = Vec::new();
        let mut filter = Expression::default();
        if let Some(actor) = &self.actor {
            conditions.push("#actor.#id = :actor");
            filter = filter.name("#actor", "actor").name("#id", "id").value(":actor", text(actor));
        }
        if let Some(action) = &self.action {
            conditions.push("#action = :action");
            filter = filter.name("#action", "action").value(":action", text(action));
        }
        if let Some(target) = &self.target {
            conditions.push("#target.#id = :target");
            filter = filter.name("#target", "target").name("#id", "id").value(":target", text(target));
        }
        (!conditions.is_empty()).then(|| filter.and(&conditions.join(" AND ")))
    }
}

impl Table {
    /// Lists the audit events of an organization within their retention at `now`, the newest first.
    ///
    /// `after` is the `next` of the page before. A page may be short, or empty, and not be the last. A filter other than
    /// the times reads eventually: events of the last second can be missing.
    pub async fn audit_events(
        &self,
        organization_id: OrganizationId,
        filter: &AuditFilter,
        now: Time,
        after: Option<Ulid>,
        limit: usize,
    ) -> Result<Page<audit::Event, Ulid>, Error> {
        let (kept_from, expression) = (self.audit_kept_from(now), filter.expression());
        let range = TimeRange {
            partition: item_key::audit_partition(organization_id),
            prefix: "",
            from: filter.since.map_or(kept_from, |since| since.max(kept_from)),
            until: filter.until,
            strongly: expression.is_none(),
        };
        self.newest_first("audit event", &range, expression, after, limit).await
    }

    /// Scans the whole table, strongly, for the audit events of all organizations from a second on, and calls `visit`
    /// with each, in no order.
    ///
    /// An event that cannot be used is an error of its own, so that it is not taken for a missing one.
    pub async fn scan_audit_events(
        &self,
        from: Time,
        mut visit: impl FnMut(Result<audit::Event, UnusableEvent>),
    ) -> Result<(), Error> {
        let mut items = self
            .client
            .scan()
            .table_name(&self.name)
            .consistent_read(true)
            .filter_expression("contains(PK, :audit) AND SK >= :first")
            .expression_attribute_values(":audit", text(item_key::AUDIT))
            .expression_attribute_values(":first", text(earliest(from)))
            .into_paginator()
            .items()
            .send();
        while let Some(item) = items.next().await {
            visit(scanned(item.map_err(|error| Error::failed("Scan", error))?));
        }
        Ok(())
    }

    /// Stores an audit event that no change of another item comes with.
    pub async fn record_audit_event(&self, event: &audit::Event) -> Result<(), Error> {
        let mut transaction = Transaction::new(self);
        transaction.record(event);
        transaction.commit().await
    }
}

/// Decodes an item and compares its key with the event in it.
fn scanned(item: Item) -> Result<audit::Event, UnusableEvent> {
    let place = key_of(&item);
    let decoded: Result<audit::Event, _> = decode("audit event", item);
    let own = |event: &audit::Event| Some(item_key::audit(event.organization_id, event.audit_id));
    let reason = match decoded {
        Ok(event) if own(&event) == place => return Ok(event),
        Ok(_) => "it names another organization or id than its key",
        Err(_) => "it cannot be decoded",
    };
    Err(UnusableEvent { sort_key: place.map(|place| place.sk).unwrap_or_default(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{encode, tests::offline};

    #[test]
    fn events_are_listed_until_they_may_be_forgotten() {
        let (table, at) = (offline(), Time::from_seconds(1_000_000));
        let forgotten = table.audit_kept_until(at);
        assert_eq!(table.audit_kept_from(forgotten.plus(-1)), at);
        assert_eq!(table.audit_kept_from(forgotten), at.plus(1));
    }

    #[test]
    fn an_event_is_used_only_from_the_place_that_it_names() {
        let origin = audit::Origin {
            at: Time::from_seconds(1_000).into(),
            actor: audit::Actor::system("a", "a"),
            source_ip: String::new(),
            request_id: String::new(),
        };
        let (ours, theirs) = (OrganizationId::random(), OrganizationId::random());
        let event = audit::Event::new(origin, ours, audit::Action::UserDeleted, "u", ());
        let own = item_key::audit(ours, event.audit_id);
        assert!(scanned(encode(own.clone(), &event)).is_ok());
        let another_id = item_key::audit(ours, Ulid::from_parts(1, 1));
        for place in [item_key::audit(theirs, event.audit_id), another_id] {
            let unusable = scanned(encode(place.clone(), &event)).unwrap_err();
            assert_eq!((unusable.sort_key, unusable.reason.contains("another")), (place.sk, true));
        }
        let mut damaged = encode(own.clone(), &event);
        damaged.insert("changes".to_owned(), text("hidden"));
        let unusable = scanned(damaged).unwrap_err();
        assert!(unusable.sort_key == own.sk && !format!("{unusable:?}").contains("hidden"));
    }

    #[test]
    fn only_what_is_asked_for_is_compared() {
        let some = |value: &str| Some(value.to_owned());
        let written = |filter: AuditFilter| {
            let filter = filter.expression().unwrap();
            let mut names: Vec<_> = filter.names.into_keys().collect();
            names.sort();
            (filter.text, names.join(" "), filter.values.len())
        };
        assert!(AuditFilter { since: Some(Time::MAX), ..AuditFilter::default() }.expression().is_none());
        assert_eq!(
            written(AuditFilter { action: some("user.created"), ..AuditFilter::default() }),
            ("#action = :action".to_owned(), "#action".to_owned(), 1)
        );
        let all = AuditFilter {
            actor: some("a"),
            action: some("b.c"),
            target: some("d"),
            ..AuditFilter::default()
        };
        assert_eq!(
            written(all),
            (
                "#actor.#id = :actor AND #action = :action AND #target.#id = :target".to_owned(),
                "#action #actor #id #target".to_owned(),
                3
            )
        );
    }
}
