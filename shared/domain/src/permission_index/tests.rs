//! The index against the plain way to find what a caller may do.

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::json;

use super::*;
use crate::{
    Time,
    grant::effective,
    id::{KeyId, KeySuffix, OrganizationId},
    role::{Catalog, Group, Role},
    token::{KeyPrefix, SecretToken},
};

fn label(number: usize) -> Label {
    format!("n{number}").try_into().unwrap()
}

/// Names of which some are those of no role or group.
fn names() -> impl Strategy<Value = Vec<Label>> {
    vec((0..7_usize).prop_map(label), 0..4)
}

fn permissions() -> impl Strategy<Value = Vec<Permission>> {
    let any = prop_oneof![
        1 => Just("*".to_owned()),
        20 => "[a0_-]{1,2}(:[a0_-]{1,2}){0,2}(:\\*)?",
        // Alike in more bytes than an entry of the order holds.
        10 => "long-permission:(\\*|[a0_-]{1,2}(:[a0_-]{1,2})?(:\\*)?)",
    ];
    vec(any.prop_map(|text| text.try_into().unwrap()), 0..8)
}

prop_compose! {
    fn any_catalog()(roles in vec(permissions(), 0..6), groups in vec(names(), 0..6)) -> Catalog {
        let (description, updated_at, version) = (None, Time::from_seconds(0), 1);
        let role = |(number, permissions)| {
            let name = label(number);
            (name.clone(), Role { name, permissions, description: description.clone(), updated_at, version })
        };
        let group = |(number, roles)| {
            let name = label(number);
            (name.clone(), Group { name, roles, description: description.clone(), updated_at, version })
        };
        Catalog {
            roles: roles.into_iter().enumerate().map(role).collect(),
            groups: groups.into_iter().enumerate().map(group).collect(),
        }
    }
}

prop_compose! {
    fn any_caller()(
        kind in select(vec![Kind::Owner, Kind::Normal, Kind::Machine]),
        (roles, groups) in (names(), names()),
        narrowed in (option::of(names()), option::of(names())),
    ) -> (User, AccessKey) {
        let now = Time::from_seconds(0);
        let name = |text: &str| text.to_owned().try_into().unwrap();
        let user = User { roles, groups, ..User::new(OrganizationId::random(), kind, name("user"), None, now) };
        let key_id = KeyId::new(user.user_id, KeySuffix::random());
        let token = SecretToken::generate(&"ak".parse::<KeyPrefix>().unwrap(), key_id);
        let secret = serde_json::from_value(json!({"hash": "", "tag": "", "pepper": ""})).unwrap();
        let key =
            AccessKey::new(&token, secret, user.organization_id, name("key"), None, user.user_id, now);
        let key = AccessKey { roles: narrowed.0, groups: narrowed.1, ..key };
        (user, key)
    }
}

proptest! {
    #[test]
    fn a_decision_by_numbers_is_the_one_by_texts(catalog in any_catalog(), (user, key) in any_caller()) {
        let index = PermissionIndex::new(&DecisionCatalog::of(&catalog)).unwrap();
        for key in [None, Some(&key)] {
            let ranks = index.effective(&user, key);
            let expected = effective(&user, key, &catalog);
            prop_assert_eq!(index.joined(&ranks).to_vec(), expected.clone());
            let bytes: usize = expected.iter().map(|one| one.as_str().len() + 1).sum();
            prop_assert_eq!(index.joined_bytes(&ranks), bytes);
        }
    }
}

#[test]
fn a_catalog_that_breaks_a_rule_of_its_format_is_none() {
    let index = |roles: &str, groups: &str| {
        let stored = json!({"permissions_of_roles": roles, "roles_of_groups": groups});
        PermissionIndex::new(&serde_json::from_value(stored).unwrap()).map(drop)
    };
    for (roles, groups) in [("", ""), ("a", "g"), ("a x y:*,b *", "g 1 0,h,i 0")] {
        assert_eq!(index(roles, groups), Ok(()), "{roles} {groups}");
    }
    for (roles, groups) in [
        (",", ""),
        ("a,", ""),
        ("a X", ""),
        ("a x  y", ""),
        ("a x ", ""),
        ("b x,a x", ""),
        ("a x,a y", ""),
        ("", "g 0"),
        ("a x", "g 1"),
        ("a x", "g -1"),
        ("a x", "g a"),
        ("a x", "g 0 "),
        ("a x", "h,g"),
        ("a x", "g 4294967296"),
    ] {
        assert_eq!(index(roles, groups), Err(BadCatalog), "{roles} {groups}");
    }
}
