//! The session token, without which AWS knows no credentials of a role.

use super::*;

#[tokio::test]
async fn a_call_needs_the_session_token_of_its_role() {
    let permissions = permissions(ANYTHING, ANYTHING);
    let (get, dynamodb) = (get("a").to_string(), "DynamoDB_20120810.GetItem");
    assert_eq!(judged_with(&permissions, SESSION_TOKEN, dynamodb, &get).await, "");
    for token in ["", "another"] {
        let refused = judged_with(&permissions, token, dynamodb, &get).await;
        assert!(
            refused.starts_with("400 ") && refused.contains("coral.service#UnrecognizedClient"),
            "{refused}"
        );
        let refused = judged_with(&permissions, token, "", "Action=GetSendQuota").await;
        assert!(refused.starts_with("403 ") && refused.contains("InvalidClientTokenId"), "{refused}");
    }
}
