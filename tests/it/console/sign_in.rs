//! Signing in at the issuer, to the session that it starts.

use kit::{IdTokenShape, Options, Switches, TokenShape, UserinfoBehavior, described, run_with, with_console};
use reqwest::Url;
use serde_json::{Value, json};

/// Returns the cookies that an answer sets, in order.
fn set_cookies(answer: &kit::Answer) -> Vec<String> {
    let cookies = answer.headers.get_all("set-cookie").iter();
    cookies.map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
}

/// Returns a query parameter.
fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn with(parameters: &[(&str, &str)]) -> Options {
    let mut options = with_console();
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    options.parameters.extend(parameters);
    options
}

#[test]
fn a_person_signs_in_at_the_issuer_and_comes_back_to_the_page_that_they_wanted() {
    run_with(with_console(), async |world| {
        let web = world.web_client();
        let wanted = "/console/O/access-keys?status=active";
        let begun = web.open(&format!("/console/sign-in?return_to={}", wanted.replace('?', "%3F"))).await;
        assert_eq!((begun.status, begun.header("cache-control")), (303, "no-store"));
        let issuer: Url = begun.header("location").parse().unwrap();
        assert!(issuer.as_str().starts_with(&format!("{}/authorize?", world.stack.issuer().url())));
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "access-keys-console"),
            ("redirect_uri", &format!("{}/console/callback", world.stack.url())),
            ("scope", "openid email profile"),
            ("code_challenge_method", "S256"),
        ] {
            assert_eq!(parameter(&issuer, name), value, "{name}");
        }
        let attempt = web.cookie("access-keys-sign-in");
        let (state, verifier) = (&attempt[..43], &attempt[44..87]);
        assert_eq!(attempt, format!("{state}.{verifier}..{wanted}"));
        assert_eq!(parameter(&issuer, "state"), state);
        for text in [parameter(&issuer, "nonce"), parameter(&issuer, "code_challenge")] {
            assert!(text.len() == 43 && text != verifier && text != state, "{text}");
        }
        assert_eq!(
            set_cookies(&begun),
            [format!("access-keys-sign-in={attempt}; Max-Age=600; HttpOnly; SameSite=Lax; Path=/")]
        );
        assert_eq!(world.items(), Vec::<kit::Item>::new(), "nothing is stored before the issuer vouched");

        let callback = web.authorize(&issuer, &described("alice", "alice@example.com")).await;
        let done = web.come_back(&callback).await;
        assert_eq!((done.status, done.header("location")), (303, wanted));
        let id = web.cookie("access-keys-session");
        assert_eq!(id.len(), 43);
        assert_eq!(
            set_cookies(&done),
            [
                format!("access-keys-session={id}; Max-Age=28800; HttpOnly; SameSite=Strict; Path=/"),
                "access-keys-sign-in=; Max-Age=0; HttpOnly; SameSite=Lax; Path=/".to_owned(),
            ]
        );
        let session = web.session().await;
        assert_eq!(session.header("cache-control"), "no-store");
        let session = session.expect(200);
        let said =
            json!([session["signed_in"], session["name"], session["email"], session["email_verified"]]);
        assert_eq!(said, json!([true, "alice", "alice@example.com", true]));
        assert_eq!(session.as_object().unwrap().len(), 6);
        let seconds =
            |name: &str| session[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
        assert!((28_790..=28_800).contains(&(seconds("expires_at") - seconds("now"))), "{session}");

        let stored = world.items();
        let [item] = stored.as_slice() else { panic!("{stored:?}") };
        assert_eq!(item["SK"], "SESSION");
        assert_eq!(item["PK"].as_str().unwrap().len(), "SESSION#".len() + 64);
        assert_eq!(item["GSI1PK"].as_str().unwrap().len(), "SESSIONS#".len() + 64);
        assert_eq!(item["expires_at"], item["ttl"]);
        assert_eq!((&item["subject"], &item["email"]), (&json!("alice"), &json!("alice@example.com")));
        assert_eq!(
            (item.len(), world.stack.issuer().token_calls(), world.stack.issuer().userinfo_calls()),
            (14, 1, 0)
        );
    });
}

#[test]
fn a_deployed_console_has_cookies_for_its_host_and_tls_alone_and_every_header() {
    run_with(
        with(&[("SessionCookie", "__Host-access-keys-session"), ("ConsoleSessionHours", "1")]),
        async |world| {
            let web = world.web_client();
            let issuer = web.begin("/console").await;
            let attempt = web.cookie("__Host-access-keys-sign-in");
            assert_eq!(attempt.len(), 43 + 1 + 43 + 2 + "/console".len());
            let callback = web.authorize(&issuer, &described("alice", "alice@example.com")).await;
            let done = web.come_back(&callback).await;
            let id = web.cookie("__Host-access-keys-session");
            let cookies = set_cookies(&done).join("\n").replace(&id, "[id]");
            insta::assert_snapshot!(cookies, @r"
        __Host-access-keys-session=[id]; Max-Age=3600; HttpOnly; Secure; SameSite=Strict; Path=/
        __Host-access-keys-sign-in=; Max-Age=0; HttpOnly; Secure; SameSite=Lax; Path=/
        ");
            assert_eq!(web.session().await.expect(200)["email"], "alice@example.com");
            let signed_out = world.anonymous().get("/console/session").await;
            let refused = world.anonymous().post("/console/sign-out", json!(null)).await;
            assert_eq!((signed_out.status, refused.status), (401, 403));
            let other = world.web_client();
            let begun = other.open("/console/sign-in").await;
            other.sign_in("bob").await;
            let out = other.sign_out(json!(null)).await;
            for answer in [&done, &web.session().await, &signed_out, &refused, &begun, &out] {
                let mut headers: Vec<_> = answer.headers.iter().collect();
                headers.retain(|(name, _)| {
                    !["date", "content-length", "content-type", "location", "set-cookie", "apigw-requestid"]
                        .contains(&name.as_str())
                });
                let mut headers: Vec<_> = headers
                    .iter()
                    .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
                    .collect();
                headers.sort_unstable();
                assert_eq!(headers, HEADERS, "{answer:?}");
            }
            // The bare name is another cookie, which anybody under the same domain could set.
            let tossed = world.anonymous().with_header("x-console-request", "1");
            let tossed = tossed.with_header("cookie", &format!("access-keys-session={id}"));
            tossed.get("/console/session").await.expect(401);
            tossed.get("/v1/organizations").await.expect_forbidden_by_gateway();
        },
    );
}

const HEADERS: [&str; 9] = [
    "cache-control: no-store",
    "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html",
    "cross-origin-opener-policy: same-origin",
    "cross-origin-resource-policy: same-origin",
    "permissions-policy: clipboard-write=(self), clipboard-read=(), camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "referrer-policy: no-referrer",
    "strict-transport-security: max-age=31536000",
    "x-content-type-options: nosniff",
    "x-robots-tag: noindex",
];

#[test]
fn an_id_token_that_says_little_is_completed_by_userinfo_once() {
    run_with(with_console(), async |world| {
        let (issuer, thin) = (world.stack.issuer(), IdTokenShape::Thin);
        issuer.switch(Switches { id_token: thin, ..Switches::default() });
        let web = world.web_client();
        web.sign_in("alice").await;
        let session = web.session().await.expect(200);
        let said = json!([session["name"], session["email"], session["email_verified"]]);
        assert_eq!((said, issuer.userinfo_calls()), (json!(["alice", "alice@example.com", true]), 1));
        for (number, userinfo) in [
            UserinfoBehavior::Missing,
            UserinfoBehavior::Refuses,
            UserinfoBehavior::Fails,
            UserinfoBehavior::Malformed,
            UserinfoBehavior::TooLarge,
            UserinfoBehavior::Redirects,
            UserinfoBehavior::AnotherSubject,
        ]
        .into_iter()
        .enumerate()
        {
            issuer.switch(Switches { id_token: thin, userinfo, ..Switches::default() });
            // The endpoints of the discovery document are kept for an hour.
            world.travel(3_601 * i64::try_from(number + 1).unwrap());
            let answer = world.web_client().try_sign_in("alice").await;
            let unknown = matches!(userinfo, UserinfoBehavior::Missing | UserinfoBehavior::Refuses);
            let reason = if unknown { "email_missing" } else { "issuer" };
            let failed = format!("/console/sign-in-failed?reason={reason}");
            assert_eq!(answer.header("location"), failed, "{userinfo:?}");
        }
        assert_eq!(world.items().len(), 1);
    });
}

#[test]
fn the_console_and_the_api_know_the_same_person() {
    for parameters in [vec![], vec![("OidcSubjectClaim", "oid")]] {
        let is_pairwise = !parameters.is_empty();
        run_with(with(&parameters), async |world| {
            let pairwise = Switches { pairwise_subjects: is_pairwise, ..Switches::default() };
            world.stack.issuer().switch(pairwise);
            let organization = world.organization("alice", "strict").await;
            let web = world.web_client();
            web.sign_in("alice").await;
            let listed = web.page().get("/v1/organizations").await.expect(200);
            assert_eq!(listed["items"][0]["organization_id"], json!(organization.id), "{is_pairwise}");
            let me = web.page().get(&organization.user_path("me")).await.expect(200);
            assert_eq!(me, organization.owner.get(&organization.user_path("me")).await.expect(200));
        });
    }
}

#[test]
fn an_invited_person_is_linked_by_the_address_of_their_session() {
    run_with(with_console(), async |world| {
        let organization = world.organization("alice", "strict").await;
        let user = organization.invite("bob").await;
        let stranger = world.web_client();
        let issuer = stranger.begin("/console").await;
        let unverified = [("name", "mallory"), ("email", "bob@example.com")];
        let callback = stranger.authorize(&issuer, &unverified).await;
        stranger.come_back(&callback).await;
        assert_eq!(stranger.session().await.expect(200)["email_verified"], json!(false));
        stranger.page().get(&organization.user_path("me")).await.expect_forbidden_by_gateway();
        let refused = stranger.page().post("/v1/organizations", json!({"name": "m"})).await;
        refused.expect_problem(403, "forbidden");

        let web = world.web_client();
        web.sign_in("bob").await;
        let me = web.page().get(&organization.user_path("me")).await.expect(200);
        assert_eq!((&me["user_id"], world.audit("user.linked").len()), (&json!(user), 1));
        let made = web.page().post("/v1/organizations", json!({"name": "b"})).await.expect(201);
        assert_eq!(world.audit("organization.created").len(), 2);
        let path = format!("/v1/organizations/{}/whoami", made["organization_id"].as_str().unwrap());
        let whoami = web.page().get(&path).await.expect(200);
        assert_eq!((&whoami["auth_method"], &whoami["user_kind"]), (&json!("oidc"), &json!("owner")));
    });
}

#[test]
fn a_client_with_a_secret_proves_itself_and_a_new_secret_counts_within_five_minutes() {
    let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:console-client-AbCdEf";
    run_with(with(&[("ConsoleClientSecretId", arn)]), async |world| {
        world.web_client().sign_in("alice").await;
    });
    run_with(with(&[("ConsoleClientSecretId", "console-client")]), async |world| {
        let web = world.web_client();
        web.sign_in("alice").await;
        let reads = || {
            let calls = world.stack.calls().by_function("manage-session");
            calls.iter().filter(|call| call.operation == "GetSecretValue").count()
        };
        web.sign_in("alice").await;
        assert_eq!(reads(), 1, "it is kept");
        assert!(world.stack.put_secret("console-client", "a new one: ü&=+ %"));
        let old = web.try_sign_in("alice").await;
        assert_eq!(old.header("location"), "/console/sign-in-failed?reason=issuer");
        world.travel(301);
        web.sign_in("alice").await;
        assert_eq!(reads(), 2);
    });
}

#[test]
fn an_issuer_on_another_site_works_the_same() {
    let options = Options { issuer_host: "localhost", ..with_console() };
    run_with(options, async |world| {
        assert!(world.stack.issuer().url().starts_with("http://localhost:"));
        let web = world.web_client();
        web.sign_in("alice").await;
        web.session().await.expect(200);
    });
}

#[test]
fn access_tokens_of_other_issuers_make_no_difference_to_the_console() {
    for tokens in [TokenShape::Auth0, TokenShape::Okta, TokenShape::Cognito] {
        run_with(with_console(), async |world| {
            world.stack.issuer().switch(Switches { tokens, ..Switches::default() });
            let web = world.web_client();
            web.sign_in("alice").await;
            assert_eq!(web.session().await.expect(200)["name"], json!("alice"), "{tokens:?}");
        });
    }
}

#[test]
fn without_a_client_id_nobody_signs_in_and_the_page_can_tell() {
    kit::run(async |world| {
        let web = world.web_client();
        for path in ["/console/sign-in", "/console/callback?code=x&state=y"] {
            let answer = web.open(path).await;
            assert_eq!((answer.status, answer.header("location")), (303, "/console"), "{path}");
            assert_eq!(set_cookies(&answer), [] as [String; 0]);
        }
        let session = world.anonymous().get("/console/session").await;
        assert_eq!(session.expect(401), json!({"signed_in": false, "sign_in": "not_configured"}));
        assert_eq!(world.items(), [] as [kit::Item; 0]);
    });
    run_with(with_console(), async |world| {
        let session = world.anonymous().get("/console/session").await;
        let ready: Value = json!({"signed_in": false, "sign_in": "ready"});
        assert_eq!(session.expect(401), ready);
    });
}
