//! The README's first walk-through, run as it is written.

use std::process::Command;

use kit::run;

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
