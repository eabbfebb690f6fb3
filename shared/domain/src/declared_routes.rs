//! The declarations of one API, and which of them is in force.
//!
//! `CloudFormation` repeats events, delivers them late, and takes back what it did. It makes a resource under its new logical
//! id before it deletes the one under the old, and a rollback deletes the new one alone. So the declaration of another
//! logical id is kept beside the newest until it is deleted: a rollback never leaves an API without its declaration.

use serde::{Deserialize, Serialize};

use crate::route_declaration::RouteDeclaration;

/// The most declarations that are kept: the one in force, and one that waits to be deleted.
const MAX_KEPT: usize = 2;

/// The most ids of changes that are remembered.
const MAX_REQUESTS: usize = 16;

/// All declarations of one API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredRoutes {
    /// The stack that declares them.
    pub stack_id: String,
    /// The first one is in force. Never empty.
    pub declarations: Vec<Declared>,
    /// The ids of the last changes, the newest last.
    pub requests: Vec<String>,
    /// The number of changes.
    pub version: u64,
}

/// One resource's declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// The resource's physical id.
    pub physical_id: String,
    /// The resource's name in the template of its stack.
    pub logical_id: String,
    /// What it declares.
    #[serde(flatten)]
    pub declaration: RouteDeclaration,
}

/// A declaration that was made or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The stack.
    pub stack_id: String,
    /// The id of the change. A repeat has the same.
    pub request_id: String,
    /// The declaration, with the physical id that its resource has from now on.
    pub declared: Declared,
}

/// Another stack declares the routes of this API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another stack declares the routes of this API")]
pub struct NotTheOwner;

impl DeclaredRoutes {
    /// Returns the declaration in force.
    #[must_use]
    pub fn in_force(&self) -> Option<&RouteDeclaration> {
        self.declarations.first().map(|declared| &declared.declaration)
    }

    /// Tells whether the API has a declaration with this physical id.
    #[must_use]
    pub fn has(&self, physical_id: &str) -> bool {
        self.declarations.iter().any(|declared| declared.physical_id == physical_id)
    }

    /// Tells whether a stack made the change of this id before.
    #[must_use]
    pub fn was_changed_by(&self, stack_id: &str, request_id: &str) -> bool {
        self.stack_id == stack_id && self.requests.iter().any(|request| request == request_id)
    }

    /// Returns what is declared after a change; `None` if it was made before, and so changes nothing.
    pub fn changed(before: Option<&Self>, change: Change) -> Result<Option<Self>, NotTheOwner> {
        let Change { stack_id, request_id, declared } = change;
        let Some(before) = before else {
            return Ok(Some(Self {
                stack_id,
                declarations: vec![declared],
                requests: vec![request_id],
                version: 1,
            }));
        };
        if before.stack_id != stack_id {
            return Err(NotTheOwner);
        }
        if before.was_changed_by(&stack_id, &request_id) {
            return Ok(None);
        }
        let mut after = before.after(request_id);
        match after.declarations.iter_mut().find(|kept| kept.physical_id == declared.physical_id) {
            Some(kept) => *kept = declared,
            None => {
                after.declarations.retain(|kept| kept.logical_id != declared.logical_id);
                after.declarations.insert(0, declared);
                after.declarations.truncate(MAX_KEPT);
            }
        }
        Ok(Some(after))
    }

    /// Returns what is declared after a resource was deleted; `None` if nothing is left.
    #[must_use]
    pub fn without(&self, physical_id: &str, request_id: String) -> Option<Self> {
        let mut after = self.after(request_id);
        after.declarations.retain(|declared| declared.physical_id != physical_id);
        (!after.declarations.is_empty()).then_some(after)
    }

    fn after(&self, request_id: String) -> Self {
        let mut after = Self { version: self.version + 1, ..self.clone() };
        after.requests.push(request_id);
        let forgotten = after.requests.len().saturating_sub(MAX_REQUESTS);
        after.requests.drain(..forgotten);
        after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(stack: &str, request: &str, logical: &str, physical: &str, route: &str) -> Change {
        Change {
            stack_id: stack.to_owned(),
            request_id: request.to_owned(),
            declared: Declared {
                physical_id: physical.to_owned(),
                logical_id: logical.to_owned(),
                declaration: RouteDeclaration::parse("deny", [(route, "caller")].into_iter()).unwrap(),
            },
        }
    }

    fn route(routes: &DeclaredRoutes) -> String {
        String::from(routes.in_force().unwrap().routes.first_key_value().unwrap().0.clone())
    }

    fn declared(changes: &[(&str, &str, &str, &str)]) -> DeclaredRoutes {
        let mut routes = None;
        for (request, logical, physical, route) in changes {
            let change = change("s", request, logical, physical, route);
            routes = DeclaredRoutes::changed(routes.as_ref(), change).unwrap().or(routes);
        }
        routes.unwrap()
    }

    #[test]
    fn an_update_takes_the_place_of_what_its_resource_declared() {
        let routes = declared(&[("1", "L", "p1", "GET /a"), ("2", "L", "p1", "GET /b")]);
        assert_eq!((route(&routes).as_str(), routes.declarations.len(), routes.version), ("GET /b", 1, 2));
    }

    #[test]
    fn a_repeated_or_late_change_changes_nothing() {
        let routes = declared(&[("1", "L", "p1", "GET /a"), ("2", "L", "p1", "GET /b")]);
        for (request, at) in [("1", "GET /a"), ("2", "GET /b")] {
            let again = DeclaredRoutes::changed(Some(&routes), change("s", request, "L", "p1", at));
            assert_eq!(again, Ok(None), "{request}");
        }
    }

    #[test]
    fn another_stack_changes_nothing() {
        let routes = declared(&[("1", "L", "p1", "GET /a")]);
        let foreign = DeclaredRoutes::changed(Some(&routes), change("other", "2", "L", "p1", "GET /b"));
        assert_eq!(foreign, Err(NotTheOwner));
        assert!(routes.was_changed_by("s", "1") && !routes.was_changed_by("other", "1"));
    }

    #[test]
    fn a_renamed_resource_is_in_force_and_a_rollback_restores_the_one_before() {
        let renamed = declared(&[("1", "Old", "p1", "GET /a"), ("2", "New", "p2", "GET /b")]);
        assert_eq!(route(&renamed), "GET /b");
        let done = renamed.without("p1", "3".to_owned()).unwrap();
        assert_eq!((route(&done).as_str(), done.declarations.len()), ("GET /b", 1));
        let rolled_back = renamed.without("p2", "3".to_owned()).unwrap();
        assert_eq!(route(&rolled_back), "GET /a");
        assert_eq!(rolled_back.without("p1", "4".to_owned()), None);
    }

    #[test]
    fn deleting_what_is_not_there_leaves_the_rest() {
        let routes = declared(&[("1", "L", "p1", "GET /a")]);
        assert!(!routes.has("p0"));
        assert_eq!(route(&routes.without("p0", "2".to_owned()).unwrap()), "GET /a");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut routes = declared(&[("0", "L0", "p0", "GET /a")]);
        for number in 1..50 {
            let next =
                change("s", &number.to_string(), &format!("L{number}"), &format!("p{number}"), "GET /b");
            routes = DeclaredRoutes::changed(Some(&routes), next).unwrap().unwrap();
            assert!(routes.declarations.len() <= MAX_KEPT && routes.requests.len() <= MAX_REQUESTS);
        }
        assert!(routes.has("p49") && routes.has("p48") && !routes.has("p47"));
        // The same resource made anew never waits behind itself.
        let again = change("s", "x", "L49", "p50", "GET /b");
        let routes = DeclaredRoutes::changed(Some(&routes), again).unwrap().unwrap();
        assert!(routes.has("p50") && !routes.has("p49") && routes.has("p48"));
    }
}
