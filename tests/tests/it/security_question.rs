//! Security questions: off, unless the house wants them, and then no more than a signal.

use chrono::Duration;
use entity::Bank;
use entity::security_question::check;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tests::client::{Client, PASSWORD, Person, Refused, refused, text};
use tests::{Setup, World, on_both_setups};

on_both_setups!(there_are_none_unless_the_house_wants_them);

const GOOD: [(&str, &str); 3] =
    [("First street?", "Elm Street"), ("First boat?", "Argo"), ("First song?", "Blackbird")];

async fn set(person: &Person, questions: &[(&str, &str)], password: &str) -> Result<Value, Refused> {
    let questions: Vec<_> = questions
        .iter()
        .map(|(question, answer)| json!({ "question": question, "answer": answer }))
        .collect();
    let input = json!({ "questions": questions, "password": password });
    let set = person.client.try_act("setSecurityQuestions", "securityQuestions", input).await;
    set.map(|payload| payload["securityQuestions"].clone())
}

/// What the people who look at a recovery are told.
async fn signal(bank: &Bank, person: &Person, answers: &[&str]) -> Result<Option<bool>, String> {
    let handle = entity::handle::Handle::email(text(&person.handle["email"])).unwrap();
    let user = entity::user::reached_by(bank, &handle).await.unwrap().unwrap();
    let answers: Vec<_> = answers.iter().map(|answer| (*answer).to_owned()).collect();
    check(bank, user, &answers).await.map_err(|error| error.to_string())
}

async fn refreshed(world: &World, person: &Person) -> Client {
    let input = json!({ "refreshToken": person.refresh_token });
    let answer = world.client().act("refreshSession", "session { accessToken }", input).await;
    world.client().with_token(text(&answer["session"]["accessToken"]))
}

async fn there_are_none_unless_the_house_wants_them(world: &World) {
    let alice = Person::join(world).await;
    assert_eq!(set(&alice, &GOOD, PASSWORD).await, Err(refused("SECURITY_QUESTIONS_OFF", "")));
    let asked = alice.client.ask("{ securityQuestions }", Value::Null).await;
    assert_eq!(asked["securityQuestions"], json!([]));
    assert_eq!(signal(&world.bank, &alice, &["x"]).await, Ok(None));
    // Who has chosen some before can be rid of them.
    let wanting = world.bank.clone().with_security_questions(true);
    assert_eq!(signal(&wanting, &alice, &["x"]).await, Ok(None));
    assert_eq!(set(&alice, &[], PASSWORD).await, Ok(json!([])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_a_signal_that_can_not_be_guessed() {
    for setup in [Setup::Embedded, Setup::Real] {
        let house = |bank: Bank| bank.with_security_questions(true);
        let world = World::open_as(setup, house, |gateways| gateways).await;
        signals(&world).await;
        world.close().await;
    }
}

async fn signals(world: &World) {
    let alice = Person::join(world).await;
    let (bank, right) = (&world.bank, ["elm  street", "ARGO", "Ｂlackbird "]);
    assert_eq!(signal(bank, &alice, &right).await, Ok(None), "none are set");
    assert_eq!(set(&alice, &GOOD, "wrong").await, Err(refused("PASSWORD_WRONG", "password")));
    let invalid = Err(refused("SECURITY_QUESTIONS_INVALID", "questions"));
    assert_eq!(set(&alice, &GOOD[..2], PASSWORD).await, invalid);
    assert_eq!(set(&alice, &[GOOD[0], GOOD[1], ("Is it Rex?", "Rex")], PASSWORD).await, invalid);
    let questions = json!(GOOD.map(|(question, _)| question));
    assert_eq!(set(&alice, &GOOD, PASSWORD).await, Ok(questions.clone()));
    let asked = alice.client.ask("{ securityQuestions }", Value::Null).await;
    assert_eq!(asked["securityQuestions"], questions);
    assert_eq!(world.messages(&alice.handle).await[0].0, "Your security questions were changed");
    let log = alice.client.ask("{ securityEvents(first: 1) { edges { node { kind } } } }", Value::Null).await;
    assert_eq!(log["securityEvents"]["edges"][0]["node"]["kind"], "SECURITY_QUESTIONS_CHANGED");
    assert_eq!(signal(bank, &alice, &right).await, Ok(Some(true)));
    for wrong in [&["elm street", "argo", "other"][..], &right[..2], &[]] {
        assert_eq!(signal(bank, &alice, wrong).await, Ok(Some(false)), "{wrong:?}");
    }
    assert_eq!(signal(bank, &alice, &["", "", "", ""]).await, Ok(Some(false)));
    assert_eq!(signal(bank, &alice, &right).await, Err("TOO_MANY_TRIES".to_owned()), "five were shown");
    world.bank.clock.advance(Duration::hours(25));
    assert_eq!(signal(bank, &alice, &right).await, Ok(Some(true)));
    // Neither the questions nor what they are answered with lies open, and both go with the person.
    let dump = world.dump().await;
    for secret in ["First street", "elm street", "Elm Street"] {
        assert!(!dump.contains(secret), "{secret}");
    }
    let client = refreshed(world, &alice).await;
    let export = client.act("exportPersonalData", "json", json!({ "password": PASSWORD })).await;
    assert!(text(&export["json"]).contains("First street?"), "{export}");
    client.act("closeUser", "closed", json!({ "password": PASSWORD })).await;
    let db = world.bank.db.connection();
    let left = "SELECT count(*) AS questions FROM security_questions";
    let row =
        db.query_one_raw(Statement::from_string(db.get_database_backend(), left)).await.unwrap().unwrap();
    assert_eq!(row.try_get::<i64>("", "questions").unwrap(), 0);
}
