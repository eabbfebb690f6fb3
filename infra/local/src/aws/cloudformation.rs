//! `CloudFormation`, as far as a custom resource sees it: descriptions of stacks, and the bucket that takes its answers.
//!
//! The stacks are those that somebody deploys beside this one: a test says which there are.

use std::{collections::BTreeMap, sync::Mutex};

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::Value;

use super::identify::FormFields;
use crate::{
    http::{self, Response},
    random,
    tasks::lock,
    template::names::STACK,
};

/// The path under which answers to events go, in the way of `CloudFormation`'s buckets.
const RESPONSES: &str = "/cloudformation-custom-resource-response-local/";

/// The resources on a page of a list.
const PAGE_SIZE: usize = 100;

/// A stack that is deployed.
#[derive(Debug, Clone, Default)]
pub struct CloudStack {
    /// Its root, if it is nested.
    pub root_id: Option<String>,
    /// Its resources.
    pub resources: Vec<CloudResource>,
}

/// A resource of a stack.
#[derive(Debug, Clone)]
pub struct CloudResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its own id, if it has one yet.
    pub physical_id: Option<String>,
    /// Its type, as `AWS::ApiGatewayV2::Api`.
    pub kind: String,
    /// Its status, as `CREATE_IN_PROGRESS`.
    pub status: String,
}

/// The stacks, by their ids, and the answers of custom resources.
#[derive(Debug, Default)]
pub struct CloudFormation {
    endpoint: String,
    /// The table of this stack.
    table: String,
    stacks: Mutex<BTreeMap<String, CloudStack>>,
    answers: Mutex<Vec<(String, Bytes)>>,
}

impl CloudFormation {
    pub(crate) fn new(endpoint: &str, table: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), table: table.to_owned(), ..Self::default() }
    }

    /// Changes a stack; one that is not there yet begins without resources.
    pub fn change(&self, stack_id: &str, change: impl FnOnce(&mut CloudStack)) {
        change(lock(&self.stacks).entry(stack_id.to_owned()).or_default());
    }

    /// Removes a stack and its history.
    pub fn remove(&self, stack_id: &str) {
        lock(&self.stacks).remove(stack_id);
    }

    /// Returns the URL at which the answer to an event is taken.
    #[must_use]
    pub fn response_url(&self, request_id: &str) -> String {
        format!("{}{RESPONSES}{request_id}?X-Amz-Signature=0", self.endpoint)
    }

    /// Lists the answers to an event.
    #[must_use]
    pub fn answers(&self, request_id: &str) -> Vec<Value> {
        let answers = lock(&self.answers);
        let of_event = answers.iter().filter(|(id, _)| id == request_id);
        of_event.map(|(_, body)| serde_json::from_slice(body).unwrap_or_default()).collect()
    }

    /// Takes an upload.
    pub(super) fn put(&self, path: &str, body: &Bytes) -> Response {
        match path.strip_prefix(RESPONSES) {
            Some(request_id) => {
                lock(&self.answers).push((request_id.to_owned(), body.clone()));
                http::empty(StatusCode::OK)
            }
            None => http::empty(StatusCode::FORBIDDEN),
        }
    }

    /// Handles an operation.
    pub(super) fn handle(&self, operation: &str, form: &FormFields) -> Response {
        let stacks = lock(&self.stacks);
        let name = form.get("StackName").map(String::as_str).unwrap_or_default();
        let body = match operation {
            "DescribeStackResource" => stacks.get(name).and_then(|stack| {
                let logical_id = form.get("LogicalResourceId")?;
                let resource = stack.resources.iter().find(|resource| resource.logical_id == *logical_id)?;
                Some(element("StackResourceDetail", &resource.fields(name)))
            }),
            "DescribeStackResources" => form.get("PhysicalResourceId").and_then(|id| {
                let has = |stack: &&CloudStack| stack.resources.iter().any(|one| one.is(id));
                let (stack_id, stack) = stacks.iter().find(|(_, stack)| has(stack))?;
                Some(element("StackResources", &members(stack_id, &stack.resources)))
            }),
            "ListStackResources" => stacks.get(name).map(|stack| {
                let first: usize = form.get("NextToken").and_then(|token| token.parse().ok()).unwrap_or(0);
                let rest = stack.resources.get(first..).unwrap_or_default();
                let page =
                    element("StackResourceSummaries", &members(name, &rest[..rest.len().min(PAGE_SIZE)]));
                let next =
                    (rest.len() > PAGE_SIZE).then(|| element("NextToken", &(first + PAGE_SIZE).to_string()));
                page + &next.unwrap_or_default()
            }),
            "DescribeStacks" if name == STACK => {
                let output = element("OutputKey", "TableName") + &element("OutputValue", &self.table);
                let outputs = element("Outputs", &element("member", &output));
                let stack =
                    element("StackName", name) + &element("StackStatus", "UPDATE_COMPLETE") + &outputs;
                Some(element("Stacks", &element("member", &stack)))
            }
            "DescribeStacks" => stacks.get(name).map(|stack| {
                let root = stack.root_id.iter().map(|id| element("RootId", id)).collect::<String>();
                let outputs = element("Outputs", &element("member", &element("OutputKey", "StackId")));
                let stack = element("StackId", name) + &outputs + &root;
                element("Stacks", &element("member", &stack))
            }),
            other => return error(StatusCode::BAD_REQUEST, "InvalidAction", &format!("unknown: {other}")),
        };
        match body {
            Some(body) => {
                let result = element(&format!("{operation}Result"), &body);
                let id = element("ResponseMetadata", &element("RequestId", &random::uuid()));
                let body =
                    format!("<{operation}Response xmlns=\"{NAMESPACE}\">{result}{id}</{operation}Response>");
                http::response(StatusCode::OK, "text/xml", body)
            }
            None => error(StatusCode::BAD_REQUEST, "ValidationError", &format!("{name} does not exist")),
        }
    }
}

impl CloudResource {
    fn is(&self, physical_id: &str) -> bool {
        self.physical_id.as_deref() == Some(physical_id)
    }

    fn fields(&self, stack_id: &str) -> String {
        let physical = self.physical_id.iter().map(|id| element("PhysicalResourceId", id));
        let drift = element("DriftInformation", &element("StackResourceDriftStatus", "NOT_CHECKED"));
        [element("StackId", stack_id), element("LogicalResourceId", &self.logical_id), drift]
            .into_iter()
            .chain(physical)
            .chain([element("ResourceType", &self.kind), element("ResourceStatus", &self.status)])
            .collect()
    }
}

const NAMESPACE: &str = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

fn members(stack_id: &str, resources: &[CloudResource]) -> String {
    resources.iter().map(|resource| element("member", &resource.fields(stack_id))).collect()
}

/// Writes an element. Its content needs no escapes: the stack's ids and names have none.
fn element(name: &str, content: &str) -> String {
    format!("<{name}>{content}</{name}>")
}

/// Responds with an error of the Query protocol.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let kind = if status.is_server_error() { "Receiver" } else { "Sender" };
    let error =
        [("Type", kind), ("Code", code), ("Message", message)].map(|(name, text)| element(name, text));
    let error = element("Error", &error.concat());
    let id = element("RequestId", &random::uuid());
    let body = format!("<ErrorResponse xmlns=\"{NAMESPACE}\">{error}{id}</ErrorResponse>");
    http::response(status, "text/xml", body)
}
