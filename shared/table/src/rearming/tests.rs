//! Tests of which keys a re-arming concerns.

use serde_json::json;

use super::*;

#[test]
fn a_key_is_concerned_from_a_second_on_but_not_longer_ago_than_claims_are_kept() {
    let now = Time::from_seconds(CLAIM_RETENTION * 2);
    let rearming = |since: i64| -> Rearming {
        let stored = json!({"organization_id": OrganizationId::random(), "since": since, "caused_by": 1});
        serde_json::from_value(stored).unwrap()
    };
    let recent = now.seconds() - 10;
    for (since, expires_at, concerns) in [
        (recent, recent, true),
        (recent, recent - 1, false),
        (0, now.seconds() - MADE_UP_FOR, true),
        (0, now.seconds() - MADE_UP_FOR - 1, false),
    ] {
        assert_eq!(
            rearming(since).concerns(Time::from_seconds(expires_at), now),
            concerns,
            "{since} {expires_at}"
        );
    }
}
