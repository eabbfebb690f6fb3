//! The modules that repeat a rule of the domain, run in a browser and compared with it: who may do what, what a policy allows,
//! and times.

use domain::{
    Time,
    access::{Action, Actor, Resource, rules},
    id::UserId,
    permission::Permission,
    policy::{Policy, PolicyChange},
    user::Kind,
};
use kit::{Browser, DAY, browse};
use serde_json::{Value, json};

/// Opens the page that needs no sign-in, to have the modules at hand.
async fn open(browser: &Browser<'_>) {
    browser.open("/console/signed-out").await;
    browser.ready().await;
}

/// The permissions that callers of the comparison hold, one set each.
fn held() -> Vec<Vec<Permission>> {
    let mut sets: Vec<_> =
        rules().map(|(_, permission, _)| permission).filter(|one| !one.is_empty()).collect();
    sets.extend(["*", "users:*", "access-keys:*", "roles:*", "user", "users:reader"]);
    let permission = |text: &str| Permission::try_from(text.to_owned()).unwrap();
    let mut sets: Vec<_> = sets.into_iter().map(|one| vec![permission(one)]).collect();
    sets.push(Vec::new());
    sets.push(["users:read", "access-keys:write"].map(permission).to_vec());
    sets
}

/// What the domain says that somebody lacks; an empty text where the action is allowed.
fn lacks(actor: &Actor, action: Action, resource: Option<Resource>) -> String {
    let decision = match resource {
        None => actor.may(action),
        Some(resource) => actor.may_for(action, resource).map(drop),
    };
    match decision {
        Ok(()) => String::new(),
        Err(domain::Error::Forbidden { needs }) => needs,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_page_says_of_every_action_what_the_domain_says() {
    browse(async |_, browser| {
        open(browser).await;
        let (me, other) = (UserId::random(), UserId::random());
        let kinds = [Kind::Owner, Kind::Normal, Kind::Machine];
        let (mut cases, mut expected) = (Vec::new(), Vec::new());
        for permissions in held() {
            for kind in kinds {
                let actor = Actor { user_id: me, kind, permissions: permissions.clone(), key_id: None };
                let others = kinds.map(|kind| Some(Resource { user_id: other, kind, key_id: None }));
                for resource in [None, Some(actor.as_resource())].into_iter().chain(others) {
                    for (action, ..) in rules() {
                        let held: Vec<_> = permissions.iter().map(Permission::as_str).collect();
                        let whose = resource.map(
                            |one| json!({"user_id": one.user_id.to_string(), "kind": one.kind.as_str()}),
                        );
                        let who =
                            json!({"kind": kind.as_str(), "user_id": me.to_string(), "permissions": held});
                        cases.push(json!([who, format!("{action:?}"), whose]));
                        expected.push(lacks(&actor, action, resource));
                    }
                }
            }
        }
        assert!(expected.iter().any(String::is_empty) && cases.len() > 5_000, "{}", cases.len());
        let script = "return given.map(([actor, action, resource]) => module.lacks(actor, action, resource ?? undefined));";
        let said = browser.with_module("rights.js", script, json!(cases)).await;
        for ((case, expected), said) in cases.iter().zip(expected).zip(said.as_array().unwrap()) {
            assert_eq!(*said, expected, "{case}");
        }
    });
}

/// Policies at the edges of what can be set.
fn policies() -> Vec<Policy> {
    let changes = [
        json!({"preset": "strict"}),
        json!({"preset": "flexible"}),
        json!({"preset": "strict", "lifetime": {"min_seconds": 7 * DAY, "max_seconds": 90 * DAY}}),
        json!({"preset": "strict", "lifetime": {"min_seconds": 7 * DAY + 1, "max_seconds": 90 * DAY - 1}}),
        json!({"preset": "flexible", "lifetime": {"min_seconds": 1, "max_seconds": 3600}, "extension": "before_expiry"}),
        json!({"preset": "flexible", "lifetime": {"min_seconds": 400 * DAY, "allow_never": false}, "extension": "none"}),
    ];
    let strict = Policy::preset(domain::policy::Preset::Strict);
    let parse = |change: Value| serde_json::from_value::<PolicyChange>(change).unwrap();
    changes.into_iter().map(|change| strict.clone().changed(&parse(change)).unwrap()).collect()
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_page_knows_the_presets_of_the_domain() {
    browse(async |_, browser| {
        open(browser).await;
        let presets = browser.with_module("pages/policy.js", "return module.PRESETS", json!(null)).await;
        for (name, preset) in
            [("strict", domain::policy::Preset::Strict), ("flexible", domain::policy::Preset::Flexible)]
        {
            let mut expected = json!(Policy::preset(preset));
            expected.as_object_mut().unwrap().remove("preset");
            assert_eq!(presets[name], expected, "{name}");
        }
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_form_offers_the_expiries_that_the_policy_allows_and_no_other() {
    browse(async |_, browser| {
        open(browser).await;
        let policies = policies();
        let script = "return given.map((policy) => [module.expiryChoices(policy), ...['active', 'expired'].map((status) => module.notExtendable(policy, { status }))]);";
        let said = browser.with_module("quota.js", script, json!(policies)).await;
        let now = Time::from_seconds(1_900_000_000);
        for (policy, said) in policies.iter().zip(said.as_array().unwrap()) {
            let allows = |expiry| policy.check_lifetime(expiry, now).is_ok();
            let days: Vec<_> =
                [7, 30, 90, 365].into_iter().filter(|days| allows(Some(now.plus(days * DAY)))).collect();
            assert_eq!(said[0]["days"], json!(days), "{policy:?}");
            assert_eq!(said[0]["never"], json!(allows(None)), "{policy:?}");
            let preset = if days.contains(&90) { Some(&90) } else { days.last() };
            assert_eq!(said[0]["preset"].as_i64().as_ref(), preset, "{policy:?}");
            // An expiry that lies ahead, and one that has passed, moved by a second more than the shortest lifetime.
            let least = policy.lifetime.min_seconds;
            for (place, current) in [(1, now.plus(1)), (2, now.plus(-1))] {
                let later = policy.check_new_expiry(Some(current), Some(now.plus(least + 1)), now).is_ok();
                assert_eq!(said[place].as_str().unwrap().is_empty(), later, "{policy:?}: {said}");
            }
        }
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn live_keys_are_counted_and_overlaps_offered_as_the_domain_does() {
    browse(async |_, browser| {
        open(browser).await;
        let keys =
            json!(["active", "inactive", "expired", "revoked"].map(|status| json!({"status": status})));
        // Quotas count what is neither revoked nor expired: `domain::quota::check_quota`.
        let live =
            browser.with_module("quota.js", "return given.map((key) => module.live([key]));", keys).await;
        assert_eq!(live, json!([1, 1, 0, 0]));
        let most = [0, 60, 3600, DAY, 7 * DAY, 365 * DAY];
        let script =
            "return given.map((most) => module.overlaps({ rotation: { max_overlap_seconds: most } }));";
        let said = browser.with_module("quota.js", script, json!(most)).await;
        let offered = [vec![0], vec![0, 60], vec![0, 3600], vec![0, 3600, DAY], vec![0, 3600, DAY, 7 * DAY]];
        assert_eq!(said.as_array().unwrap()[..5], json!(offered).as_array().unwrap()[..]);
        assert_eq!(said[5], json!([0, 3600, DAY, 7 * DAY, 365 * DAY]));
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_day_ends_where_the_reader_is_and_the_domain_reads_its_last_second() {
    browse(async |_, browser| {
        // The clocks of some days of these zones change, and one zone is half an hour off.
        let days = [
            "2027-02-28",
            "2027-03-14",
            "2027-03-28",
            "2027-04-04",
            "2027-09-26",
            "2027-11-07",
            "2028-02-29",
        ];
        for zone in ["UTC", "America/New_York", "Pacific/Auckland", "Asia/Kolkata", "Europe/Berlin"] {
            browser.lives_in(zone).await;
            open(browser).await;
            let script = "return given.map((day) => { const end = module.endOfDay(day); return [end, module.dayOf(Date.parse(end)), module.dayOf(Date.parse(end) + 1000), module.exact(end)]; });";
            let said = browser.with_module("time.js", script, json!(days)).await;
            for (day, said) in days.iter().zip(said.as_array().unwrap()) {
                let end = Time::parse(said[0].as_str().unwrap()).unwrap();
                assert_eq!(said[0], end.to_string(), "{zone}: the domain writes it the same");
                assert_eq!(said[1], *day, "{zone}");
                assert_ne!(said[2], *day, "{zone}: one second later is another day");
                if zone == "UTC" {
                    assert_eq!(end.utc_date(), *day);
                    assert_eq!(end.plus(1), end.next_midnight());
                }
                let (exact, utc) = (said[3].as_str().unwrap(), &end.to_string()[11..19]);
                assert!(
                    exact.contains(", 23:59:59 (UTC") && exact.ends_with(&format!("· {utc} UTC")),
                    "{zone}: {exact}"
                );
            }
        }
        browser.lives_in("").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn whole_days_are_told_as_the_domain_counts_them() {
    browse(async |_, browser| {
        open(browser).await;
        let now = Time::from_seconds(1_900_000_000);
        let days: Vec<i64> = (2..=399).collect();
        let times: Vec<_> = days.iter().map(|days| now.plus(days * DAY).to_string()).collect();
        let script = "return given[1].map((time) => module.relative(time, Date.parse(given[0])));";
        let said = browser.with_module("time.js", script, json!([now.to_string(), times])).await;
        for (days, said) in days.iter().zip(said.as_array().unwrap()) {
            assert_eq!(now.plus(days * DAY).days_from(now), *days);
            assert_eq!(*said, format!("in {days} days"));
        }
        let near = [
            (1, "in a moment"),
            (-1, "just now"),
            (59, "in 1 minute"),
            (-3600, "1 hour ago"),
            (DAY, "tomorrow"),
            (-DAY, "yesterday"),
        ];
        let times: Vec<_> = near.iter().map(|(seconds, _)| now.plus(*seconds).to_string()).collect();
        let said = browser.with_module("time.js", script, json!([now.to_string(), times])).await;
        assert_eq!(said, json!(near.map(|(_, text)| text)));
    });
}
