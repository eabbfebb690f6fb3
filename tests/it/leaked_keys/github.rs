//! Reports in GitHub's format, with its signature.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kit::{Options, run, run_with};
use reqwest::Method;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::json;

use super::{report, send, status};
use crate::tokens::token;

/// A key that signs as GitHub does.
struct Signer(EcdsaKeyPair, SystemRandom);

impl Signer {
    fn new() -> Self {
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

    fn sign(&self, body: &[u8]) -> String {
        STANDARD.encode(self.0.sign(&self.1, body).unwrap())
    }
}

#[test]
fn a_message_of_github_is_accepted_with_a_signature_by_githubs_key() {
    let (github, stranger) = (Signer::new(), Signer::new());
    let keys = json!({"k1": github.pem(), "k2": stranger.pem()}).to_string();
    let parameters = [("GithubPublicKeys".to_owned(), keys)].into();
    run_with(Options { parameters, ..Options::default() }, async |world| {
        let organization = world.organization("alice", "flexible").await;
        let key = organization.machine_key().await;
        let url = "https://github.com/octocat/Hello-World/blob/1234/foo/bar.txt";
        let found = json!({"token": token(&key), "type": "access_key", "url": url, "source": "content"});
        let body = format!(" {}\n", json!([found, {"token": "x", "type": "t", "url": ""}]));
        let send = async |identifier: Option<&str>, signature: Option<&str>, body: &str| {
            let mut client = world.anonymous();
            for (name, value) in
                [("Github-Public-Key-Identifier", identifier), ("Github-Public-Key-Signature", signature)]
            {
                if let Some(value) = value {
                    client = client.with_header(name, value);
                }
            }
            client.send_raw(Method::POST, "/v1/leaked-keys", Some("application/json"), body.into()).await
        };
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
            send(identifier, signature, sent).await.expect_problem(403, "forbidden");
        }
        assert_eq!(status(&organization, &key).await, "active");
        let answer = send(Some("k1"), Some(&right), &body).await.expect(202);
        assert_eq!(answer, json!({"status": "accepted"}));
        assert_eq!(status(&organization, &key).await, "revoked");
        let event = &world.audit("access_key.revoked")[0];
        assert_eq!(event["actor"]["name"], "GitHub secret scanning");
        assert_eq!(event["changes"]["note"], format!("{url} content"));

        let own = organization.machine_key().await;
        report(world, &[token(&own)]).await;
        assert_eq!(status(&organization, &own).await, "revoked", "our own format needs no signature");
    });
}

#[test]
fn without_keys_of_github_its_messages_need_no_signature() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        send(world, json!([{"token": token(&key), "type": "t", "url": "https://x.example"}]))
            .await
            .expect(202);
        assert_eq!(status(&organization, &key).await, "revoked");
    });
}
