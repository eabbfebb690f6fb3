//! The fields of each kind of target that a replay copies or lists, by the names of the API: one list for each kind.

use domain::{
    organization::Organization,
    role::{Group, Role},
    user::User,
};
use serde_json::{Map, Value, json};

/// Lists fields, and returns their values of one thing.
macro_rules! fields {
    ($list:ident, $shown:ident, $thing:ty, [$($field:ident),+]) => {
        const $list: &[&str] = &[$(stringify!($field)),+];

        pub(crate) fn $shown(thing: &$thing) -> Value {
            let values = [$((stringify!($field), json!(thing.$field))),+];
            Value::Object(values.into_iter().map(|(field, value)| (field.to_owned(), value)).collect::<Map<_, _>>())
        }
    };
}

fields!(OF_ORGANIZATION, of_organization, Organization, [name, status, policy]);
fields!(OF_USER, of_user, User, [name, kind, status, email, roles, groups, notifications]);
fields!(OF_ROLE, of_role, Role, [permissions, description]);
fields!(OF_GROUP, of_group, Group, [roles, description]);

/// Returns the fields of a kind of target that a change can name. Of keys none is copied, and a new name is listed.
pub(crate) fn of_kind(kind: &str) -> &'static [&'static str] {
    match kind {
        "organization" => OF_ORGANIZATION,
        "user" => OF_USER,
        "role" => OF_ROLE,
        "group" => OF_GROUP,
        "access_key" => &["name"],
        _ => &[],
    }
}
