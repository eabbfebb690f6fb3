//! The filter `q` of the list of users: by text, by id, and what a search reads.

use kit::{Organization, run};
use serde_json::{Value, json};

use crate::{
    reads::{Reads, reads_of},
    tokens::token,
};

/// Lists the users that a search finds, by pages of this limit.
async fn found(organization: &Organization, query: &str, limit: usize) -> Vec<String> {
    let path = format!("{}/users?{query}&limit={limit}", organization.path);
    let users = organization.owner.pages(&path).await;
    users.iter().map(|user| user["user_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn users_are_found_by_a_part_of_their_name_or_address_whatever_its_case() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let users = format!("{}/users", organization.path);
        let make = async |name: &str, email: &str| {
            let body = json!({"kind": "normal", "name": name, "email": email});
            let made = organization.owner.post(&users, body).await.expect(201);
            made["user_id"].as_str().unwrap().to_owned()
        };
        let zoe = make("Zoë Groß", "zg@b\u{fc}cher.example").await;
        let eva = make("Eva 100%", "Eva.Long+x@example.com").await;
        let ci = organization.machine("Nightly CI").await;
        let ids = |ids: &[&String]| {
            let mut ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
            ids.sort();
            ids
        };
        for (query, expected) in [
            ("q=nightly", ids(&[&ci])),
            ("q=Y ci", ids(&[&ci])),
            ("q=ZOË", ids(&[&zoe])),
            ("q=zoe\u{308}", ids(&[&zoe])),
            ("q=zoe", ids(&[])),
            ("q=GROSS", ids(&[&zoe])),
            ("q=B\u{dc}CHER", ids(&[&zoe])),
            ("q=xn--bcher", ids(&[&zoe])),
            ("q=eva.long%2Bx", ids(&[&eva])),
            ("q=100%25", ids(&[&eva])),
            ("q=example&kind=normal", ids(&[&zoe, &eva])),
            ("q=example&kind=machine", ids(&[])),
            ("q=nothing", ids(&[])),
            ("q=%5B%5E.%2A", ids(&[])),
        ] {
            assert_eq!(found(&organization, query, 1).await, expected, "{query}");
        }
        // What a search finds is what it is now.
        let path = organization.user_path(&ci);
        organization.owner.patch(&path, json!({"name": "Weekly"})).await.expect(200);
        assert_eq!(found(&organization, "q=nightly", 10).await, ids(&[]));
        assert_eq!(found(&organization, "q=weekly", 10).await, ids(&[&ci]));
        organization.owner.delete(&path).await.expect(204);
        assert_eq!(found(&organization, "q=weekly", 10).await, ids(&[]));
    });
}

#[test]
fn a_user_is_found_by_the_start_of_a_key_id_before_all_others_and_once() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let other = world.organization("bob", "strict").await;
        let key = organization.machine_key().await;
        let (user_id, key_id) = (key["user_id"].as_str().unwrap(), key["key_id"].as_str().unwrap());
        let mut texts = [12, 13, 20].map(|length| key_id[..length].to_owned()).to_vec();
        texts.extend([format!("ak_{key_id}"), format!("ak_{user_id}")]);
        for text in &texts {
            assert_eq!(found(&organization, &format!("q={text}"), 1).await, [user_id], "{text}");
            // The user of another organization does not exist.
            assert_eq!(found(&other, &format!("q={text}"), 100).await, [""; 0], "{text}");
        }
        for text in [&key_id[..11], &user_id.to_lowercase().to_uppercase(), &format!("{key_id}x")] {
            assert_eq!(found(&organization, &format!("q={text}"), 100).await, [""; 0], "{text}");
        }
        // Names that hold the text are found behind it.
        let mut named = vec![];
        for number in 0..3 {
            named.push(organization.machine(&format!("{number} like ak_{user_id}")).await);
        }
        named.sort();
        named.insert(0, user_id.to_owned());
        for limit in [1, 2] {
            assert_eq!(found(&organization, &format!("q={user_id}"), limit).await, named, "{limit}");
        }
        assert_eq!(found(&organization, &format!("q={user_id}&kind=owner"), 1).await, [""; 0]);
        let path = organization.user_path(user_id);
        organization.owner.patch(&path, json!({"status": "suspended"})).await.expect(200);
        assert_eq!(found(&organization, &format!("q={user_id}&status=active"), 1).await, named[1..]);
        organization.owner.delete(&path).await.expect(204);
        assert_eq!(found(&organization, &format!("q={user_id}"), 1).await, named[1..]);
        // A name that looks like an id is found by its text.
        let looks = organization.machine("DeployService").await;
        assert_eq!(found(&organization, "q=deployservice", 1).await, [looks]);
    });
}

#[test]
fn a_search_of_users_has_1_to_100_characters_and_holds_no_credential() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let key = organization.machine_key().await;
        let list = |text: &str| format!("{}/users?q={text}", organization.path);
        let owner = &organization.owner;
        for text in [String::new(), "x".repeat(101), "%C3%A9".repeat(101)] {
            owner.get(&list(&text)).await.expect_invalid("q", "must be 1 to 100 characters");
        }
        for text in ["%C3%A9".repeat(100), "%20".to_owned(), "%00".to_owned()] {
            assert_eq!(owner.get(&list(&text)).await.expect(200)["next_cursor"], Value::Null);
        }
        owner.get(&list("a&q=a")).await.expect_invalid("q", "once");
        owner.get(&list("%C3")).await.expect_invalid("q", "UTF-8");
        for text in [token(&key).to_owned(), format!("x{}", token(&key)), token(&key).replace('_', "%5F")] {
            owner.get(&list(&text)).await.expect_forbidden_by_gateway();
        }
        let public_half = format!("ak_{}", key["key_id"].as_str().unwrap());
        owner.get(&list(&public_half)).await.expect(200);
    });
}

#[test]
fn a_cursor_belongs_to_one_search_of_users() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        for number in 0..3 {
            organization.machine(&format!("ci {number}")).await;
        }
        let list = |query: &str| format!("{}/users?{query}", organization.path);
        let owner = &organization.owner;
        let page = owner.get(&list("q=ci&kind=machine&limit=1")).await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        owner.get(&list(&format!("kind=machine&cursor={cursor}&q=ci"))).await.expect(200);
        for query in ["q=ci", "q=CI&kind=machine", "q=c&kind=machine", "kind=machine", "q=ci&kind=owner", ""]
        {
            let path = list(&format!("{query}&cursor={cursor}"));
            let path = path.replace("?&", "?");
            owner.get(&path).await.expect_invalid("cursor", "next_cursor");
        }
    });
}

#[test]
fn a_search_of_many_users_reads_strongly_what_it_finds_and_nothing_else() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let machine = organization.machine("worker").await;
        world.copy_user(&machine, 210);
        let needle = organization.machine("needle").await;
        let (mut seen, mut cursor, mut pages) = (vec![], String::new(), 0);
        loop {
            world.stack.calls().clear();
            let path = format!("{}/users?q=NEEDLE{cursor}", organization.path);
            let page = organization.owner.get(&path).await.expect(200);
            let (reads, items) = (reads_of(world, "manage-users"), page["items"].as_array().unwrap().len());
            assert!(reads.queries <= 5 && reads.eventual <= 200 && reads.strong == items, "{reads:?}");
            seen.extend(page["items"].as_array().unwrap().iter().map(|user| user["user_id"].clone()));
            pages += 1;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!((seen, pages), (vec![json!(needle)], 2));

        // A page that has found what it can afford to show reads no more. The owner and the needle may be among the first 100.
        world.stack.calls().clear();
        let path = format!("{}/users?q=work&limit=100", organization.path);
        let shown = organization.owner.get(&path).await.expect(200)["items"].as_array().unwrap().len();
        let reads = reads_of(world, "manage-users");
        assert!(
            shown >= 98 && reads.queries == 1 && reads.eventual <= 100 && reads.strong == shown,
            "{shown}, {reads:?}"
        );
        // An id is looked up directly, on the first page.
        world.stack.calls().clear();
        let path = format!("{}/users?q={needle}&limit=1", organization.path);
        assert_eq!(organization.owner.get(&path).await.expect(200)["items"][0]["user_id"], json!(needle));
        assert_eq!(reads_of(world, "manage-users"), Reads { strong: 2, ..Reads::default() });
        // What is not searched is read strongly, by pages of what is shown.
        world.stack.calls().clear();
        organization.owner.get(&format!("{}/users?limit=7", organization.path)).await.expect(200);
        assert_eq!(reads_of(world, "manage-users"), Reads { queries: 1, strong: 7, ..Reads::default() });
    });
}

#[test]
fn a_user_that_changes_while_it_is_searched_for_is_shown_as_it_is_now_or_not_at_all() {
    run(async |world| {
        let organization = world.organization("alice", "strict").await;
        let owner = &organization.owner;
        let (first, second) = (organization.machine("old 1").await, organization.machine("old 2").await);
        let first = organization.user_path(&first);
        for (body, shown) in
            [(json!({"status": "suspended"}), 2), (json!({"name": "new"}), 1), (Value::Null, 1)]
        {
            let change = async {
                match &body {
                    Value::Null => owner.delete(&first).await.expect(204),
                    body => owner.patch(&first, body.clone()).await.expect(200),
                }
            };
            let query = format!("{}/users?q=old", organization.path);
            let read = ("manage-users", "BatchGetItem", 2);
            let page = world.while_held(read, owner.get(&query), change).await.0.expect(200);
            let items = page["items"].as_array().unwrap();
            let suspended = items.iter().filter(|user| user["status"] == "suspended").count();
            assert_eq!((items.len(), suspended), (shown, shown - 1), "{body}");
            assert!(items.iter().any(|user| user["user_id"] == json!(second)));
            if shown == 1 && !body.is_null() {
                owner.patch(&first, json!({"name": "old 1"})).await.expect(200);
            }
        }
    });
}
