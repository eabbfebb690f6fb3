//! The cache of authorizer responses.

use super::TestGateway;

#[tokio::test]
async fn responses_are_cached_by_the_values_of_the_identity_sources() {
    let mut gateway = TestGateway::start().await;
    let mut calls = async |target: &str, who: &str| {
        gateway.get(target, &[("x-who", who)]).await;
        gateway.events().iter().filter(|(function, _)| function == "authorize-request").count()
    };
    assert_eq!(calls("/v1/cached?who=a", "1").await, 1);
    assert_eq!(calls("/v1/cached?who=a", "1").await, 0);
    assert_eq!(calls("/v1/cached?who=b", "1").await, 1);
    assert_eq!(calls("/v1/cached?who=a", "2").await, 1);
    assert_eq!(calls("/v1/whoami", "1").await, 1);
    assert_eq!(calls("/v1/whoami", "1").await, 1);
}
