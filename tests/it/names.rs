//! Names and other texts that people write, in every place that takes one.

use kit::{Client, Organization, World, run};
use serde_json::{Value, json};

/// Names with joiners, emoji, marks, both directions, odd spaces, and what looks like markup or a mail header.
const NAMES: [&str; 12] = [
    "می‌خواهم ۲۰‌ام",
    "ශ්‍රී ලංකා",
    "അവന്‍",
    "👩🏽‍🚀 👨‍👩‍👧‍👦 🏳️‍🌈",
    "1️⃣ 🇱🇰 👍🏾 ☎︎",
    "葛\u{e0100}城 さくら　会社",
    "דָּוִד 7 (CI)",
    "Nguye\u{302}\u{303}n",
    " two  spaces ",
    "=?utf-8?Q?=41?=",
    "<b>&amp;</b> \"x\" 'y' `z`",
    "https://example.com/?a=1&b=2",
];

/// Names that are refused, each with words of the rule.
const REFUSED: [(&str, &str); 14] = [
    (" \u{3000}", "people can see"),
    ("\u{301}", "people can see"),
    ("a\r\nBcc: x@example.com", "control characters (U+000D)"),
    ("a\u{2028}b", "line or paragraph separators"),
    ("a\u{200e}", "writing direction"),
    ("a\u{2067}b", "writing direction"),
    ("Mül\u{ad}ler", "invisible characters (U+00AD)"),
    ("\u{3164}", "invisible characters"),
    ("\u{2800}", "invisible characters"),
    ("🏴\u{e0067}\u{e0062}\u{e007f}", "tag characters"),
    ("\u{e000}", "private-use characters"),
    ("\u{378}", "unassigned characters"),
    ("a\u{200d}", "joiners only between"),
    ("a\u{fe0f}", "variation selectors only after"),
];

/// Each request that takes a text, with its body and the member that holds the text.
struct Places {
    owner: Client,
    organization: String,
    machine: String,
    keys: String,
    key: String,
}

impl Places {
    async fn of(organization: &Organization) -> Self {
        let machine = organization.machine("m").await;
        let key = organization.key(&machine, 90).await;
        Self {
            owner: organization.owner.clone(),
            organization: organization.path.clone(),
            machine: organization.user_path(&machine),
            keys: organization.keys_of(&machine),
            key: organization.key_path(&key),
        }
    }

    fn creations(&self) -> [(String, Value, &'static str); 4] {
        [
            ("/v1/organizations".to_owned(), json!({}), "name"),
            (format!("{}/users", self.organization), json!({"kind": "machine"}), "name"),
            (self.keys.clone(), json!({"expires_in_days": 1}), "name"),
            (self.keys.clone(), json!({"name": "k", "expires_in_days": 1}), "description"),
        ]
    }

    fn changes(&self) -> [(&str, &'static str); 4] {
        [
            (&self.organization, "name"),
            (&self.machine, "name"),
            (&self.key, "name"),
            (&self.key, "description"),
        ]
    }

    fn puts(&self) -> [(String, Value); 2] {
        [
            (format!("{}/roles/r", self.organization), json!({"permissions": []})),
            (format!("{}/groups/g", self.organization), json!({"roles": []})),
        ]
    }
}

fn with(mut body: Value, member: &str, text: &str) -> Value {
    body[member] = json!(text);
    body
}

#[test]
fn a_name_is_stored_and_answered_as_it_was_written() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let places = Places::of(&organization).await;
        for name in NAMES {
            for (path, member) in places.changes() {
                let changed = places.owner.patch(path, with(json!({}), member, name)).await.expect(200);
                assert_eq!(changed[member], name, "{path}");
            }
            assert_eq!(places.owner.get(&places.key).await.expect(200)["name"], name);
        }
        for (path, body) in places.puts() {
            let text = NAMES.concat();
            places.owner.put(&path, with(body, "description", &text)).await.expect(200);
            assert_eq!(places.owner.get(&path).await.expect(200)["description"], text);
        }
        let shown: Vec<_> =
            world.audit("access_key.updated").into_iter().map(|event| event["changes"].clone()).collect();
        assert!(NAMES.iter().all(|name| shown.contains(&json!({"name": name}))), "{shown:?}");
    });
}

#[test]
fn a_name_that_people_cannot_see_is_refused_by_every_route() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let places = Places::of(&organization).await;
        let before = world.items();
        for (number, (text, rule)) in REFUSED.into_iter().enumerate() {
            let report = with(json!({"tokens": ["x"]}), "note", text);
            world.anonymous().post("/v1/leaked-keys", report).await.expect_invalid("note", rule);
            // The rule is one: the other places need a few of the texts.
            if number % 5 != 0 {
                continue;
            }
            for (path, body, member) in places.creations() {
                places.owner.post(&path, with(body, member, text)).await.expect_invalid(member, rule);
            }
            for (path, member) in places.changes() {
                places.owner.patch(path, with(json!({}), member, text)).await.expect_invalid(member, rule);
            }
            for (path, body) in places.puts() {
                let refused = places.owner.put(&path, with(body, "description", text)).await;
                refused.expect_invalid("description", rule);
            }
            let report = with(json!({"tokens": ["x"]}), "source", text);
            world.anonymous().post("/v1/leaked-keys", report).await.expect_invalid("source", rule);
        }
        assert!(world.items() == before, "a refused request changed something");
    });
}

fn sign_in(world: &World, subject: &str, name: &str) -> Client {
    let issuer = world.stack.issuer();
    let token = issuer.sign(&issuer.header(), &issuer.claims(subject, "eve@example.com", name));
    world.anonymous().with_header("authorization", &format!("Bearer {token}"))
}

#[test]
fn a_sign_in_passes_whatever_its_name_and_people_see_what_can_be_seen_of_it() {
    run(async |world| {
        let shown_of_refused = [
            "eve@example.com",
            "eve@example.com",
            "a Bcc: x@example.com",
            "a b",
            "a",
            "ab",
            "Müller",
            "eve@example.com",
            "eve@example.com",
            "🏴",
            "eve@example.com",
            "eve@example.com",
            "a",
            "a",
        ];
        let refused = REFUSED.iter().map(|(name, _)| *name).zip(shown_of_refused);
        let same = NAMES.iter().filter(|name| !name.contains("  ") && !name.contains('\u{3000}'));
        for (number, (name, shown)) in refused.chain(same.map(|name| (*name, *name))).enumerate() {
            let eve = sign_in(world, &format!("eve-{number}"), name);
            let made = eve.post("/v1/organizations", json!({"name": "a"})).await.expect(201);
            let organization = made["organization_id"].as_str().unwrap();
            let me = eve.get(&format!("/v1/organizations/{organization}/users/me")).await.expect(200);
            assert_eq!(me["name"], shown, "{}", name.escape_unicode());
        }
    });
}
