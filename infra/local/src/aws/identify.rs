//! Identifies the service, the operation and the caller of a request.

use std::collections::BTreeMap;

use hyper::{HeaderMap, Method, header::AUTHORIZATION, http::request::Parts};

use super::calls::Service;
use crate::runtime::Caller;

/// The fields of a Query-protocol request.
pub(super) type FormFields = BTreeMap<String, String>;

/// A request to an AWS endpoint.
#[derive(Debug)]
pub(super) struct AwsRequest {
    pub(super) service: Service,
    pub(super) operation: String,
    pub(super) caller: Option<Caller>,
    /// The fields of a request in the Query protocol.
    pub(super) form: Option<FormFields>,
}

/// The name of the operation that asks for an endpoint's health. AWS has no name for it.
pub(super) const HEALTH: &str = "GET /";

impl AwsRequest {
    /// Reads service and operation from `X-Amz-Target`, or from the form of the Query protocol.
    pub(super) fn identify(head: &Parts, body: &[u8]) -> Self {
        let headers = &head.headers;
        if head.method == Method::GET && head.uri.path() == "/" {
            let operation = HEALTH.to_owned();
            return Self { service: Service::DynamoDb, operation, caller: None, form: None };
        }
        let caller = access_key_id(headers).and_then(Caller::from_access_key_id);
        let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        match target.and_then(|target| target.split_once('.')) {
            Some(("secretsmanager", operation)) => {
                let operation = operation.to_owned();
                Self { service: Service::SecretsManager, operation, caller, form: None }
            }
            Some((_, operation)) => {
                Self { service: Service::DynamoDb, operation: operation.to_owned(), caller, form: None }
            }
            None => {
                let form: FormFields = form_urlencoded::parse(body).into_owned().collect();
                let operation = form.get("Action").cloned().unwrap_or_default();
                Self { service: Service::Ses, operation, caller, form: Some(form) }
            }
        }
    }
}

fn access_key_id(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = authorization.split_once("Credential=")?;
    credential.split('/').next()
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn check(target: Option<&'static str>, body: &str, service: Service, operation: &str) {
        let mut request = Request::post("/");
        let authorization = "AWS4-HMAC-SHA256 Credential=LOCAL.manage-users.3/20260101/us-east-1/x/aws4_request, \
                             SignedHeaders=host, Signature=0";
        request = request.header(AUTHORIZATION, authorization);
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        let identified = AwsRequest::identify(&request.body(()).unwrap().into_parts().0, body.as_bytes());
        assert_eq!((identified.service, identified.operation.as_str()), (service, operation));
        assert_eq!(identified.caller, Some(Caller { function: "manage-users".to_owned(), instance: 3 }));
    }

    #[test]
    fn a_call_is_identified_by_its_protocol_and_its_signature() {
        check(Some("DynamoDB_20120810.GetItem"), "{}", Service::DynamoDb, "GetItem");
        check(Some("secretsmanager.GetSecretValue"), "{}", Service::SecretsManager, "GetSecretValue");
        let (health, ()) = Request::get("/").body(()).unwrap().into_parts();
        assert_eq!(AwsRequest::identify(&health, b"").operation, HEALTH);
        check(None, "Action=GetSendQuota&Version=2010-12-01", Service::Ses, "GetSendQuota");
    }
}
