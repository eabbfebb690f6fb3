//! Authorizer events of payload format 1.0: of a REST API, and of an HTTP API that is configured for it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    random,
    template::{ACCOUNT, REGION},
};

/// A request to a REST API, as its `REQUEST` authorizer sees it.
#[derive(Debug, Clone)]
pub struct RestRequest {
    /// The API's id.
    pub api_id: String,
    /// The stage's name.
    pub stage: String,
    /// The method, in capitals.
    pub method: String,
    /// The resource, with its parameters in braces.
    pub resource: String,
    /// The path.
    pub path: String,
    /// The headers, as they were sent.
    pub headers: Vec<(String, String)>,
    /// The query parameters, decoded.
    pub query: Vec<(String, String)>,
    /// The path parameters, decoded.
    pub path_parameters: BTreeMap<String, String>,
    /// The stage's variables.
    pub stage_variables: BTreeMap<String, String>,
    /// The client's address.
    pub source_ip: String,
    /// When the request arrived.
    pub time: Timestamp,
}

impl RestRequest {
    /// Makes a request without headers, query or parameters to a path of an API's stage `prod`.
    #[must_use]
    pub fn new(api_id: &str, method: &str, path: &str, time: Timestamp) -> Self {
        Self {
            api_id: api_id.to_owned(),
            stage: "prod".to_owned(),
            method: method.to_owned(),
            resource: path.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            query: Vec::new(),
            path_parameters: BTreeMap::new(),
            stage_variables: BTreeMap::new(),
            source_ip: "127.0.0.1".to_owned(),
            time,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the ARN of the method, which a policy allows or denies.
    #[must_use]
    pub fn method_arn(&self) -> String {
        let Self { api_id, stage, method, path, .. } = self;
        format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}/{stage}/{method}{path}")
    }

    /// Renders the event of the authorizer.
    #[must_use]
    pub fn authorizer_event(&self) -> Value {
        let (headers, multi_value_headers) = single_and_multi(&self.headers);
        let (query, multi_value_query) = single_and_multi(&self.query);
        json!({
            "type": "REQUEST",
            "methodArn": self.method_arn(),
            "resource": self.resource,
            "path": self.path,
            "httpMethod": self.method,
            "headers": headers,
            "multiValueHeaders": multi_value_headers,
            "queryStringParameters": query,
            "multiValueQueryStringParameters": multi_value_query,
            "pathParameters": self.path_parameters,
            "stageVariables": self.stage_variables,
            "requestContext": {
                "accountId": ACCOUNT,
                "apiId": self.api_id,
                "domainName": format!("{}.execute-api.{REGION}.amazonaws.com", self.api_id),
                "domainPrefix": self.api_id,
                "httpMethod": self.method,
                "identity": { "sourceIp": self.source_ip, "userAgent": headers.get("User-Agent") },
                "path": format!("/{}{}", self.stage, self.path),
                "protocol": "HTTP/1.1",
                "requestId": random::uuid(),
                "requestTime": self.time.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
                "requestTimeEpoch": self.time.as_millisecond(),
                "resourceId": "local0",
                "resourcePath": self.resource,
                "stage": self.stage,
            },
        })
    }
}

/// Returns the headers or parameters with their last value each, and with all their values, as API Gateway does.
fn single_and_multi(pairs: &[(String, String)]) -> (Map<String, Value>, Map<String, Value>) {
    let mut multi: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in pairs {
        multi.entry(name).or_default().push(value);
    }
    let single =
        multi.iter().filter_map(|(name, values)| Some(((*name).to_owned(), Value::from(*values.last()?))));
    let single = single.collect();
    (single, multi.into_iter().map(|(name, values)| (name.to_owned(), values.into())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_event_names_the_method_and_the_time() {
        let request = RestRequest::new("abc", "GET", "/clusters", Timestamp::UNIX_EPOCH);
        let event = request.header("X-Access-Key", "one").header("X-Access-Key", "two").authorizer_event();
        assert_eq!(event["methodArn"], "arn:aws:execute-api:us-east-1:000000000000:abc/prod/GET/clusters");
        assert_eq!(event["headers"]["X-Access-Key"], "two");
        assert_eq!(event["multiValueHeaders"]["X-Access-Key"], json!(["one", "two"]));
        assert_eq!(event["requestContext"]["requestTimeEpoch"], 0);
        assert_eq!(event["requestContext"]["identity"]["sourceIp"], "127.0.0.1");
    }
}
