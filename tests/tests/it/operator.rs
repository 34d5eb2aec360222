//! Operators: invited, with an app, with roles, by two where it matters, and everything recorded.

use chrono::Duration;
use entity::operator::{Role, invite};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tests::client::{Person, Refused, refused, text};
use tests::operator::oathtool;
use tests::{Client, World, on_both_setups};

on_both_setups!(
    an_invitation_is_taken_up_once,
    a_session_is_short_and_ends_with_its_operator,
    a_role_opens_its_own_fields_and_no_other,
    what_matters_takes_two,
    who_is_frozen_by_one_is_unfrozen_by_two,
    everything_that_is_seen_or_done_is_recorded,
    passwords_of_operators_are_not_guessed,
    support_ends_the_sessions_of_a_person,
);

const PASSWORD: &str = "seventeen purple elephants";

async fn sign_in(door: &Client, name: &str, password: &str, code: &str) -> Result<Value, Refused> {
    door.try_act("signIn", "token", json!({ "name": name, "password": password, "code": code })).await
}

async fn an_invitation_is_taken_up_once(world: &World) {
    let door = world.operators();
    let token = invite(&world.bank, "ada", &[Role::Auditor]).await.unwrap();
    assert!(!world.dump().await.contains(token.reveal()));
    let accept = |token: String, password: &'static str| {
        let input = json!({ "token": token, "password": password });
        let door = door.clone();
        async move { door.try_act("acceptInvitation", "secret uri", input).await }
    };
    let token = token.reveal().to_owned();
    assert_eq!(accept(token.clone(), "ada ada ada ada").await, Err(refused("PASSWORD_WEAK", "password")));
    assert_eq!(accept("oki_0".to_owned(), PASSWORD).await, Err(refused("CODE_EXPIRED", "token")));
    let app = accept(token.clone(), PASSWORD).await.unwrap();
    assert_eq!(accept(token, PASSWORD).await, Err(refused("CODE_EXPIRED", "token")));
    let failed = Err(refused("SIGN_IN_FAILED", ""));
    let secret = text(&app["secret"]);
    assert!(!world.dump().await.contains(secret));
    let code = oathtool(world, secret);
    for (name, password, code) in
        [("ada", PASSWORD, "000000"), ("ada", "wrong", &*code), ("eve", PASSWORD, &*code)]
    {
        assert_eq!(sign_in(&door, name, password, code).await, failed);
    }
    assert!(sign_in(&door, "ada", PASSWORD, &code).await.is_ok());
    assert_eq!(sign_in(&door, "ada", PASSWORD, &code).await, failed, "a code works once");
    // Who has lost the app is invited anew; what it had no longer works. A day later neither does the invitation.
    let again = invite(&world.bank, "ada", &[Role::Auditor]).await.unwrap();
    world.pass(Duration::minutes(1)).await;
    assert_eq!(sign_in(&door, "ada", PASSWORD, &oathtool(world, secret)).await, failed);
    world.pass(Duration::days(1)).await;
    assert_eq!(accept(again.reveal().to_owned(), PASSWORD).await, Err(refused("CODE_EXPIRED", "token")));
}

async fn a_session_is_short_and_ends_with_its_operator(world: &World) {
    let query = "{ waitingJobs }";
    let engineer = world.hire("engineer", &[Role::Engineer]).await;
    let ended = Err(refused("SESSION_ENDED", ""));
    for _ in 0..15 {
        world.pass(Duration::minutes(29)).await;
        assert!(engineer.try_ask(query, Value::Null).await.is_ok());
    }
    world.pass(Duration::minutes(29)).await;
    world.pass(Duration::minutes(29)).await;
    assert_eq!(engineer.try_ask(query, Value::Null).await, ended, "unused, and eight hours are over");
    let engineer = world.hire("engineer", &[Role::Engineer]).await;
    engineer.ask("mutation { signOut { signedOut } }", Value::Null).await;
    assert_eq!(engineer.try_ask(query, Value::Null).await, ended);
    let engineer = world.hire("engineer", &[Role::Engineer]).await;
    let admin = world.hire("admin", &[Role::Admin]).await;
    let all = admin.ask("{ operators { id name state roles } }", Value::Null).await["operators"].clone();
    let id = |at: usize| json!({ "id": all[at]["id"] });
    assert_eq!((&all[0]["name"], &all[1]["roles"]), (&json!("admin"), &json!(["ENGINEER"])));
    let own = admin.try_act("dismissOperator", "operator { state }", id(0)).await;
    assert_eq!(own, Err(refused("SELF_APPROVAL", "id")));
    let gone = admin.act("dismissOperator", "operator { state }", id(1)).await;
    assert_eq!(gone["operator"]["state"], "DISMISSED");
    assert_eq!(engineer.try_ask(query, Value::Null).await, ended);
}

async fn a_role_opens_its_own_fields_and_no_other(world: &World) {
    let missing = Err(refused("ROLE_MISSING", ""));
    let alice = Person::join(world).await;
    let me = alice.client.ask("{ me { id } }", Value::Null).await["me"]["id"].clone();
    let handle = text(&alice.handle["email"]).to_owned();
    let user = format!("{{ user(handle: {{ email: \"{handle}\" }}) {{ name }} }}");
    let fields = [
        (Role::Admin, "{ operators { id } }"),
        (Role::Auditor, "{ audit { clean } }"),
        (Role::Auditor, "{ trialBalance { purpose } }"),
        (Role::Auditor, "{ chainAudit { entries } }"),
        (Role::Engineer, "{ waitingJobs }"),
        (Role::Engineer, "{ deadLetters { edges { node { id } } } }"),
        (Role::Support, &user),
    ];
    for role in [Role::Admin, Role::Auditor, Role::Engineer, Role::Reviewer, Role::Support] {
        let operator = world.hire(&format!("{role:?}").to_lowercase(), &[role]).await;
        for (needed, query) in &fields {
            let answer = operator.try_ask(query, Value::Null).await;
            assert_eq!(
                answer.clone().map(drop),
                if role == *needed { Ok(()) } else { missing.clone().map(drop::<()>) },
                "{role:?} {query}"
            );
        }
        let frozen = operator.try_act("freezeUser", "user { state }", json!({ "id": me })).await;
        assert_eq!(frozen.is_ok(), role == Role::Support);
        let input = json!({ "change": { "unfreezeUser": me }, "reason": "checked" });
        let proposed = operator.try_act("propose", "proposal { id }", input).await;
        if role != Role::Reviewer {
            assert_eq!(proposed.map(drop), missing.clone().map(drop::<()>), "{role:?}");
        }
        let input = json!({ "change": { "inviteOperator": { "name": "eve", "roles": ["ADMIN"] } }, "reason": "more" });
        let proposed = operator.try_act("propose", "proposal { id }", input).await;
        assert_eq!(proposed.is_ok(), role == Role::Admin, "{role:?}");
    }
    let nobody = world.operators();
    for (_, query) in &fields {
        assert_eq!(nobody.try_ask(query, Value::Null).await, Err(refused("UNAUTHENTICATED", "")));
    }
    let eve = nobody.with_token(alice.client.token.as_deref().unwrap());
    assert_eq!(eve.try_ask("{ waitingJobs }", Value::Null).await, Err(refused("TOKEN_INVALID", "")));
    let door = world.client().with_token(world.operator().await.token.as_deref().unwrap());
    assert_eq!(door.try_ask("{ me { id } }", Value::Null).await, Err(refused("TOKEN_INVALID", "")));
}

async fn what_matters_takes_two(world: &World) {
    let one = world.hire("one", &[Role::Admin, Role::Reviewer, Role::Support]).await;
    let other = world.hire("other", &[Role::Admin]).await;
    let invite = |roles: Value, reason: &str| json!({ "change": { "inviteOperator": { "name": "third", "roles": roles } }, "reason": reason });
    for (input, refusal) in [
        (invite(json!([]), "more hands"), refused("ROLE_MISSING", "roles")),
        (invite(json!(["SUPPORT"]), " "), refused("REASON_INVALID", "reason")),
    ] {
        assert_eq!(one.try_act("propose", "proposal { id }", input).await, Err(refusal));
    }
    let input = invite(json!(["SUPPORT"]), "more hands");
    let proposed = one.act("propose", "proposal { id state } firstHalf", input.clone()).await;
    let half = text(&proposed["firstHalf"]).to_owned();
    let proposed = proposed["proposal"].clone();
    let again = other.try_act("propose", "proposal { id }", input).await;
    assert_eq!(again, Err(refused("PROPOSAL_OPEN", "")));
    let open = "{ proposals { edges { node { reason change { ... on InviteOperator { name roles } } } } } }";
    let node = other.ask(open, Value::Null).await["proposals"]["edges"][0]["node"].clone();
    let change = json!({ "name": "third", "roles": ["SUPPORT"] });
    assert_eq!(node, json!({ "reason": "more hands", "change": change }));
    let id = json!({ "id": proposed["id"] });
    let approve = |client: Client| {
        let id = id.clone();
        async move { client.try_act("approveProposal", "proposal { state } secondHalf", id).await }
    };
    assert_eq!(approve(one.clone()).await, Err(refused("SELF_APPROVAL", "id")));
    let reviewer = world.hire("reviewer", &[Role::Reviewer]).await;
    assert_eq!(approve(reviewer.clone()).await, Err(refused("ROLE_MISSING", "")));
    let (first, second) =
        futures::join!(approve(other.clone()), approve(world.hire("late", &[Role::Admin]).await));
    let done: Vec<_> = [first, second].into_iter().collect();
    let decided = Err(refused("PROPOSAL_DECIDED", "id"));
    let approved = done.iter().find_map(|answer| answer.as_ref().ok()).unwrap();
    assert!(done.contains(&decided), "{done:?}");
    let other_half = text(&approved["secondHalf"]);
    for token in [&half, other_half] {
        let input = json!({ "token": token, "password": PASSWORD });
        let alone = world.operators().try_act("acceptInvitation", "secret", input).await;
        assert_eq!(alone, Err(refused("CODE_EXPIRED", "token")));
    }
    let third = world.take_up("third", &format!("{half}{other_half}")).await;
    assert_eq!(third.try_ask("{ operators { id } }", Value::Null).await, Err(refused("ROLE_MISSING", "")));
    // Nobody approves its own roles, and what was proposed by who is dismissed is not done.
    let more = json!({ "change": { "inviteOperator": { "name": "other", "roles": ["ADMIN", "REVIEWER"] } }, "reason": "more" });
    let proposed = one.act("propose", "proposal { id }", more).await;
    let id = json!({ "id": proposed["proposal"]["id"] });
    let own = other.try_act("approveProposal", "secondHalf", id).await;
    assert_eq!(own, Err(refused("SELF_APPROVAL", "id")));
    let leaving = world.hire("leaving", &[Role::Admin]).await;
    let evil =
        json!({ "change": { "inviteOperator": { "name": "evil", "roles": ["ADMIN"] } }, "reason": "more" });
    let proposed = leaving.act("propose", "proposal { id proposedById }", evil).await["proposal"].clone();
    one.act("dismissOperator", "operator { state }", json!({ "id": proposed["proposedById"] })).await;
    let late = one.try_act("approveProposal", "secondHalf", json!({ "id": proposed["id"] })).await;
    assert_eq!(late, Err(refused("ROLE_MISSING", "proposedById")));
}

async fn who_is_frozen_by_one_is_unfrozen_by_two(world: &World) {
    let one = world.hire("one", &[Role::Reviewer]).await;
    let reviewer = world.hire("reviewer", &[Role::Reviewer]).await;
    let third = world.hire("third", &[Role::Support]).await;
    let decided = Err(refused("PROPOSAL_DECIDED", "id"));
    let alice = Person::join(world).await;
    let me = alice.client.ask("{ me { id } }", Value::Null).await["me"]["id"].clone();
    let unfreeze = json!({ "change": { "unfreezeUser": me }, "reason": "checked" });
    let early = one.try_act("propose", "proposal { id }", unfreeze.clone()).await;
    assert_eq!(early, Err(refused("NOT_LOCKED", "id")));
    third.act("freezeUser", "user { state }", json!({ "id": me })).await;
    let proposed = one.act("propose", "proposal { id }", unfreeze.clone()).await;
    let id = json!({ "id": proposed["proposal"]["id"] });
    let rejected = reviewer.act("rejectProposal", "proposal { state }", id.clone()).await;
    assert_eq!(rejected["proposal"]["state"], "REJECTED");
    assert_eq!(reviewer.try_act("approveProposal", "secondHalf", id).await, decided);
    let proposed = one.act("propose", "proposal { id }", unfreeze).await;
    let id = json!({ "id": proposed["proposal"]["id"] });
    reviewer.act("approveProposal", "secondHalf", id).await;
    let me = alice.client.ask("{ me { state } }", Value::Null).await;
    assert_eq!(me["me"]["state"], "ACTIVE");
}

async fn everything_that_is_seen_or_done_is_recorded(world: &World) {
    let alice = Person::join(world).await;
    let support = world.hire("support", &[Role::Support]).await;
    let found = support
        .ask(
            "query($h: HandleInput!) { one: user(handle: $h) { id } two: user(handle: $h) { name } }",
            json!({ "h": alice.handle }),
        )
        .await;
    support.act("freezeUser", "user { state }", json!({ "id": found["one"]["id"] })).await;
    let operator = world.operator().await;
    let all = operator.ask("{ operators { id name } }", Value::Null).await["operators"].clone();
    let own = all.as_array().unwrap().iter().find(|one| one["name"] == "support").unwrap();
    let query = "query($id: ID!) { operatorEvents(operatorId: $id) { edges { node { number field subject address hash } } } }";
    let log = operator.ask(query, json!({ "id": own["id"] })).await["operatorEvents"]["edges"].clone();
    let fields: Vec<_> = log.as_array().unwrap().iter().map(|edge| text(&edge["node"]["field"])).collect();
    assert_eq!(fields, ["freezeUser", "user", "user", "signIn", "acceptInvitation"]);
    assert!(log[0]["node"]["subject"].is_string() && log[0]["node"]["subject"] == log[1]["node"]["subject"]);
    let whole = operator.ask("{ chainAudit { entries broken { log } } }", Value::Null).await;
    assert_eq!(whole["chainAudit"]["broken"], json!([]));
    let db = world.bank.db.connection();
    for order in ["UPDATE operator_events SET kind = 'signIn'", "DELETE FROM operator_events"] {
        assert!(db.execute_unprepared(order).await.is_err(), "{order}");
    }
    let approved =
        "UPDATE proposals SET state = 'APPROVED', decided_by = proposed_by, decided_at = created_at";
    let proposal = json!({ "change": { "unfreezeUser": found["one"]["id"] }, "reason": "checked" });
    operator.act("propose", "proposal { id }", proposal).await;
    assert!(db.execute_unprepared(approved).await.is_err(), "the database knows that it takes two");
}

async fn support_ends_the_sessions_of_a_person(world: &World) {
    let alice = Person::join(world).await;
    let me = alice.client.ask("{ me { id } }", Value::Null).await["me"]["id"].clone();
    let support = world.hire("support", &[Role::Support]).await;
    let ended = support.act("endSessions", "ended", json!({ "userId": me })).await;
    assert_eq!(ended["ended"], 1);
    let again = alice.client.try_ask("{ me { id } }", Value::Null).await;
    assert_eq!(again, Err(refused("SESSION_ENDED", "")));
}

async fn passwords_of_operators_are_not_guessed(world: &World) {
    world.hire("ada", &[Role::Auditor]).await;
    let mut looked_at = 0;
    for number in 0..40 {
        let door = world.operators().from(&format!("198.51.100.{number}"));
        match sign_in(&door, "ada", "wrong", "000000").await.unwrap_err().code.as_str() {
            "SIGN_IN_FAILED" => looked_at += 1,
            code => assert_eq!(code, "TOO_MANY_TRIES"),
        }
    }
    assert_eq!(looked_at, 5);
}
