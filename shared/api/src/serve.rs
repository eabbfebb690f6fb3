//! Runs a handler behind the gateway, one event after another.

use std::sync::Arc;

use domain::id::{KeyId, OrganizationId, UserId};
use lambda_http::{
    Body, Error, LambdaEvent, Request, Response,
    aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse},
    http::{
        HeaderValue,
        header::{SET_COOKIE, X_CONTENT_TYPE_OPTIONS},
    },
    lambda_runtime::{Diagnostic, Runtime, service_fn},
};

use crate::{
    HandlerResult, answer,
    error_chain::causes,
    gateway_event::{GatewayEvent, NotAnEvent, to_request},
    log::{self, CallerIds, FAILURE, RequestIds, set_caller_ids, set_request_ids},
};

/// Answers the gateway's events with `handler` until Lambda ends the process.
///
/// An event that cannot become a request is refused. A payload that is no event of the gateway is an error.
pub async fn serve<F: Future<Output = HandlerResult>>(handler: impl Fn(Request) -> F) -> Result<(), Error> {
    log::run(Runtime::new(service_fn(|event| respond(event, &handler)))).await
}

async fn respond<F: Future<Output = HandlerResult>>(
    event: LambdaEvent<GatewayEvent>,
    handler: impl Fn(Request) -> F,
) -> Result<ApiGatewayV2httpResponse, Diagnostic> {
    let parsed = event.payload.parse();
    match &parsed {
        Ok(Ok(parsed)) => {
            set_request_ids(&Arc::new(request_ids(parsed)));
            set_caller_ids(caller_ids(parsed));
        }
        Ok(Err(_)) | Err(_) => set_request_ids(&Arc::new(event.payload.request_ids())),
    }
    let event = parsed.map_err(|error| report(&error))?;
    // In a box, or the awaits of `main` nest deeper than rustc's `recursion_limit` of 128.
    let Ok(response) = answer(async { Box::pin(handler(to_request(*event?)?)).await }).await;
    Ok(to_gateway(response))
}

fn request_ids(event: &ApiGatewayV2httpRequest) -> RequestIds {
    let context = &event.request_context;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    RequestIds {
        request_id: text(&context.request_id),
        api_id: text(&context.apiid),
        route: text(&context.route_key),
        source_ip: text(&context.http.source_ip),
    }
}

/// Reads who makes the request, as the authorizer says. What is no id is left out: the handler refuses it.
fn caller_ids(event: &ApiGatewayV2httpRequest) -> CallerIds {
    let context = event.request_context.authorizer.as_ref().map(|authorizer| &authorizer.fields);
    let text = |name: &str| context?.get(name)?.as_str();
    CallerIds {
        organization_id: text("organization_id").and_then(|text| OrganizationId::parse(text).ok()),
        user_id: text("user_id").and_then(|text| UserId::parse(text).ok()),
        key_id: text("key_id").and_then(|text| KeyId::parse(text).ok()),
    }
}

/// Logs the error, once, and makes it the invocation's.
fn report(error: &NotAnEvent) -> Diagnostic {
    tracing::error!(causes = causes(error), metrics = %FAILURE, "could not read the event");
    Diagnostic { error_type: "NotAnEvent".to_owned(), error_message: "could not read the event".to_owned() }
}

/// Makes the gateway's response. No browser guesses another media type than the one that the response states.
fn to_gateway(response: Response<Body>) -> ApiGatewayV2httpResponse {
    let (mut parts, body) = response.into_parts();
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = parts.status.as_u16().into();
    answer.is_base64_encoded = matches!(body, Body::Binary(_));
    answer.body = Some(body).filter(|body| !matches!(body, Body::Empty));
    // The gateway joins repeated headers with commas, which a cookie must not be.
    let cookies = parts.headers.get_all(SET_COOKIE).iter();
    answer.cookies = cookies.filter_map(|cookie| cookie.to_str().ok()).map(str::to_owned).collect();
    parts.headers.remove(SET_COOKIE);
    parts.headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer.headers = parts.headers;
    answer
}

#[cfg(test)]
mod tests {
    use lambda_http::{Context, http::header};
    use serde_json::{Value, json};

    use super::*;
    use crate::response::no_content;

    async fn answered(payload: Value, response: fn() -> Response<Body>) -> Result<Value, Diagnostic> {
        let payload = serde_json::from_value(payload).unwrap();
        let handler = async |_| Ok(response());
        let answer = respond(LambdaEvent::new(payload, Context::default()), handler).await?;
        Ok(serde_json::to_value(answer).unwrap())
    }

    fn sample() -> Value {
        serde_json::from_str(include_str!("../../../tests/events/describe-caller.json")).unwrap()
    }

    #[tokio::test]
    async fn the_gateway_gets_status_headers_cookies_and_body() {
        let response = || {
            Response::builder()
                .status(201)
                .header(header::CONTENT_TYPE, "application/json")
                .header(SET_COOKIE, "a=1")
                .header(SET_COOKIE, "b=2")
                .body(Body::Text("{}".to_owned()))
                .unwrap()
        };
        let answer = answered(sample(), response).await.unwrap();
        assert_eq!((&answer["statusCode"], &answer["body"]), (&json!(201), &json!("{}")));
        let headers = json!({"content-type": "application/json", "x-content-type-options": "nosniff"});
        assert_eq!(answer["headers"], headers);
        assert_eq!(answer["cookies"], json!(["a=1", "b=2"]));
        let answer = answered(sample(), no_content).await.unwrap();
        assert_eq!((&answer["statusCode"], answer.get("body")), (&json!(204), None));
        assert_eq!(answer["headers"], json!({"x-content-type-options": "nosniff"}));
    }

    #[tokio::test]
    async fn an_event_that_cannot_become_a_request_is_refused() {
        let mut event = sample();
        event["body"] = json!("?");
        event["isBase64Encoded"] = json!(true);
        let answer = answered(event, no_content).await.unwrap();
        assert_eq!(answer["statusCode"], 400);
        assert_eq!(answer["headers"]["x-content-type-options"], "nosniff");
        assert!(answer["body"].as_str().unwrap().contains("base64"));
    }

    #[tokio::test]
    async fn a_payload_that_is_no_event_is_an_error() {
        let failed = answered(json!({"time": "2026-01-01T00:00:00Z"}), no_content).await.unwrap_err();
        assert_eq!(failed.error_type, "NotAnEvent");
    }
}
