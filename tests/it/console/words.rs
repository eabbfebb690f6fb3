//! What the console says, word for word: of problems, of policies and of times.

use domain::policy::{Extension, Policy, Preset};
use kit::{DAY, browse, browse_with, with_console};
use serde_json::{Value, json};

use super::{keys_page, page};

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn every_problem_is_told_in_its_sentence() {
    let unsure = "The service did not answer. What you asked for may or may not have been done: look before you repeat it.";
    let unsent = "This could not be sent. Reload the page and try again.";
    let cases = [
        (
            json!({"code": "policy_violation", "rule": "lifetime.max_seconds", "value": 2_592_000}),
            "Your organization's policy does not allow this: the longest lifetime of a key is 30 days.",
        ),
        (
            json!({"code": "policy_violation", "rule": "lifetime.allow_never", "value": false}),
            "Your organization's policy does not allow this: a key without an expiry is not allowed.",
        ),
        (
            json!({"code": "quota_exceeded", "rule": "quota.machine", "value": 2}),
            "All 2 keys are in use. Revoke or delete one first.",
        ),
        (
            json!({"code": "not_extendable"}),
            "The policy does not allow a later expiry. Create a new key instead.",
        ),
        (json!({"code": "key_expired"}), "This key has expired."),
        (json!({"code": "key_inactive"}), "This key is switched off."),
        (json!({"code": "already_revoked"}), "This key was revoked already."),
        (
            json!({"code": "last_owner"}),
            "An organization needs at least one active owner. Make somebody else an owner first.",
        ),
        (json!({"code": "email_taken"}), "Somebody in this organization has this address already."),
        (
            json!({"code": "conflict", "detail": "x", "retryAfter": 1}),
            "Something else changed at the same time. Try again.",
        ),
        (json!({"code": "precondition_failed"}), "Somebody changed this meanwhile."),
        (json!({"code": "idempotency_mismatch"}), "Close this dialog and try again."),
        (
            json!({"code": "forbidden", "detail": "this needs the permission users:read"}),
            "This needs the permission users:read.",
        ),
        (json!({"code": "not_found"}), "It is not there any more."),
        (json!({"code": "too_large"}), unsent),
        (json!({"code": "unsupported_media_type"}), unsent),
        (
            json!({"code": "too_many_requests", "retryAfter": 7, "again": true}),
            "Too many requests. Trying again in 7 seconds.",
        ),
        (json!({"code": "unavailable"}), unsure),
        (
            json!({"code": "internal", "request": "R1="}),
            "Something went wrong on our side, and has been logged. Request R1=.",
        ),
    ];
    browse(async |_, browser| {
        browser.open("/console/signed-out").await;
        browser.ready().await;
        let given: Value = cases.iter().map(|(problem, _)| problem.clone()).collect();
        let say = "return given.map((problem) => module.inWords(problem))";
        let said = browser.with_module("problems.js", say, given).await;
        for ((problem, sentence), said) in cases.iter().zip(said.as_array().unwrap()) {
            assert_eq!(said, sentence, "{problem}");
        }
        // What the gateway or the network answers has no code, and the same sentences.
        let answers = "return Promise.all(given.map(async (status) => module.inWords(await module.problemOf(status ? new Response('', { status, headers: { 'apigw-requestid': 'R1=' } }) : undefined))))";
        let said = browser.with_module("problems.js", answers, json!([0, 429, 500, 503])).await;
        let busy = "Too many requests. Try again in 2 seconds.";
        let broken = "Something went wrong on our side, and has been logged. Request R1=.";
        assert_eq!(said, json!([unsure, busy, broken, unsure]));
        // A rule stands at its field, as the API says it.
        let rule =
            json!({"code": "invalid_request", "field": "allowed_cidrs[1]", "rule": "must be a network"});
        let place =
            "return [module.fieldProblem(given, 'allowed_cidrs'), module.fieldProblem(given, 'name')]";
        let placed = browser.with_module("problems.js", place, rule).await;
        assert_eq!(placed, json!(["Must be a network.", ""]));
    });
}

/// A policy in the words of the table that stands beside the choice.
fn told(policy: &Policy) -> [String; 6] {
    let days = |seconds: i64| if seconds < DAY { "1 hour".to_owned() } else { (seconds / DAY).to_string() };
    let Policy { quota, lifetime, rotation, notices, .. } = policy;
    assert!(lifetime.min_seconds == DAY || lifetime.min_seconds == 3_600, "in words");
    let most = lifetime.max_seconds / DAY;
    let lifetime = match (most % 365, lifetime.allow_never) {
        (0, true) => format!("{} – {} years, or never", days(lifetime.min_seconds), most / 365),
        _ => format!("{}–{most} days", days(lifetime.min_seconds)),
    };
    let [first, second, third] = notices.days_before[..] else { panic!("three stages are in words") };
    let recipients = &notices.recipients;
    assert!(recipients.owners_for_machines && recipients.creator == recipients.owners);
    assert_eq!(recipients.modifier, recipients.owners);
    [
        format!("{}, {}, {}", quota.owner, quota.normal, quota.machine),
        lifetime,
        if policy.extension == Extension::None { "No: create a new key" } else { "At any time" }.to_owned(),
        format!("{} days", rotation.max_overlap_seconds / DAY),
        format!(
            "{first}, {second} and {third} days{}",
            if notices.on_expiry { ", and at expiry" } else { "" }
        ),
        if recipients.owners {
            "Also all owners, who created and who changed it"
        } else {
            "The key's user; owners for machines"
        }
        .to_owned(),
    ]
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_policies_that_one_chooses_from_are_told_as_they_are_and_a_refusal_in_its_words() {
    let mut options = with_console();
    options.parameters.insert("OrganizationCreation".to_owned(), "organizations:create".to_owned());
    browse_with(options, async |_, browser| {
        browser.sign_in("alice", "/console").await;
        browser.sees("You are signed in as alice@example.com, and not a member of any organization yet. Ask an owner to add this address, or create an organization.").await;
        let cells = "return [...document.querySelectorAll('.presets tbody tr')].map((row) => [...row.querySelectorAll('td')].map((cell) => cell.innerText))";
        let cells = browser.run(cells, json!([])).await;
        let (strict, flexible) = (Policy::preset(Preset::Strict), Policy::preset(Preset::Flexible));
        let expected: Vec<_> =
            told(&strict).into_iter().zip(told(&flexible)).map(|(one, two)| json!([one, two])).collect();
        assert_eq!(cells, json!(expected));
        browser.fill("Name", "Acme").await;
        browser.click("Create organization").await;
        browser.sees("This needs a sign-in that carries the permission organizations:create.").await;
        assert_eq!(browser.value("Name").await, "Acme");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn times_are_relative_by_the_clock_of_the_server_and_exact_in_their_title() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        let made = json!({"name": "laptop", "expires_in_days": 30});
        let key = organization.owner.post(&organization.keys_of("me"), made).await.expect(201);
        world.travel(3 * DAY + 60);
        browser.lives_in("Asia/Kolkata").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        let row = browser.row("laptop").await;
        assert_eq!((&row["Created"], &row["Expires"]), (&json!("3 days ago"), &json!("in 27 days")));
        let titles = "return [...document.querySelectorAll('main tbody time')].map((one) => [one.dateTime, one.title])";
        let titles = browser.run(titles, json!([])).await;
        let expires = titles.as_array().unwrap().iter().find(|one| one[0] == key["expires_at"]).unwrap();
        let (title, utc) = (expires[1].as_str().unwrap(), &key["expires_at"].as_str().unwrap()[11..19]);
        assert!(title.contains(" (UTC+5:30) · ") && title.ends_with(&format!("{utc} UTC")), "{title}");
        assert!(
            !title.contains('-') && title.split(' ').nth(1).unwrap().len() > 2,
            "a month in letters: {title}"
        );
        browser.lives_in("").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn an_empty_page_says_one_sentence_and_offers_what_comes_next() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "strict").await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        let counted = "return ['p', 'a, button'].map((what) => document.querySelectorAll(`main .empty :is(${what})`).length)";
        for (rest, sentence, action, then) in [
            ("me/inbox", "You have read everything.", "Show read messages", "No messages here."),
            (
                "me/inbox?state=archived",
                "No messages here.",
                "Show unread messages",
                "You have read everything.",
            ),
            ("access-keys", "There are no active keys.", "Your access keys", "You have no access keys."),
            (
                "access-keys/0000000000000000000A",
                "There is nothing here. It may have been deleted, or belong to another organization.",
                "Go to your keys",
                "You have no access keys.",
            ),
            (
                "users/000000000000",
                "There is nothing here. It may have been deleted, or belong to another organization.",
                "Go to your keys",
                "You have no access keys.",
            ),
            (
                "users?q=nobody",
                "No user fits these filters.",
                "Show all",
                "People sign in; machines use access keys alone.",
            ),
            ("audit?action=role.deleted", "No event fits these filters.", "Show all", "Organization created"),
            ("roles", "There are no roles yet.", "Add the first role", "Of a-z, 0-9 and -."),
            (
                "groups",
                "There are no groups yet.",
                "Add the first group",
                "You can only grant what you hold.",
            ),
        ] {
            browser.resize(900, 900).await;
            browser.open(&page(&organization, rest)).await;
            browser.sees(sentence).await;
            assert_eq!(browser.run(counted, json!([])).await, json!([1, 1]), "{rest}");
            browser.click(action).await;
            browser.sees(then).await;
            let has_focus = browser.run("return document.activeElement !== document.body", json!([])).await;
            assert_eq!(has_focus, json!(true), "the focus after {action}");
        }
    });
}
