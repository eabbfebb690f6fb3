//! What the documents show to be typed, run as it is written.

use std::process::Command;

use kit::{DAY, run};

#[test]
fn the_walk_through_works_as_written() {
    run(async |world| {
        let readme = include_str!("../../README.md");
        let blocks = readme.split("<!-- snippet: walk-through -->\n```sh\n").skip(1);
        let script: String = blocks.map(|block| block.split("```").next().unwrap()).collect();
        let script = script.replace("http://127.0.0.1:3000", &world.stack.url());
        let folder = std::env::temp_dir().join(format!("access-keys-walk-through-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let shell =
            Command::new("bash").args(["-euo", "pipefail", "-c", &script]).current_dir(&folder).output();
        std::fs::remove_dir_all(&folder).unwrap();
        let output = shell.expect("bash runs");
        let (said, complained) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}\n{complained}");
        for expected in [
            r#""secret":{"token":"ak_"#,
            r#""user_kind":"machine""#,
            r#""sent":1"#,
            r#""to":["alice@example.com"]"#,
            r#""status":"revoked""#,
        ] {
            assert!(said.contains(expected), "no {expected} in {said}");
        }
        assert!(said.ends_with("403\n"), "{said}");
    });
}

#[test]
fn a_machine_is_warned_fourteen_days_before_its_key_ends_and_when_it_does_not_work() {
    run(async |world| {
        let readme = include_str!("../../functions/README.md");
        let script =
            readme.split("<!-- snippet: warning -->\n```sh\n").nth(1).unwrap().split("```").next().unwrap();
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let token = key["secret"]["token"].as_str().unwrap();
        let warns = |token: &str| {
            let shell = Command::new("bash")
                .args(["-euo", "pipefail", "-c", script])
                .envs([("api", world.stack.url().as_str()), ("token", token)])
                .output()
                .expect("bash runs");
            let complained = String::from_utf8_lossy(&shell.stderr).into_owned();
            assert!(shell.status.success() && shell.stdout.is_empty(), "{shell:?}");
            assert!(
                ["", "the access key ends soon, or does not work\n"].contains(&complained.as_str()),
                "{complained}"
            );
            !complained.is_empty()
        };
        // The key lives for 90 days, and a started day counts as a whole one.
        for (seconds, warned) in [(0, false), (76 * DAY, false), (77 * DAY, true), (90 * DAY, true)] {
            world.travel(seconds);
            assert_eq!(warns(token), warned, "after {seconds} seconds");
        }
        world.travel(0);
        assert!(!warns(token) && warns("ak_none"));
    });
}
