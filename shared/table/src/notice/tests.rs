//! Tests of claims without a table.

use domain::id::{OrganizationId, UserId};

use super::*;
use crate::item::{
    tests::{attributes, offline},
    text,
};

fn mail() -> Mail {
    let now = Time::from_seconds(1_000);
    Mail::new(UserId::random(), OrganizationId::random(), now, now)
}

fn announcement() -> Announcement {
    Announcement { key_id: KeyId::random(), expires_at: Time::from_seconds(5_000), stage: 7 }
}

#[test]
fn a_notice_holds_what_was_told_and_what_tells_it() {
    let notice = Notice { announcement: announcement(), told_by: Ulid::nil(), ttl: Time::from_seconds(9) };
    for (channel, named) in [(Channel::Mail, "MAIL"), (Channel::Inbox, "INBOX"), (Channel::Event, "EVENT")] {
        let item = encode(item_key::notice(UserId::random(), &notice.announcement, channel), &notice);
        assert_eq!(attributes(&item), ["PK", "SK", "expires_at", "key_id", "stage", "told_by", "ttl"]);
        assert_eq!(item["SK"], text(format!("NOTICE#{}#5000#{named}", notice.announcement.key_id)));
        assert_eq!((&item["stage"], &item["told_by"]), (&number(7), &text(Ulid::nil().to_string())));
    }
}

#[test]
fn a_claim_is_kept_from_the_expiry_or_from_itself_whichever_is_later() {
    for (now, kept_from) in [(4_000, 5_000), (5_000, 5_000), (6_000, 6_000)] {
        let kept = kept_until(&announcement(), Time::from_seconds(now));
        assert_eq!(kept, Time::from_seconds(kept_from).plus(CLAIM_RETENTION), "{now}");
    }
}

#[test]
fn the_most_claims_fit_one_transaction() {
    let announcements: Vec<_> = (0..MAX_CLAIMS).map(|_| announcement()).collect();
    let mut mail = mail();
    assert_eq!(offline().claims(&mail, &announcements).len(), 2 * MAX_CLAIMS + 1);
    mail.announcements.push(announcement());
    assert_eq!(offline().claims(&mail, &announcements).len(), 2 * MAX_CLAIMS + 1);
    const { assert!(3 * MAX_CLAIMS <= MAX_STEPS) };
}
