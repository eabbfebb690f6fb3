//! Published key sets as issuers have them.

use kit::{Options, Switches, run};
use serde_json::{Value, json};

#[test]
fn entries_that_cannot_be_used_are_passed_over_and_never_take_the_others_with_them() {
    run(async |world| {
        let issuer = world.stack.issuer();
        let good = issuer.jwks()["keys"][0].clone();
        let changed = |changes: Value| {
            let mut entry = good.clone();
            entry.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            entry
        };
        // RFC 7517, 4.5: keys of two types share a name, and none states an algorithm.
        let rsa = json!({
            "kty": "RSA", "kid": issuer.key_id(), "e": "AQAB", "n": format!("gQ{}Q", "A".repeat(339)),
        });
        // A key of the same type and name that did not sign: valid as an entry, no point of the curve.
        let other = changed(json!({"alg": null, "x": "A".repeat(43)}));
        issuer.publish(json!({"keys": [
            changed(json!({"kid": 7})),
            null,
            "secret-content",
            {},
            changed(json!({"kty": "AKP"})),
            changed(json!({"crv": "P-521"})),
            changed(json!({"use": "enc"})),
            changed(json!({"key_ops": ["encrypt"]})),
            changed(json!({"x": "+/="})),
            changed(json!({"y": null})),
            json!({"kty": "RSA", "kid": "short", "e": "AQAB", "n": "gQAE"}),
            rsa,
            other,
            changed(json!({"alg": null, "x5c": [7], "x5t": null})),
            good.clone(),
            good.clone(),
        ]}));
        world.person("alice").get("/v1/whoami").await.expect(200);
        let bearer =
            |token: String| world.anonymous().with_header("authorization", &format!("Bearer {token}"));
        let claims = issuer.claims("alice", "alice@example.com", "Alice");
        bearer(issuer.sign(&json!({"alg": "ES256"}), &claims)).get("/v1/whoami").await.expect(200);
        for forged in [
            issuer.sign_with_unknown_key(&issuer.header(), &claims),
            issuer.sign_with_unknown_key(&json!({"alg": "ES256"}), &claims),
            issuer.sign(&json!({"alg": "RS256", "kid": issuer.key_id()}), &claims),
        ] {
            bearer(forged).get("/v1/whoami").await.expect_forbidden_by_gateway();
        }
        let mut lines = world.stack.logs().by_function("authorize-request");
        lines.retain(|line| line.contains("passed over keys"));
        let [line] = lines.as_slice() else { panic!("one line a fetch: {lines:?}") };
        let entries = "0 kid, 1 entry, 2 entry, 3 kty, 4 kty, 5 crv, 6 use, 7 key_ops, 8 x, 9 y, 10 n";
        assert!(line.contains(entries) && !line.contains("secret-content"), "{line}");
    });
}

#[test]
fn of_many_keys_that_cannot_be_used_20_are_named_and_all_counted() {
    kit::run_with(kit::Options::default(), async |world| {
        world.stack.issuer().publish(json!({"keys": vec![json!({"kty": "EC"}); 25]}));
        world.person("alice").get("/v1/whoami").await.expect(403);
        let mut lines = world.stack.logs().by_function("authorize-request");
        lines.retain(|line| line.contains("passed over keys"));
        let [line] = lines.as_slice() else { panic!("one line a fetch: {lines:?}") };
        assert!(line.contains(", 19 ") && !line.contains(", 20 "), "{line}");
        assert!(line.contains("\"passed_over_count\":25"), "{line}");
    });
}

#[test]
fn a_document_without_a_list_of_keys_is_a_failure_and_an_empty_list_none() {
    for (document, status) in [
        (json!({"keys": null}), 500),
        (json!({"keys": {"0": {}}}), 500),
        (json!({"keys": [], "padding": "x".repeat(300_000)}), 500),
        (json!({"keys": []}), 403),
    ] {
        kit::run_with(kit::Options::default(), async |world| {
            world.stack.issuer().publish(document);
            world.person("alice").get("/v1/whoami").await.expect(status);
        });
    }
}

#[test]
fn a_key_that_the_issuer_withdrew_signs_nobody_in_after_an_hour() {
    kit::run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        world.person("alice").get("/v1/whoami").await.expect(200);
        world.stack.issuer().publish(json!({"keys": []}));
        for (seconds, status) in [(3_500, 200), (3_610, 403)] {
            world.travel(seconds);
            assert_eq!(world.person("alice").get("/v1/whoami").await.status, status, "after {seconds} s");
        }
    });
}

#[test]
fn an_invented_key_fails_nothing_while_the_issuer_does_not_answer() {
    let down = Switches { down: true, ..Switches::default() };
    kit::run_with(Options { instance_cap: 1, ..Options::default() }, async |world| {
        let issuer = world.stack.issuer();
        let mut header = issuer.header();
        header["kid"] = json!("invented");
        let token = issuer.sign(&header, &issuer.claims("mallory", "mallory@example.com", "mallory"));
        let stranger = world.anonymous().with_header("authorization", &format!("Bearer {token}"));
        world.person("alice").get("/v1/whoami").await.expect(200);
        issuer.switch(down);
        for seconds in [11, 22, 3_700] {
            // The keys may be asked for again, and are not to be had.
            world.travel(seconds);
            stranger.get("/v1/whoami").await.expect_forbidden_by_gateway();
            world.person("alice").get("/v1/whoami").await.expect(200);
        }
        let lines = world.stack.logs().by_function("authorize-request").concat();
        assert!(lines.contains("the issuer's last keys stay in use"), "{lines}");
        world.travel(25 * 3_600);
        stranger.get("/v1/whoami").await.expect(500);
    });
}
