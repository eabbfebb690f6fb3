//! Tests of the plan: who gets what, and in which order.

use domain::{
    Time,
    id::UserId,
    inbox::{Message, MessageKind},
};
use ulid::Ulid;

use super::{due_notice::tests::due_notice, *};

fn mail(user_id: UserId, attempts: u32) -> Mail {
    let now = Time::from_seconds(0);
    Mail { attempts, ..Mail::new(user_id, OrganizationId::random(), now, now) }
}

fn waiting(user_id: UserId, kind: MessageKind) -> OutboxMessage {
    let message = Message::new(Time::from_seconds(0), kind, "title", "text", None);
    OutboxMessage { user_id, organization_id: OrganizationId::random(), message }
}

/// Plans, and sorts the digests by turns.
fn planned(notices: Vec<DueNotice>, mails: Vec<Mail>, messages: Vec<OutboxMessage>) -> (Plan, Vec<Digest>) {
    let (plan, digests) = Plan::new(notices, mails, messages);
    let digests = turns::in_turns(digests, Vec::new()).into_iter().map(|outgoing| match outgoing {
        turns::Outgoing::Digest(digest) => digest,
        turns::Outgoing::Parting(mail) => panic!("{mail:?}"),
    });
    (plan, digests.collect())
}

fn expiries(notices: &[Rc<DueNotice>]) -> Vec<i64> {
    notices.iter().map(|notice| notice.announcement.expires_at.seconds()).collect()
}

/// Returns of each digest its recipient, its unfinished mail, and the expiries of its notices.
fn summaries(digests: &[Digest]) -> Vec<(UserId, Option<Ulid>, Vec<i64>)> {
    let summary = |digest: &Digest| {
        let unfinished = digest.unfinished.as_ref().map(|mail| mail.mail_id);
        (digest.user_id, unfinished, expiries(&digest.for_mail))
    };
    digests.iter().map(summary).collect()
}

#[test]
fn each_recipient_gets_one_digest_and_the_most_urgent_comes_first() {
    let (ann, bob) = (UserId::random(), UserId::random());
    let notices = vec![due_notice(300, &[ann]), due_notice(200, &[bob, ann]), due_notice(100, &[bob])];
    let (_, digests) = planned(notices, Vec::new(), Vec::new());
    assert_eq!(summaries(&digests), [(bob, None, vec![100, 200]), (ann, None, vec![200, 300])]);
}

#[test]
fn new_notices_and_mails_that_failed_less_often_come_first() {
    let [ann, bob, cem, dan] = [(); 4].map(|()| UserId::random());
    let mails = [mail(ann, 3), mail(bob, 1), mail(cem, 0)];
    let [first, second, third] = mails.clone().map(|mail| Some(mail.mail_id));
    let notices = vec![due_notice(100, &[ann]), due_notice(300, &[dan])];
    let (_, digests) = planned(notices, mails.to_vec(), Vec::new());
    assert_eq!(
        summaries(&digests),
        [(dan, None, vec![300]), (cem, third, vec![]), (bob, second, vec![]), (ann, first, vec![100])]
    );
}

#[test]
fn of_several_unfinished_mails_of_a_recipient_the_one_that_failed_least_is_sent() {
    let ann = UserId::random();
    let mails = [mail(ann, 3), mail(ann, 1), mail(ann, 2)];
    let second = mails[1].mail_id;
    let (plan, digests) = planned(Vec::new(), mails.to_vec(), Vec::new());
    assert_eq!(summaries(&digests), [(ann, Some(second), vec![])]);
    assert_eq!((plan.count_beyond_mails(), plan.count_left_over()), (2, 0));
}

#[test]
fn threats_come_before_expiries_and_these_before_changes() {
    let [ann, bob, cem] = [(); 3].map(|()| UserId::random());
    let messages = vec![
        waiting(ann, MessageKind::KeyChanged),
        waiting(cem, MessageKind::AccessChanged),
        waiting(cem, MessageKind::RetiredSecretUsed),
    ];
    let (plan, digests) = planned(vec![due_notice(100, &[bob])], Vec::new(), messages);
    let order: Vec<_> = digests.iter().map(|digest| digest.user_id).collect();
    assert_eq!(order, [cem, bob, ann]);
    assert_eq!(digests[0].messages[0].message.kind, MessageKind::RetiredSecretUsed);
    assert_eq!(plan.count_left_over(), 4);
    plan.record_messages(1);
    plan.record_full_mail(2);
    assert_eq!((plan.count_left_over(), plan.count_beyond_mails()), (1, 2));
    plan.notices[0].record_full_mail();
    assert_eq!((plan.count_left_over(), plan.count_beyond_mails()), (0, 3));
}

#[test]
fn a_notice_is_in_the_digest_for_each_channel() {
    let mut notice = due_notice(100, &[UserId::random()]);
    notice.recipients[0].in_inbox = true;
    let (_, digests) = planned(vec![notice], Vec::new(), Vec::new());
    assert_eq!((expiries(&digests[0].for_mail), expiries(&digests[0].for_inbox)), (vec![100], vec![100]));
}

#[tokio::test]
async fn claims_of_a_notice_with_several_recipients_take_turns() {
    let notices =
        vec![due_notice(100, &[UserId::random(), UserId::random()]), due_notice(200, &[UserId::random()])];
    let (plan, _) = planned(notices, Vec::new(), Vec::new());
    let turn = plan.lock_claims(&plan.notices).await;
    assert!(turn.is_some());
    assert!(plan.claim_locks.values().all(|lock| lock.try_lock().is_err()));
    assert!(
        plan.lock_claims(&plan.notices[1..]).await.is_none(),
        "a notice of one recipient waits for nobody"
    );
    drop(turn);
    assert!(plan.claim_locks.values().all(|lock| lock.try_lock().is_ok()));
}

#[test]
fn organizations_take_turns_each_with_its_most_urgent_first() {
    let [large, small] = [(); 2].map(|()| OrganizationId::random());
    let of =
        |organization_id, expiry| DueNotice { organization_id, ..due_notice(expiry, &[UserId::random()]) };
    let notices = vec![of(large, 100), of(large, 101), of(large, 102), of(small, 500), of(small, 400)];
    let (_, digests) = planned(notices, Vec::new(), Vec::new());
    let order: Vec<_> = digests.iter().flat_map(|digest| expiries(&digest.for_mail)).collect();
    assert_eq!(order, [100, 400, 101, 500, 102]);
}
