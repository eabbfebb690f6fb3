//! Attempts to sign in that come to nothing: each ends at a page of ours, with a word of ours, and stores nothing.

use kit::{IdTokenShape, Item, Switches, WebClient, World, described, run_with, with_console};

const ALICE: [(&str, &str); 3] =
    [("name", "alice"), ("email", "alice@example.com"), ("email_verified", "on")];

/// Checks that an answer sends the browser to the page of a failure, starts no session, and stores nothing.
fn check_failed(world: &World, answer: &kit::Answer, reason: &str, why: &str) {
    let page = format!("/console/sign-in-failed?reason={reason}");
    assert_eq!((answer.status, answer.header("location")), (303, page.as_str()), "{why}");
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert!(
        cookies.iter().all(|cookie| cookie.to_str().unwrap().contains("Max-Age=0;")),
        "{why}: {cookies:?}"
    );
    // An attempt of this browser is over, unless the request may be another one's doing.
    assert_eq!(cookies.len(), usize::from(!["mismatch", "expired"].contains(&reason)), "{why}");
    assert_eq!(world.items(), [] as [Item; 0], "{why}");
}

async fn callback_of(web: &WebClient<'_>) -> String {
    let issuer = web.begin("/console").await;
    web.authorize(&issuer, &ALICE).await
}

#[test]
fn an_id_token_with_any_fault_signs_nobody_in() {
    run_with(with_console(), async |world| {
        for id_token in [
            IdTokenShape::WrongNonce,
            IdTokenShape::NoNonce,
            IdTokenShape::WrongAudience,
            IdTokenShape::SeveralAudiences,
            IdTokenShape::WrongAuthorizedParty,
            IdTokenShape::WrongIssuer,
            IdTokenShape::Unsigned,
            IdTokenShape::SharedSecret,
            IdTokenShape::Critical,
            IdTokenShape::Expired,
            IdTokenShape::IssuedLater,
            IdTokenShape::NoIssuedAt,
            IdTokenShape::NoSubject,
            IdTokenShape::UnknownKey,
            IdTokenShape::ForgedSignature,
        ] {
            world.stack.issuer().switch(Switches { id_token, ..Switches::default() });
            let answer = world.web_client().try_sign_in("alice").await;
            check_failed(world, &answer, "issuer", &format!("{id_token:?}"));
        }
        let id_token = IdTokenShape::SeveralAudiencesOfClient;
        world.stack.issuer().switch(Switches { id_token, ..Switches::default() });
        world.web_client().sign_in("alice").await;
    });
}

#[test]
fn an_answer_that_is_not_of_this_attempt_of_this_browser_signs_nobody_in() {
    run_with(with_console(), async |world| {
        let web = world.web_client();
        let callback = callback_of(&web).await;
        let attempt = web.cookie("access-keys-sign-in");
        let (state, other_state) = (&attempt[..43], &"A".repeat(43));
        for (changed, why) in [
            (callback.replace(state, other_state), "another state"),
            (callback.replace(state, &state[..42]), "a part of the state"),
            (callback.replace(&format!("&state={state}"), ""), "no state"),
            (format!("{callback}&state={state}"), "two states"),
            (format!("{callback}&iss=x"), "two issuers"),
            (callback.replace("&iss=", "&iss=https%3A%2F%2Fevil.example"), "another issuer"),
            (
                callback.split("&iss=").next().unwrap().to_owned(),
                "no issuer, though ours always names itself",
            ),
            (format!("{callback}&code=x"), "two codes"),
        ] {
            check_failed(world, &web.come_back(&changed).await, "mismatch", why);
        }
        assert_eq!(web.cookie("access-keys-sign-in"), attempt, "the attempt goes on");
        assert_eq!(world.stack.issuer().token_calls(), 0);

        let elsewhere = world.web_client();
        check_failed(world, &elsewhere.come_back(&callback).await, "expired", "a browser without an attempt");
        elsewhere.begin("/console").await;
        check_failed(world, &elsewhere.come_back(&callback).await, "mismatch", "another browser's attempt");
        assert_eq!(world.stack.issuer().token_calls(), 0);

        // A code of another browser under a state of one's own: whoever caught it cannot use it.
        let theirs = elsewhere.cookie("access-keys-sign-in");
        let injected = callback_of(&world.web_client()).await;
        let (start, iss) =
            (injected.split("&state=").next().unwrap(), injected.split("&iss=").nth(1).unwrap());
        let injected = format!("{start}&state={}&iss={iss}", &theirs[..43]);
        check_failed(world, &elsewhere.come_back(&injected).await, "issuer", "a code of another attempt");
        assert_eq!(world.stack.issuer().token_calls(), 1);

        // The code was bound to a challenge, which another verifier does not fit.
        let (start, rest) = attempt.split_at(44);
        web.set_cookie("access-keys-sign-in", &format!("{start}{}{}", "A".repeat(43), &rest[43..]));
        check_failed(world, &web.come_back(&callback).await, "issuer", "another verifier");
        web.set_cookie("access-keys-sign-in", &attempt);
        check_failed(world, &web.come_back(&callback).await, "issuer", "the code was used");
    });
}

#[test]
fn a_code_signs_in_once() {
    run_with(with_console(), async |world| {
        let web = world.web_client();
        let callback = callback_of(&web).await;
        let attempt = web.cookie("access-keys-sign-in");
        assert_eq!(web.come_back(&callback).await.header("location"), "/console");
        let again = web.come_back(&callback).await;
        assert_eq!(again.header("location"), "/console/sign-in-failed?reason=expired");
        web.set_cookie("access-keys-sign-in", &attempt);
        let replayed = web.come_back(&callback).await;
        assert_eq!(replayed.header("location"), "/console/sign-in-failed?reason=issuer");
        assert_eq!((world.items().len(), world.stack.issuer().token_calls()), (1, 2));
        web.session().await.expect(200);
    });
}

#[test]
fn what_the_person_or_the_issuer_refuses_ends_the_attempt() {
    run_with(with_console(), async |world| {
        let web = world.web_client();
        let issuer = web.begin("/console").await;
        let cancelled = web.authorize(&issuer, &[("action", "cancel")]).await;
        assert!(cancelled.contains("error=access_denied"), "{cancelled}");
        check_failed(world, &web.come_back(&cancelled).await, "denied", "the person cancelled");

        let web = world.web_client();
        web.begin("/console").await;
        let state = web.cookie("access-keys-sign-in")[..43].to_owned();
        let iss = world.stack.issuer().url().replace(':', "%3A").replace('/', "%2F");
        for (sent, why) in [
            ("error=server_error&error_description=%3Cb%3E", "an error of the issuer"),
            ("", "neither code nor error"),
            ("code=", "an empty code"),
            ("code=a%20b", "a code with a space"),
            (&format!("code={}", "a".repeat(4_097)), "a code that is too long"),
        ] {
            let attempt = format!("{state}.{}..{}", "v".repeat(43), "/console");
            web.set_cookie("access-keys-sign-in", &attempt);
            let answer = web.come_back(&format!("/console/callback?{sent}&state={state}&iss={iss}")).await;
            check_failed(world, &answer, "issuer", why);
        }
        assert_eq!(world.stack.issuer().token_calls(), 0);

        let web = world.web_client();
        let issuer = web.begin("/console").await;
        let callback = web.authorize(&issuer, &[("name", "alice"), ("email", "")]).await;
        check_failed(world, &web.come_back(&callback).await, "email_missing", "no address");
    });
}

#[test]
fn a_cookie_that_is_no_attempt_is_none() {
    run_with(with_console(), async |world| {
        let web = world.web_client();
        let callback = callback_of(&web).await;
        let attempt = web.cookie("access-keys-sign-in");
        for (odd, why) in [
            (attempt[1..].to_owned(), "a shorter state"),
            (attempt.replace("..", "."), "a part is missing"),
            (attempt.replace("..", ".x."), "an odd hash"),
            (attempt.replace("/console", "//evil.example"), "another site"),
            (attempt.replace("/console", "https://evil.example"), "a URL"),
            (attempt.replace("/console", "/v1/organizations"), "a path of the API"),
            (format!("{attempt}/{}", "a".repeat(3_000)), "too long"),
            (String::new(), "empty"),
        ] {
            web.set_cookie("access-keys-sign-in", &odd);
            check_failed(world, &web.come_back(&callback).await, "expired", why);
        }
        let twice = world
            .anonymous()
            .with_header("cookie", &format!("access-keys-sign-in={attempt}; access-keys-sign-in={attempt}"));
        check_failed(world, &twice.get(&callback).await, "expired", "two attempts");
    });
}

#[test]
fn only_pages_of_the_console_are_returned_to() {
    run_with(with_console(), async |world| {
        for (wanted, returned_to) in [
            ("/console/O/access-keys?q=a%2520b", "/console/O/access-keys?q=a%20b"),
            ("/console", "/console"),
            ("//evil.example", "/console"),
            ("/%5Cevil.example", "/console"),
            ("https:%2F%2Fevil.example%2Fconsole", "/console"),
            ("/v1/organizations", "/console"),
            ("/console/../v1/organizations", "/console"),
            ("/console/x%0D%0Aset-cookie:%20a=b", "/console"),
            ("/console%2F%2Fevil.example", "/console"),
            ("%252F%252Fevil.example", "/console"),
            ("/console/%FF", "/console"),
            ("/console/sign-in", "/console"),
            ("/console&return_to=/console/O", "/console"),
            (&format!("/console/{}", "a".repeat(2_000)), "/console"),
            ("", "/console"),
        ] {
            let web = world.web_client();
            let begun = web.open(&format!("/console/sign-in?return_to={wanted}")).await;
            assert!(begun.header("set-cookie").len() < 1_500, "{wanted}");
            let issuer = begun.header("location").parse().unwrap();
            let callback = web.authorize(&issuer, &described("alice", "alice@example.com")).await;
            assert_eq!(web.come_back(&callback).await.header("location"), returned_to, "{wanted}");
        }
        let web = world.web_client();
        let begun = web.open("/console/sign-in?unknown=%FF&x").await;
        assert_eq!(begun.status, 303, "a parameter that means nothing stops nobody");
    });
}
