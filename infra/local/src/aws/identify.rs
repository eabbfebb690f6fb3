//! Identifies the service, the operation and the caller of a request.

use std::collections::BTreeMap;

use hyper::{HeaderMap, Method, header::AUTHORIZATION, http::request::Parts};

use super::calls::Service;
use crate::{
    runtime::{Caller, SESSION_TOKEN},
    template::REGION,
};

/// The fields of a Query-protocol request.
pub(super) type FormFields = BTreeMap<String, String>;

/// A request to an AWS endpoint.
#[derive(Debug)]
pub(super) struct AwsRequest {
    pub(super) service: Service,
    pub(super) operation: String,
    pub(super) caller: Option<Caller>,
    /// Whether the session token of a role is there. AWS accepts no access key id of a role without it.
    pub(super) has_session_token: bool,
    /// The region that the request is signed for.
    pub(super) region: String,
    /// The fields of a request in the Query protocol.
    pub(super) form: Option<FormFields>,
}

/// The name of the operation that asks for an endpoint's health. AWS has no name for it.
pub(super) const HEALTH: &str = "GET /";

/// The one operation of S3: an upload to a URL that was signed before, and so has no signature of its caller.
const PUT_OBJECT: &str = "PutObject";

impl AwsRequest {
    /// Reads service and operation from `X-Amz-Target`, or from the form of the Query protocol.
    pub(super) fn identify(head: &Parts, body: &[u8]) -> Self {
        let headers = &head.headers;
        let has_session_token =
            headers.get("x-amz-security-token").is_some_and(|token| token == SESSION_TOKEN);
        if head.method == Method::GET && head.uri.path() == "/" {
            let operation = HEALTH.to_owned();
            let region = REGION.to_owned();
            return Self {
                service: Service::DynamoDb,
                operation,
                caller: None,
                has_session_token,
                region,
                form: None,
            };
        }
        if head.method == Method::PUT {
            let (operation, region) = (PUT_OBJECT.to_owned(), REGION.to_owned());
            return Self {
                service: Service::S3,
                operation,
                caller: None,
                has_session_token,
                region,
                form: None,
            };
        }
        let mut scope = signature_scope(headers).unwrap_or_default().split('/');
        let caller = scope.next().and_then(Caller::from_access_key_id);
        let region = scope.nth(1).unwrap_or(REGION).to_owned();
        let signed_for = scope.next();
        let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        match target.and_then(|target| target.split_once('.')) {
            Some(("secretsmanager", operation)) => {
                let operation = operation.to_owned();
                Self {
                    service: Service::SecretsManager,
                    operation,
                    caller,
                    has_session_token,
                    region,
                    form: None,
                }
            }
            Some(("AWSEvents", operation)) => {
                let operation = operation.to_owned();
                Self {
                    service: Service::EventBridge,
                    operation,
                    caller,
                    has_session_token,
                    region,
                    form: None,
                }
            }
            Some((_, operation)) => {
                let operation = operation.to_owned();
                Self { service: Service::DynamoDb, operation, caller, has_session_token, region, form: None }
            }
            None => {
                let form: FormFields = form_urlencoded::parse(body).into_owned().collect();
                let operation = form.get("Action").cloned().unwrap_or_default();
                let of_stacks = signed_for == Some("cloudformation");
                let service = if of_stacks { Service::CloudFormation } else { Service::Ses };
                Self { service, operation, caller, has_session_token, region, form: Some(form) }
            }
        }
    }
}

/// Returns the credential of a signature: access key id, date, region, service and a fixed end, with slashes between them.
fn signature_scope(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
    authorization.split_once("Credential=").map(|(_, credential)| credential)
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn check(target: Option<&'static str>, body: &str, service: Service, operation: &str) {
        let mut request = Request::post("/");
        let authorization = "AWS4-HMAC-SHA256 Credential=LOCAL.manage-users.3/20260101/eu-west-1/x/aws4_request, \
                             SignedHeaders=host, Signature=0";
        request = request.header(AUTHORIZATION, authorization).header("x-amz-security-token", SESSION_TOKEN);
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        let identified = AwsRequest::identify(&request.body(()).unwrap().into_parts().0, body.as_bytes());
        assert_eq!((identified.service, identified.operation.as_str()), (service, operation));
        assert!(identified.region == "eu-west-1" && identified.has_session_token);
        assert_eq!(identified.caller, Some(Caller { function: "manage-users".to_owned(), instance: 3 }));
    }

    #[test]
    fn a_call_is_identified_by_its_protocol_and_its_signature() {
        check(Some("DynamoDB_20120810.GetItem"), "{}", Service::DynamoDb, "GetItem");
        check(Some("secretsmanager.GetSecretValue"), "{}", Service::SecretsManager, "GetSecretValue");
        let (health, ()) = Request::get("/").body(()).unwrap().into_parts();
        assert_eq!(AwsRequest::identify(&health, b"").operation, HEALTH);
        check(Some("AWSEvents.PutEvents"), "{}", Service::EventBridge, "PutEvents");
        check(None, "Action=GetSendQuota&Version=2010-12-01", Service::Ses, "GetSendQuota");
        let (upload, ()) = Request::put("/bucket/key").body(()).unwrap().into_parts();
        assert_eq!(AwsRequest::identify(&upload, b"").service, Service::S3);
        let scope = "AWS4-HMAC-SHA256 Credential=LOCAL.a.1/20260101/eu-west-1/cloudformation/aws4_request";
        let call = Request::post("/").header(AUTHORIZATION, scope).body(()).unwrap();
        let identified = AwsRequest::identify(&call.into_parts().0, b"Action=DescribeStacks");
        assert!(!identified.has_session_token);
        assert_eq!(
            (identified.service, identified.operation.as_str()),
            (Service::CloudFormation, "DescribeStacks")
        );
    }
}
