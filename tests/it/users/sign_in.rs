//! The first sign-in of an invited person.

use kit::run;
use serde_json::json;

#[test]
fn an_invited_person_is_linked_at_the_first_sign_in_and_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let carol = organization.invite("carol").await;
        let path = organization.user_path("me");
        let people: Vec<_> = (0..8).map(|_| world.person("carol")).collect();
        let answers = futures_util::future::join_all(people.iter().map(|person| person.get(&path))).await;
        for answer in answers {
            assert_eq!(answer.expect(200)["user_id"], json!(carol));
        }
        assert_eq!(world.audit("user.linked").len(), 1);
        assert_eq!(world.items_of("SUBJECT#").len(), 2);

        let issuer = world.stack.issuer();
        let token = issuer.token("another-subject", "carol@example.com", "carol");
        let other = world.anonymous().with_header("authorization", &format!("Bearer {token}"));
        other.get(&path).await.expect_forbidden_by_gateway();
    });
}

#[test]
fn an_unverified_address_links_nobody() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        organization.invite("carol").await;
        let issuer = world.stack.issuer();
        let mut claims = issuer.claims("mallory", "carol@example.com", "carol");
        claims["email_verified"] = json!(false);
        let token = issuer.sign(&issuer.header(), &claims);
        let mallory = world.anonymous().with_header("authorization", &format!("Bearer {token}"));
        mallory.get(&organization.user_path("me")).await.expect_forbidden_by_gateway();
        assert_eq!(world.audit("user.linked").len(), 0);
    });
}
