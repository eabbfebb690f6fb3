//! Reports in GitHub's format, with its signature.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{id::KeyId, token::SecretToken};
use kit::{Answer, Options, World, run, run_with};
use reqwest::Method;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::json;

use super::status;
use crate::tokens::{token, with_another_secret};

pub(crate) const GITHUB: &str = "/v1/leaked-keys/github";

/// A key that signs as GitHub does.
pub(crate) struct Signer(EcdsaKeyPair, SystemRandom);

impl Signer {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).unwrap();
        Self(pair, random)
    }

    fn pem(&self) -> String {
        let mut der = STANDARD.decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=").unwrap();
        der.extend(self.0.public_key().as_ref());
        let body = STANDARD.encode(der);
        format!("-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----\n", &body[..64], &body[64..])
    }

    pub(crate) fn sign(&self, body: &[u8]) -> String {
        STANDARD.encode(self.0.sign(&self.1, body).unwrap())
    }
}

/// The options of a stack that knows these keys of GitHub.
pub(crate) fn knowing(signers: &[(&str, &Signer)]) -> Options {
    let keys: serde_json::Map<_, _> =
        signers.iter().map(|(name, signer)| ((*name).to_owned(), json!(signer.pem()))).collect();
    let parameters = [("GithubPublicKeys".to_owned(), json!(keys).to_string())].into();
    Options { parameters, ..Options::default() }
}

async fn deliver(
    world: &World,
    path: &str,
    identifier: Option<&str>,
    signature: Option<&str>,
    body: &str,
) -> Answer {
    let mut client = world.anonymous();
    let headers = [("Github-Public-Key-Identifier", identifier), ("Github-Public-Key-Signature", signature)];
    for (name, value) in headers {
        if let Some(value) = value {
            client = client.with_header(name, value);
        }
    }
    client.send_raw(Method::POST, path, Some("application/json"), body.into()).await
}

async fn deliver_signed(world: &World, github: &Signer, body: &str) {
    let signature = github.sign(body.as_bytes());
    deliver(world, GITHUB, Some("k1"), Some(&signature), body).await.expect(202);
}

#[test]
fn a_message_of_github_is_accepted_with_a_signature_by_githubs_key() {
    let (github, stranger) = (Signer::new(), Signer::new());
    run_with(knowing(&[("k1", &github), ("k2", &stranger)]), async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let url = "https://github.com/octocat/Hello-World/blob/1234/foo/bar.txt";
        let found = json!({"token": token(&key), "type": "access_key", "url": url, "source": "content"});
        let body = format!(" {}\n", json!([found, {"token": "x", "type": "t", "url": ""}]));
        let (right, wrong) = (github.sign(body.as_bytes()), stranger.sign(body.as_bytes()));
        for (identifier, signature, sent) in [
            (None, None, body.as_str()),
            (Some("k1"), None, &body),
            (None, Some(right.as_str()), &body),
            (Some("k1"), Some(&wrong), &body),
            (Some("k2"), Some(&right), &body),
            (Some("k3"), Some(&right), &body),
            (Some("k1"), Some("?"), &body),
            (Some("k1"), Some(&right), body.trim()),
            (Some("k1"), Some(&right), "[]"),
        ] {
            let answer = deliver(world, GITHUB, identifier, signature, sent).await;
            answer.expect_problem(403, "forbidden");
        }
        assert_eq!(status(&organization, &key).await, "active");
        let answer = deliver(world, GITHUB, Some("k1"), Some(&right), &body).await.expect(202);
        assert_eq!(answer, json!({"status": "accepted"}));
        assert_eq!(status(&organization, &key).await, "revoked");
        let event = &world.audit("access_key.revoked")[0];
        assert_eq!(event["actor"]["name"], "GitHub secret scanning");
        assert_eq!(event["changes"]["source"], "GitHub secret scanning");
        assert_eq!(event["changes"]["note"], format!("{url} content"));

        let object = json!({"tokens": [token(&key)]}).to_string();
        let signature = github.sign(object.as_bytes());
        let answer = deliver(world, GITHUB, Some("k1"), Some(&signature), &object).await;
        answer.expect_invalid("body", "must be a JSON array");
    });
}

#[test]
fn a_byte_order_mark_and_repeated_members_save_no_key() {
    let github = Signer::new();
    run_with(knowing(&[("k1", &github)]), async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("machine").await;
        for signed in [true, false] {
            for write in [
                |token: &str| format!("\u{feff}[{}]", json!({"token": token})),
                |token: &str| format!("\u{feff} \n[{{\"token\": 7}}, {}]", json!({"token": token})),
                |token: &str| format!(r#"[{{"token": "{token}", "url": 1, "url": 2}}]"#),
                |token: &str| {
                    format!(
                        r#"[{{"x": 1, "url": "a", "token": "b", "url": [], "x": 2, "token": "{token}"}}]"#
                    )
                },
            ] {
                let key = organization.key(&machine, 90).await;
                let body = write(token(&key));
                if signed {
                    deliver_signed(world, &github, &body).await;
                } else {
                    deliver(world, "/v1/leaked-keys", None, None, &body).await.expect(202);
                }
                assert_eq!(status(&organization, &key).await, "revoked", "{signed}");
            }
            // Of repeated members the last counts.
            let key = organization.key(&machine, 90).await;
            let body = format!(r#"[{{"token": "{}", "token": "x"}}]"#, token(&key));
            deliver(world, "/v1/leaked-keys", None, None, &body).await.expect(202);
            assert_eq!(status(&organization, &key).await, "active");
            let revoke = format!("{}/revoke", organization.key_path(&key));
            organization.owner.post(&revoke, json!(null)).await.expect(200);
        }
    });
}

#[test]
fn every_right_token_of_a_message_is_revoked_whatever_stands_beside_it() {
    let github = Signer::new();
    run_with(knowing(&[("k1", &github)]), async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("machine").await;
        let keys = [organization.key(&machine, 90).await, organization.key(&machine, 90).await];
        let strangers = (0..101).map(|_| json!({"token": stranger_token(), "url": ""}));
        let mut elements: Vec<String> = strangers.map(|element| element.to_string()).collect();
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for odd in [
            "null",
            "7",
            "[]",
            r#"{"url": "x"}"#,
            r#"{"token": 7}"#,
            r#"{"token": null}"#,
            r#""\ud800""#,
            &deep,
        ] {
            elements.push(odd.to_owned());
        }
        elements.push(format!(r#"{{"token": "{}", "url": "\ud800", "source": 7}}"#, token(&keys[0])));
        elements.push(format!(r#"{{"token": "{}", "url": {deep}}}"#, token(&keys[1])));
        elements.push(format!(r#"{{"token": "x", "url": "{}"}}"#, "a".repeat(1_500_000)));
        deliver_signed(world, &github, &format!("[{}]", elements.join(","))).await;
        for key in &keys {
            assert_eq!(status(&organization, key).await, "revoked");
        }
        assert_eq!(world.audit("access_key.revoked").len(), 2);
        deliver_signed(world, &github, "[]").await;
    });
}

#[test]
fn a_report_holds_five_megabytes_and_no_more() {
    let github = Signer::new();
    run_with(knowing(&[("k1", &github)]), async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let most = 5 * 1024 * 1024;
        for (path, bytes, accepted) in
            [("/v1/leaked-keys", most + 1, false), (GITHUB, most + 1, false), (GITHUB, most, true)]
        {
            let mut body = json!([{"token": token(&key)}]).to_string();
            body.insert_str(1, &" ".repeat(bytes - body.len()));
            let signature = github.sign(body.as_bytes());
            let answer = deliver(world, path, Some("k1"), Some(&signature), &body).await;
            if accepted {
                answer.expect(202);
            } else {
                answer.expect_problem(413, "too_large");
            }
            let state = if accepted { "revoked" } else { "active" };
            assert_eq!(status(&organization, &key).await, state, "{path} {bytes}");
        }
    });
}

#[test]
fn an_array_at_the_open_route_is_nobodys_and_its_first_hundred_tokens_are_checked() {
    let github = Signer::new();
    run_with(knowing(&[("k1", &github)]), async |world| {
        let organization = world.organization("alice", "flexible").await;
        let (first, last) = (organization.machine_key().await, organization.machine_key().await);
        let strangers = (0..99).map(|_| json!({"token": stranger_token()}));
        let odd = [json!(null), json!({"token": "x"}), json!({"token": 7})];
        let one = json!({"token": token(&first), "url": "https://x.example"});
        let elements: Vec<_> = odd
            .into_iter()
            .chain(strangers)
            .chain([one.clone(), one, json!({"token": token(&last)})])
            .collect();
        let body = json!(elements).to_string();
        let signature = github.sign(body.as_bytes());
        deliver(world, "/v1/leaked-keys", Some("k1"), Some(&signature), &body).await.expect(202);
        assert_eq!(status(&organization, &first).await, "revoked");
        assert_eq!(status(&organization, &last).await, "active", "it is the 101st");
        let event = &world.audit("access_key.revoked")[0];
        assert_eq!(event["actor"]["name"], "leak report", "no header makes it GitHub's");
        assert_eq!(event["changes"]["note"], r#""https://x.example" (not verified)"#);
        deliver(world, "/v1/leaked-keys", None, None, "[]").await.expect(202);
    });
}

#[test]
fn a_message_of_github_is_checked_whatever_others_reported_a_moment_ago() {
    let github = Signer::new();
    let options = Options { instance_cap: 1, ..knowing(&[("k1", &github)]) };
    run_with(options, async |world| {
        let key = world.organization("alice", "strict").await.machine_key().await;
        let wrong: Vec<_> = (0..12).map(|_| json!({"token": with_another_secret(&key)})).collect();
        let body = json!(wrong).to_string();
        // Wrong secrets of signed messages are remembered for nobody.
        for is_signed in [true, false, true] {
            world.stack.calls().clear();
            if is_signed {
                deliver_signed(world, &github, &body).await;
            } else {
                deliver(world, "/v1/leaked-keys", None, None, &body).await.expect(202);
            }
            let calls = world.stack.calls().by_function("report-leaked-key");
            assert!(calls.iter().any(|call| call.operation == "BatchGetItem"), "{is_signed}: {calls:?}");
        }
    });
}

#[test]
fn without_keys_of_github_there_is_no_route_for_its_messages() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let body = json!([{"token": token(&key)}]);
        world.anonymous().post(GITHUB, body).await.expect_problem(404, "not_found");
        assert_eq!(status(&organization, &key).await, "active");
    });
}

/// Makes a well-formed token of a user that does not exist.
fn stranger_token() -> String {
    SecretToken::generate(&"ak".parse().unwrap(), KeyId::random()).expose().to_owned()
}
