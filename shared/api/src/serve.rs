//! Runs a handler behind the gateway, one event after another.

use lambda_http::{
    Body, Error, LambdaEvent, Request, Response,
    aws_lambda_events::apigw::ApiGatewayV2httpResponse,
    http::{
        HeaderValue,
        header::{SET_COOKIE, X_CONTENT_TYPE_OPTIONS},
    },
    lambda_runtime::{self, Diagnostic, service_fn},
};

use crate::{
    HandlerResult, answer,
    error_chain::causes,
    gateway_event::{GatewayEvent, NotAnEvent, to_request},
    log::with_request_ids,
};

/// Answers the gateway's events with `handler` until Lambda ends the process.
///
/// An event that cannot become a request is refused. A payload that is no event of the gateway is an error.
pub async fn serve<F: Future<Output = HandlerResult>>(handler: impl Fn(Request) -> F) -> Result<(), Error> {
    lambda_runtime::run(service_fn(|event| respond(event, &handler))).await
}

async fn respond<F: Future<Output = HandlerResult>>(
    event: LambdaEvent<GatewayEvent>,
    handler: impl Fn(Request) -> F,
) -> Result<ApiGatewayV2httpResponse, Diagnostic> {
    let parsed = event.payload.parse();
    let request_id = match &parsed {
        Ok(Ok(parsed)) => parsed.request_context.request_id.clone(),
        Ok(Err(_)) | Err(_) => event.payload.request_id(),
    };
    let response = async {
        let event = parsed.map_err(|error| report(&error))?;
        // In a box, or the awaits of `main` nest deeper than rustc's `recursion_limit` of 128.
        let Ok(response) = answer(async { Box::pin(handler(to_request(*event?)?)).await }).await;
        Ok(to_gateway(response))
    };
    with_request_ids(event.context.request_id, request_id, response).await
}

/// Logs the error, once, and makes it the invocation's.
fn report(error: &NotAnEvent) -> Diagnostic {
    tracing::error!(error.causes = causes(error), "could not read the event");
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
