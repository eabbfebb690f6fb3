//! One operation: its callers, its parameters and body, and its response.

use std::collections::BTreeSet;

use schemars::JsonSchema;

use super::{MakeSchema, Parameter, schema_of};
use crate::{Page, ProblemCode};

const JSON: &str = "application/json";

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Anybody: there is no authorizer.
    Anybody,
    /// Whoever signed in or presents a valid key.
    Any,
    /// A person who signed in, in no organization yet.
    SignedIn,
    /// A user of the organization in the path.
    Member,
}

/// The body of a request.
#[derive(Debug, Clone)]
pub struct RequestBody {
    /// The schema of each media type; the usual one first.
    pub content: Vec<(&'static str, MakeSchema)>,
    /// Whether it must be given.
    pub required: bool,
}

/// The successful response.
#[derive(Debug, Clone, Copy)]
pub struct Success {
    /// The status.
    pub status: u16,
    /// The schema of its body; `None` if it has none.
    pub schema: Option<MakeSchema>,
    /// Whether an `ETag` comes with it.
    pub has_entity_tag: bool,
    /// Whether caches may keep it. Then it may be compressed too.
    pub is_cacheable: bool,
}

/// One operation of the API. The constructors add the problems that every operation may have.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The route, as `GET /v1/whoami`.
    pub route: &'static str,
    /// Its name in clients, as `describe_caller`.
    pub id: &'static str,
    /// The summary, in one line.
    pub summary: &'static str,
    /// More sentences for clients.
    pub description: String,
    /// Who may call it.
    pub caller: Caller,
    /// The parameters in the query.
    pub query: Vec<Parameter>,
    /// The headers that must be given, besides those that many operations take.
    pub headers: Vec<Parameter>,
    /// The body; `None` if none is taken.
    pub body: Option<RequestBody>,
    /// The successful response.
    pub success: Success,
    /// The codes of its problem responses.
    pub problems: BTreeSet<ProblemCode>,
    /// Whether it evaluates `If-Match` and `If-None-Match`.
    pub is_conditional: bool,
    /// Whether `Idempotency-Key` is taken.
    pub is_idempotent: bool,
    /// The ids of the operations to which the response links.
    pub leads_to: Vec<&'static str>,
}

impl Operation {
    fn new(route: &'static str, id: &'static str, summary: &'static str, caller: Caller) -> Self {
        use ProblemCode::{
            Forbidden, Internal, InvalidRequest, NotFound, TooManyRequests, Unavailable, UnsupportedMediaType,
        };
        let mut problems = BTreeSet::from([InvalidRequest, Internal, Unavailable]);
        if caller != Caller::Anybody {
            problems.insert(Forbidden);
        }
        if !route.starts_with("GET ") {
            // Also for operations without a body: a body that cannot be read is not an empty one.
            problems.insert(UnsupportedMediaType);
            // It may change something that others change too.
            problems.insert(TooManyRequests);
        }
        if route.contains('{') {
            problems.insert(NotFound);
        }
        Self {
            route,
            id,
            summary,
            description: String::new(),
            caller,
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            success: Success { status: 204, schema: None, has_entity_tag: false, is_cacheable: false },
            problems,
            is_conditional: false,
            is_idempotent: false,
            leads_to: Vec::new(),
        }
    }

    /// Describes an operation without an authorizer.
    #[must_use]
    pub fn open(route: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(route, id, summary, Caller::Anybody)
    }

    /// Describes an operation for any caller with a valid key or sign-in.
    #[must_use]
    pub fn any_caller(route: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(route, id, summary, Caller::Any)
    }

    /// Describes an operation for people who signed in.
    #[must_use]
    pub fn signed_in(route: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(route, id, summary, Caller::SignedIn)
    }

    /// Describes an operation within an organization.
    #[must_use]
    pub fn member(route: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(route, id, summary, Caller::Member)
    }

    /// Adds a sentence about the operation.
    #[must_use]
    pub fn says(mut self, sentence: &str) -> Self {
        if !self.description.is_empty() {
            self.description.push(' ');
        }
        self.description.push_str(sentence);
        self
    }

    /// Adds a parameter of the query.
    #[must_use]
    pub fn filter(mut self, name: &'static str, schema: MakeSchema, description: &'static str) -> Self {
        self.query.push(Parameter { name, description, schema });
        self
    }

    /// Adds a header that must be given.
    #[must_use]
    pub fn header(mut self, name: &'static str, schema: MakeSchema, description: &'static str) -> Self {
        self.headers.push(Parameter { name, description, schema });
        self
    }

    /// Takes a JSON object.
    #[must_use]
    pub fn takes<T: JsonSchema>(self) -> Self {
        self.takes_body(true, &[(JSON, schema_of::<T>())])
    }

    /// Takes a JSON object, or no body.
    #[must_use]
    pub fn may_take<T: JsonSchema>(self) -> Self {
        self.takes_body(false, &[(JSON, schema_of::<T>())])
    }

    /// Takes a merge patch (RFC 7396).
    #[must_use]
    pub fn takes_patch<T: JsonSchema>(self) -> Self {
        self.takes_body(true, &["application/merge-patch+json", JSON].map(|kind| (kind, schema_of::<T>())))
    }

    /// Takes a body of one of these media types.
    #[must_use]
    pub fn takes_body(mut self, required: bool, content: &[(&'static str, MakeSchema)]) -> Self {
        self.body = Some(RequestBody { content: content.to_vec(), required });
        self.refuses([ProblemCode::TooLarge])
    }

    /// Answers this status with an object that has no version.
    #[must_use]
    pub fn answers<T: JsonSchema>(mut self, status: u16) -> Self {
        self.success =
            Success { status, schema: Some(schema_of::<T>()), has_entity_tag: false, is_cacheable: false };
        self
    }

    /// Answers an object with its version as the `ETag`, if the conditions in the request hold.
    #[must_use]
    pub fn answers_version_of<T: JsonSchema>(mut self) -> Self {
        self.success = Success {
            status: 200,
            schema: Some(schema_of::<T>()),
            has_entity_tag: true,
            is_cacheable: false,
        };
        self.judges_conditions()
    }

    /// Answers 201 with the new object.
    #[must_use]
    pub fn creates<T: JsonSchema>(mut self) -> Self {
        self.success = Success {
            status: 201,
            schema: Some(schema_of::<T>()),
            has_entity_tag: true,
            is_cacheable: false,
        };
        self
    }

    /// Answers a page of a list.
    #[must_use]
    pub fn lists<T: JsonSchema>(self) -> Self {
        self.answers::<Page<T>>(200).in_pages()
    }

    /// Takes a `cursor` with this description, but no `limit`.
    #[must_use]
    pub fn continues(mut self, description: &'static str) -> Self {
        self.query.push(Parameter { description, ..Parameter::CURSOR });
        self
    }

    /// Takes `limit` and `cursor`.
    #[must_use]
    pub fn in_pages(mut self) -> Self {
        self.query.extend([Parameter::LIMIT, Parameter::CURSOR]);
        self
    }

    /// Lets caches keep the answer.
    #[must_use]
    pub const fn may_be_cached(mut self) -> Self {
        self.success.is_cacheable = true;
        self
    }

    /// Evaluates `If-Match` and `If-None-Match`.
    #[must_use]
    pub fn judges_conditions(mut self) -> Self {
        self.is_conditional = true;
        self.refuses([ProblemCode::PreconditionFailed])
    }

    /// Takes an `Idempotency-Key`.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.is_idempotent = true;
        self.refuses([ProblemCode::IdempotencyMismatch, ProblemCode::Conflict])
    }

    /// Links the response to operations on the ids in it.
    #[must_use]
    pub fn leads_to(mut self, operations: &[&'static str]) -> Self {
        self.leads_to.extend(operations);
        self
    }

    /// Adds reasons for which the operation may not be done.
    #[must_use]
    pub fn refuses(mut self, problems: impl IntoIterator<Item = ProblemCode>) -> Self {
        self.problems.extend(problems);
        self
    }

    /// Returns the method and the path.
    #[must_use]
    pub fn method_and_path(&self) -> (&'static str, &'static str) {
        self.route.split_once(' ').expect("a route is a method, a space and a path")
    }

    /// Returns the names of the parameters in the path, in its order.
    pub fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        let (_, path) = self.method_and_path();
        path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}
