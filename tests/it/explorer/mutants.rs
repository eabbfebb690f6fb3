//! Transactions without some of their conditions: the search must find an order that shows it.

use kit::{Options, Writes, run_with};

use super::{
    action::Action::{self, *},
    compare::{ConcurrentRequests, Violation},
    fixture::Setup,
    search::Search,
};

/// Plays all orders of two requests without these conditions. Returns the first order that shows it.
fn without(conditions: &[&str], setup: Setup, pair: [Action; 2]) -> Option<String> {
    let mut found = None;
    let left_out = conditions.iter().map(|name| (*name).to_owned()).collect();
    run_with(Options { writes: Writes::Mutated(left_out), ..Options::default() }, async |world| {
        let fixture = setup.build(world).await;
        let mut requests = ConcurrentRequests::new(world, &fixture, &pair).await;
        let searched = requests.search(&mut Search::default(), usize::MAX).await;
        found = searched.err().map(|Violation(text)| text);
    });
    found
}

fn check(conditions: &[&str], setup: Setup, pair: [Action; 2], shown: &str) {
    let text = without(conditions, setup, pair).expect("an order shows that the conditions are missing");
    assert!(text.contains(shown), "{text}");
}

#[test]
fn a_creation_without_the_version_of_its_user_exceeds_the_quota() {
    check(
        &["create-access-key Update USER/USER of access_key.created: version = :seen"],
        Setup::Keys,
        [Create, Create],
        "live {\"key\": \"89d0h\", \"new0\"",
    );
}

#[test]
fn a_revocation_without_its_conditions_is_done_twice() {
    let conditions = ["version = :seen", "attribute_not_exists(revoked_at)"];
    let conditions = conditions
        .map(|condition| format!("revoke-access-key Update USER/KEY of access_key.revoked: {condition}"));
    let conditions = conditions.each_ref().map(String::as_str);
    check(&conditions, Setup::Keys, [Revoke, Revoke], "key version 3 revoked true");
}

#[test]
fn a_link_without_its_claim_links_a_stranger() {
    let claim = "authorize-request ConditionCheck ORG/EMAIL of user.linked: user_id = :user";
    let user = "authorize-request Update USER/USER of user.linked: version = :seen";
    check(
        &[claim, user],
        Setup::Keys,
        [Link, Address],
        "david@example.com proven dave@example.com linked to",
    );
    // The version of the user covers its address: one of the two conditions is enough.
    assert_eq!(without(&[claim], Setup::Keys, [Link, Address]), None);
}

#[test]
fn a_second_claim_of_a_notice_is_found() {
    let claim = "notify-expiring-keys Put USER/NOTICE: attribute_not_exists(PK) OR stage > :stage";
    check(&[claim], Setup::DueKey, [Notify, Notify], "+ mail to");
}
