//! Every key of the table and its indexes, spelled once.
//!
//! Over 300 lines: it spells every key of the table, and no other file does.

use std::num::NonZeroU32;

use domain::{
    Time,
    id::{KeyId, KeySuffix, OrganizationId, UserId},
    notice::Announcement,
    role::Label,
    session::SessionHash,
    text::Email,
};
use ulid::Ulid;

/// A channel of notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// By mail.
    Mail,
    /// In the inbox.
    Inbox,
    /// As a lifecycle event. Its claims stand under the key's user.
    Event,
}

/// The partition and sort key of one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

/// Sort key of a user.
pub const USER: &str = "USER";

/// Prefix of the sort keys of access keys.
pub const ACCESS_KEYS: &str = "KEY#";

const MAILS: &str = "MAIL#";

const OUTBOX: &str = "OUTBOX#";

/// Prefix of the sort keys of messages to former addresses; a ULID follows.
const PARTING_MESSAGES: &str = "PARTING#";

/// Prefix of the sort keys of the counts of mails; a UTC date follows.
const MAILS_OF_DAY: &str = "MAILS#";

/// Prefix of the sort keys of re-armings; their cause follows.
const REARMINGS: &str = "DUE#";

/// Cause of a re-arming: the policy gained stages.
const GAINED_STAGES: &str = "STAGES";

/// Prefix of the cause of a re-arming: the suspension of a user was lifted.
const LIFTED_USER: &str = "USER#";

/// Suffix of the partition keys of messages to the owners of an organization.
const OWNERS_OUTBOX: &str = "#OUTBOX";

/// Suffix of the partition keys of audit events. No other partition key contains it.
pub const AUDIT: &str = "#AUDIT";

/// Sort key of sessions, and the start of their partition keys.
pub(crate) const SESSION: &str = "SESSION";

/// Sort key of what an API declares of its routes, and the start of its partition key.
const DECLARED_ROUTES: &str = "ROUTES";

/// Prefix of the sort keys of inbox messages; a ULID follows.
pub const MESSAGES: &str = "INBOX#";

/// Prefix of the sort keys of roles.
pub const ROLES: &str = "ROLE#";

/// Prefix of the sort keys of groups.
pub const GROUPS: &str = "GROUP#";

/// Sort key of an organization.
pub const ORGANIZATION: &str = "ORG";

/// Sort key of what decisions read of an organization's roles and groups. It follows the organization at once, so that
/// one query reads both.
pub const DECISIONS: &str = "ORG#DECISIONS";

/// The range of sort keys of groups, the organization and roles.
///
/// What decisions read, counts of mails and messages to former addresses lie in it too. They have no `version`, by which
/// the query leaves them out.
pub const SNAPSHOT: (&str, &str) = ("GROUP#", "ROLE#\u{7f}");

/// Returns the partition of an organization's own items.
#[must_use]
pub fn organization_partition(organization_id: OrganizationId) -> String {
    format!("ORG#{organization_id}")
}

/// Returns the partition of a user's items.
#[must_use]
pub fn user_partition(user_id: UserId) -> String {
    format!("USER#{user_id}")
}

fn in_organization(organization_id: OrganizationId, sk: impl Into<String>) -> ItemKey {
    ItemKey { pk: organization_partition(organization_id), sk: sk.into() }
}

/// Returns the key of an organization.
#[must_use]
pub fn organization(organization_id: OrganizationId) -> ItemKey {
    in_organization(organization_id, ORGANIZATION)
}

/// Returns the key of what an organization's roles and groups have in common.
#[must_use]
pub fn catalog(organization_id: OrganizationId) -> ItemKey {
    in_organization(organization_id, "CATALOG")
}

/// Returns the key of what decisions read of an organization's roles and groups.
#[must_use]
pub fn decisions(organization_id: OrganizationId) -> ItemKey {
    in_organization(organization_id, DECISIONS)
}

/// Returns the key of a role.
#[must_use]
pub fn role(organization_id: OrganizationId, name: &Label) -> ItemKey {
    in_organization(organization_id, format!("{ROLES}{name}"))
}

/// Returns the key of a group.
#[must_use]
pub fn group(organization_id: OrganizationId, name: &Label) -> ItemKey {
    in_organization(organization_id, format!("{GROUPS}{name}"))
}

/// Returns the key of a sign-in's link to a user.
#[must_use]
pub fn subject(organization_id: OrganizationId, hash: &str) -> ItemKey {
    in_organization(organization_id, format!("SUBJECT#{hash}"))
}

/// Returns the key of a user's claim to an address.
#[must_use]
pub fn email(organization_id: OrganizationId, email: &Email) -> ItemKey {
    in_organization(organization_id, format!("EMAIL#{}", email.key()))
}

/// Returns the key of a user.
#[must_use]
pub fn user(user_id: UserId) -> ItemKey {
    ItemKey { pk: user_partition(user_id), sk: USER.to_owned() }
}

/// Returns the key of an access key.
#[must_use]
pub fn access_key(key_id: KeyId) -> ItemKey {
    ItemKey { pk: user_partition(key_id.user_id()), sk: format!("{ACCESS_KEYS}{}", key_id.suffix()) }
}

/// Returns the key of a user's claim of an expiry notice in one channel.
///
/// The stage is not part of the key: the item of an expiry and channel holds the narrowest claimed stage,
/// so that one condition refuses the same stage and all wider ones.
#[must_use]
pub fn notice(user_id: UserId, announcement: &Announcement, channel: Channel) -> ItemKey {
    let Announcement { key_id, expires_at, .. } = announcement;
    let channel = match channel {
        Channel::Mail => "MAIL",
        Channel::Inbox => "INBOX",
        Channel::Event => "EVENT",
    };
    ItemKey { pk: user_partition(user_id), sk: format!("NOTICE#{key_id}#{}#{channel}", expires_at.seconds()) }
}

/// Returns the key of a mail to a user.
#[must_use]
pub fn mail(user_id: UserId, mail_id: Ulid) -> ItemKey {
    ItemKey { pk: user_partition(user_id), sk: format!("{MAILS}{mail_id}") }
}

/// Returns the key of an audit event.
#[must_use]
pub fn audit(organization_id: OrganizationId, audit_id: Ulid) -> ItemKey {
    ItemKey { pk: audit_partition(organization_id), sk: audit_id.to_string() }
}

/// Returns the partition of an organization's audit events, whose sort keys are ULIDs.
#[must_use]
pub fn audit_partition(organization_id: OrganizationId) -> String {
    format!("ORG#{organization_id}{AUDIT}")
}

/// Returns the key of a message to a user.
#[must_use]
pub fn message(user_id: UserId, message_id: Ulid) -> ItemKey {
    ItemKey { pk: user_partition(user_id), sk: format!("{MESSAGES}{message_id}") }
}

/// Returns the key of a message in the outbox.
#[must_use]
pub fn outbox(user_id: UserId, message_id: Ulid) -> ItemKey {
    ItemKey { pk: user_partition(user_id), sk: format!("{OUTBOX}{message_id}") }
}

/// Returns the key of a message in the outbox that is addressed to all owners of an organization.
///
/// It is outside the organization's own partition, of which a decision reads a range.
#[must_use]
pub fn owners_message(organization_id: OrganizationId, message_id: Ulid) -> ItemKey {
    ItemKey { pk: format!("ORG#{organization_id}{OWNERS_OUTBOX}"), sk: format!("{OUTBOX}{message_id}") }
}

/// Returns the key of a message to the proven address that a user had before a change.
#[must_use]
pub fn parting_message(organization_id: OrganizationId, message_id: Ulid) -> ItemKey {
    in_organization(organization_id, format!("{PARTING_MESSAGES}{message_id}"))
}

/// Tells whether a key of an organization's partition is that of a message to a former address.
#[must_use]
pub fn is_parting_message(key: &ItemKey) -> bool {
    key.sk.starts_with(PARTING_MESSAGES)
}

/// What puts items of an organization back into the `due` index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RearmingCause {
    /// The policy gained stages.
    Stages,
    /// The suspension of the organization was lifted.
    Organization,
    /// The suspension of a user was lifted.
    User(UserId),
}

/// Returns the key of the re-arming of an organization for a cause.
///
/// It is outside the range of a decision.
#[must_use]
pub fn rearming(organization_id: OrganizationId, cause: RearmingCause) -> ItemKey {
    let cause = match cause {
        RearmingCause::Stages => GAINED_STAGES.to_owned(),
        RearmingCause::Organization => ORGANIZATION.to_owned(),
        RearmingCause::User(user_id) => format!("{LIFTED_USER}{user_id}"),
    };
    in_organization(organization_id, format!("{REARMINGS}{cause}"))
}

fn rearming_cause(cause: &str) -> Option<RearmingCause> {
    match cause {
        GAINED_STAGES => Some(RearmingCause::Stages),
        ORGANIZATION => Some(RearmingCause::Organization),
        other => Some(RearmingCause::User(UserId::parse(other.strip_prefix(LIFTED_USER)?).ok()?)),
    }
}

/// Returns the key in `GSI1` of an item that is held for a user, among all of the organization.
#[must_use]
pub fn held(organization_id: OrganizationId, user_id: Option<UserId>, item: &ItemKey) -> ItemKey {
    let user_id = user_id.map_or_else(String::new, |user_id| user_id.to_string());
    ItemKey { pk: held_partition(organization_id), sk: format!("{user_id}#{}", item.sk) }
}

/// Returns the partition of an organization's held items in `GSI1`.
#[must_use]
pub fn held_partition(organization_id: OrganizationId) -> String {
    format!("ORG#{organization_id}#HELD")
}

/// Returns the range of sort keys of the items that are held for a user.
#[must_use]
pub fn held_for(user_id: UserId) -> (String, String) {
    (format!("{user_id}#"), format!("{user_id}#\u{7f}"))
}

/// Returns the key of an organization's count of mails of the UTC day of `time`.
#[must_use]
pub fn mails_of_day(organization_id: OrganizationId, time: Time) -> ItemKey {
    in_organization(organization_id, format!("{MAILS_OF_DAY}{}", time.utc_date()))
}

/// Returns the key of a user's idempotency record, by the hash of its name.
#[must_use]
pub fn idempotency(user_id: UserId, hash: &str) -> ItemKey {
    ItemKey { pk: user_partition(user_id), sk: format!("IDEMPOTENCY#{hash}") }
}

/// Returns the key of a user in `GSI1`, among the users of its organization.
#[must_use]
pub fn users(organization_id: OrganizationId, user_id: UserId) -> ItemKey {
    ItemKey { pk: users_partition(organization_id), sk: user_id.to_string() }
}

/// Returns the partition of an organization's users in `GSI1`.
#[must_use]
pub fn users_partition(organization_id: OrganizationId) -> String {
    format!("ORG#{organization_id}#USERS")
}

/// Returns the key of an access key in `GSI1`, among the keys of its organization.
#[must_use]
pub fn access_keys(organization_id: OrganizationId, expires_at: Option<Time>, key_id: KeyId) -> ItemKey {
    ItemKey { pk: access_keys_partition(organization_id), sk: by_expiry(expires_at, key_id) }
}

/// Returns the partition of an organization's keys in `GSI1`.
#[must_use]
pub fn access_keys_partition(organization_id: OrganizationId) -> String {
    format!("ORG#{organization_id}#KEYS")
}

/// Joins an expiry and a key id so that text sorts by expiry. Keys that never expire sort last.
#[must_use]
pub fn by_expiry(expires_at: Option<Time>, key_id: KeyId) -> String {
    match expires_at {
        Some(expiry) => format!("{}#{key_id}", expiring_from(expiry)),
        None => format!("never#{key_id}"),
    }
}

/// Reads an expiry and a key id as [`by_expiry`] joins them; `None` for any other text.
#[must_use]
pub fn read_by_expiry(sort_key: &str) -> Option<(Option<Time>, KeyId)> {
    let (expiry, key_id) = sort_key.split_once('#')?;
    let expires_at = expiry.parse().ok().map(Time::from_seconds);
    let key_id = KeyId::parse(key_id).ok()?;
    (by_expiry(expires_at, key_id) == sort_key).then_some((expires_at, key_id))
}

/// Returns the sort key right before all keys that expire at an instant or later.
#[must_use]
pub fn expiring_from(time: Time) -> String {
    format!("{:012}", time.seconds())
}

/// The sort key right after all keys.
pub const AFTER_ALL_EXPIRIES: &str = "never$";

/// Returns the key of a sign-in's link in `GSI1`.
#[must_use]
pub fn links_of_subject(hash: &str, organization_id: OrganizationId) -> ItemKey {
    ItemKey { pk: links_of_subject_partition(hash), sk: organization_id.to_string() }
}

/// Returns the partition of a sign-in's links in `GSI1`.
#[must_use]
pub fn links_of_subject_partition(hash: &str) -> String {
    format!("SUBJECT#{hash}")
}

/// Returns the key of an e-mail claim in `GSI1`.
#[must_use]
pub fn claims_of_email(email: &Email, organization_id: OrganizationId) -> ItemKey {
    ItemKey { pk: claims_of_email_partition(email), sk: organization_id.to_string() }
}

/// Returns the partition of an address's claims in `GSI1`.
#[must_use]
pub fn claims_of_email_partition(email: &Email) -> String {
    format!("EMAIL#{}", email.key())
}

/// Returns the key of a session of the console.
#[must_use]
pub fn session(hash: &SessionHash) -> ItemKey {
    ItemKey { pk: format!("{SESSION}#{}", hash.as_str()), sk: SESSION.to_owned() }
}

/// Returns the hash in the key of a session; `None` for any other key.
#[must_use]
pub(crate) fn session_hash(key: &ItemKey) -> Option<SessionHash> {
    SessionHash::parse(key.pk.strip_prefix(SESSION)?.strip_prefix('#')?)
}

/// Returns the key of a session in `GSI1`, among the sessions of its person.
#[must_use]
pub fn sessions_of_subject(subject: &str, hash: &SessionHash) -> ItemKey {
    ItemKey { pk: sessions_of_subject_partition(subject), sk: hash.as_str().to_owned() }
}

/// Returns the partition of a person's sessions in `GSI1`, by the hash of the sign-in.
#[must_use]
pub fn sessions_of_subject_partition(subject: &str) -> String {
    format!("SESSIONS#{subject}")
}

/// Returns the key of what an API declares of its routes.
#[must_use]
pub fn routes(api_id: &str) -> ItemKey {
    ItemKey { pk: format!("{DECLARED_ROUTES}#{api_id}"), sk: DECLARED_ROUTES.to_owned() }
}

/// Returns the key of the organizations that a person owns, by the hash of the sign-in.
#[must_use]
pub fn owned(hash: &str) -> ItemKey {
    ItemKey { pk: format!("SUBJECT#{hash}"), sk: "OWNED".to_owned() }
}

/// Returns the shard of the `due` index that holds an organization's items.
#[must_use]
pub fn due_shard(organization_id: OrganizationId, shards: NonZeroU32) -> String {
    shard(crc32fast::hash(organization_id.as_str().as_bytes()) % shards)
}

/// Returns a shard of the `due` index by its number, from 0.
#[must_use]
pub fn shard(number: u32) -> String {
    number.to_string()
}

/// An item of the `due` index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DueItem {
    /// A key with a notice due.
    AccessKey(KeyId),
    /// A mail that is not marked as sent.
    Mail {
        /// The recipient.
        user_id: UserId,
        /// The id.
        mail_id: Ulid,
    },
    /// A message in the outbox.
    Outbox {
        /// The recipient.
        user_id: UserId,
        /// The id.
        message_id: Ulid,
    },
    /// A message in the outbox that is addressed to all owners.
    OwnersMessage {
        /// The organization.
        organization_id: OrganizationId,
        /// The id.
        message_id: Ulid,
    },
    /// A message to a former address.
    PartingMessage {
        /// The organization.
        organization_id: OrganizationId,
        /// The id.
        message_id: Ulid,
    },
    /// The re-arming of an organization.
    Rearming {
        /// The organization.
        organization_id: OrganizationId,
        /// The cause.
        cause: RearmingCause,
    },
    /// A user that is marked deleted and not removed yet.
    DeletedUser(UserId),
    /// An organization that is marked deleted and not removed yet.
    DeletedOrganization(OrganizationId),
}

/// Returns the item of an entry of the `due` index; `None` if this version does not know its kind.
#[must_use]
pub fn due_item(key: &ItemKey) -> Option<DueItem> {
    if let Some(organization) = key.pk.strip_prefix("ORG#") {
        if key.sk == ORGANIZATION {
            return Some(DueItem::DeletedOrganization(OrganizationId::parse(organization).ok()?));
        }
        if let Some(message_id) = key.sk.strip_prefix(PARTING_MESSAGES) {
            let organization_id = OrganizationId::parse(organization).ok()?;
            return Some(DueItem::PartingMessage { organization_id, message_id: message_id.parse().ok()? });
        }
        if let Some(cause) = key.sk.strip_prefix(REARMINGS) {
            let organization_id = OrganizationId::parse(organization).ok()?;
            return Some(DueItem::Rearming { organization_id, cause: rearming_cause(cause)? });
        }
        let organization_id = OrganizationId::parse(organization.strip_suffix(OWNERS_OUTBOX)?).ok()?;
        let message_id = key.sk.strip_prefix(OUTBOX)?.parse().ok()?;
        return Some(DueItem::OwnersMessage { organization_id, message_id });
    }
    let user_id = UserId::parse(key.pk.strip_prefix("USER#")?).ok()?;
    if let Some(suffix) = key.sk.strip_prefix(ACCESS_KEYS) {
        return Some(DueItem::AccessKey(KeyId::new(user_id, KeySuffix::parse(suffix).ok()?)));
    }
    if key.sk == USER {
        return Some(DueItem::DeletedUser(user_id));
    }
    if let Some(message_id) = key.sk.strip_prefix(OUTBOX) {
        return Some(DueItem::Outbox { user_id, message_id: message_id.parse().ok()? });
    }
    let mail_id = key.sk.strip_prefix(MAILS)?.parse().ok()?;
    Some(DueItem::Mail { user_id, mail_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_expiry_and_never_comes_last() {
        let key_id = KeyId::random();
        let at = |seconds| by_expiry(Some(Time::from_seconds(seconds)), key_id);
        for expires_at in [None, Some(Time::from_seconds(9)), Some(Time::MAX)] {
            let written = by_expiry(expires_at, key_id);
            assert_eq!(read_by_expiry(&written), Some((expires_at, key_id)));
            for text in [&written[1..], &written[..20], &format!("{written}0"), &format!("+{written}")] {
                assert_eq!(read_by_expiry(text), None, "{text}");
            }
        }
        assert!(at(9) < at(10) && at(10) < at(1_000_000_000) && at(i64::MAX) < by_expiry(None, key_id));
    }

    #[test]
    fn what_is_due_is_read_back_from_its_key() {
        let (key_id, user_id, mail_id) = (KeyId::random(), UserId::random(), Ulid::generate());
        assert_eq!(due_item(&access_key(key_id)), Some(DueItem::AccessKey(key_id)));
        assert_eq!(due_item(&mail(user_id, mail_id)), Some(DueItem::Mail { user_id, mail_id }));
        let message_id = mail_id;
        assert_eq!(due_item(&outbox(user_id, message_id)), Some(DueItem::Outbox { user_id, message_id }));
        let organization_id = OrganizationId::random();
        assert_eq!(
            due_item(&owners_message(organization_id, message_id)),
            Some(DueItem::OwnersMessage { organization_id, message_id })
        );
        assert_eq!(
            due_item(&parting_message(organization_id, message_id)),
            Some(DueItem::PartingMessage { organization_id, message_id })
        );
        for cause in
            [RearmingCause::Stages, RearmingCause::Organization, RearmingCause::User(UserId::random())]
        {
            let due = DueItem::Rearming { organization_id, cause };
            assert_eq!(due_item(&rearming(organization_id, cause)), Some(due));
        }
        assert_eq!(due_item(&user(user_id)), Some(DueItem::DeletedUser(user_id)));
        let organization_id = OrganizationId::random();
        let deleted = DueItem::DeletedOrganization(organization_id);
        assert_eq!(due_item(&organization(organization_id)), Some(deleted));
        assert_eq!(due_item(&message(user_id, message_id)), None);
    }

    #[test]
    fn the_range_of_a_snapshot_holds_groups_the_organization_and_roles() {
        let (first, last) = SNAPSHOT;
        for sk in ["GROUP#a", "GROUP#zz", "ORG", "ROLE#a", "ROLE#zz"] {
            assert!((first..=last).contains(&sk), "{sk}");
        }
        for sk in ["CATALOG", "DUE#STAGES", "EMAIL#z@z.zz", "SUBJECT#00"] {
            assert!(!(first..=last).contains(&sk), "{sk}");
        }
        let of_decisions = ORGANIZATION..=DECISIONS;
        for sk in ["GROUP#zz", "MAILS#2027-01-01", "OWNED", "PARTING#01", "ROLE#a"] {
            assert!(!of_decisions.contains(&sk), "{sk}");
        }
    }
}
