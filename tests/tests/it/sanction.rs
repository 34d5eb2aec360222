//! Sanctions: people whose names are like one on a list. Everybody on these lists is invented.

use crate::sanction_list::{Lists, VANTERPOOL, ofac};
use entity::operator::Role;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tests::client::{Client, PASSWORD, Person, refused, text, unique};
use tests::{World, on_both_setups};

on_both_setups!(
    a_name_is_found_however_it_is_written_and_its_person_is_told_nothing,
    another_name_or_another_birth_date_is_nobody_on_the_list,
    a_bank_account_is_in_the_name_of_somebody_on_the_list,
    nobody_is_known_better_while_a_hit_is_open,
    who_is_confirmed_stays_frozen,
    a_mistake_is_mended_by_two,
    only_reviewers_see_hits,
);

/// Somebody who calls itself so, and was screened.
pub(crate) async fn join(world: &World, name: &str) -> Person {
    let (client, handle) = (world.client(), json!({ "email": format!("listed{}@example.com", unique()) }));
    let form = json!({
        "handle": handle, "name": name, "password": PASSWORD, "acceptedTermsVersion": "2026-11-01",
    });
    let started = client.act("signUp", "verification { verificationId }", form).await;
    let shown = json!({
        "verificationId": started["verification"]["verificationId"], "code": world.code(&handle).await,
    });
    let answer = client.act("activateUser", "session { accessToken refreshToken }", shown).await;
    world.settle().await;
    Person {
        handle,
        client: client.with_token(text(&answer["session"]["accessToken"])),
        refresh_token: text(&answer["session"]["refreshToken"]).to_owned(),
    }
}

/// Applies by this name and birth date, and waits until the person was screened.
pub(crate) async fn apply(world: &World, person: &Person, name: &str, born: &str) -> Value {
    let profile = json!({
        "fullName": name, "birthDate": born, "nationality": "DE", "address": "Musterweg 7", "town": "Berlin",
        "postalCode": "10115", "country": "DE",
    });
    let form = json!({ "level": "DECLARED", "profile": profile, "documents": [] });
    let made = person.client.act("applyForLevel", "application { id }", form).await;
    world.settle().await;
    made["application"]["id"].clone()
}

/// Links a bank account in this name, and waits until it was screened.
pub(crate) async fn link(world: &World, person: &Person, iban: &str, holder: &str) {
    let account = json!({ "iban": iban, "holder": holder });
    person.client.act("linkBankAccount", "instrument { id }", account).await;
    world.settle().await;
}

const HIT: &str = "id userId name score birth strong state reason overturnedById entry { source reference listVersion kind names \
    births { from } programmes } explanation { given listed nameScore words { given listed similarity weight } }";

pub(crate) async fn hits(reviewer: &Client, state: &str) -> Vec<Value> {
    let query = format!(
        "query($state: SanctionHitState) {{ sanctionHits(state: $state) {{ edges {{ node {{ {HIT} }} }} }} }}"
    );
    let answer = reviewer.ask(&query, json!({ "state": state })).await;
    let edges = answer["sanctionHits"]["edges"].as_array().unwrap().iter();
    edges.map(|edge| edge["node"].clone()).collect()
}

/// The open hits of a person.
pub(crate) async fn hits_of(world: &World, person: &Person) -> Vec<Value> {
    let me = person.client.ask("{ me { id } }", Value::Null).await["me"]["id"].clone();
    let all = hits(&world.operator().await, "OPEN").await;
    all.into_iter().filter(|hit| hit["userId"] == me).collect()
}

/// What it is told when it sends money.
async fn sends(from: &Person, to: &Person) -> String {
    let sent =
        from.client.try_act("createTransfer", "transaction { id }", from.transfer(to, "1.00", "one")).await;
    sent.map_or_else(|refusal| refusal.code, |_| "SENT".to_owned())
}

async fn a_name_is_found_however_it_is_written_and_its_person_is_told_nothing(world: &World) {
    let lists = Lists::published(world).await;
    let bob = Person::join(world).await;
    for (name, reference, least) in [
        ("Vänterpool Zorblåx", "90001", 1000),
        ("ZORBLAX Q. VANTERPOOL NOPPER", "90001", 950),
        ("Zorblaks Vanterpoel", "90001", 900),
        ("Makebelieve Trading", "90002", 1000),
        ("Lumpenova, Grilda", "EU.9001.1", 1000),
        ("Грильда Люмпенова", "EU.9001.1", 1000),
    ] {
        let person = join(world, name).await;
        let found = hits_of(world, &person).await;
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        let hit = &found[0];
        assert_eq!(
            (&hit["entry"]["reference"], &hit["name"]),
            (&json!(reference), &json!("DISPLAY_NAME")),
            "{name}"
        );
        assert!(hit["score"].as_i64().unwrap() >= least, "{hit}");
        assert_eq!((&hit["explanation"]["given"], &hit["birth"]), (&json!(name), &json!("UNKNOWN")));
    }
    let alice = join(world, "Zorblax Vanterpool").await;
    alice.top_up(world, "10.00").await;
    let hit = hits_of(world, &alice).await.remove(0);
    assert_eq!((&hit["strong"], &hit["entry"]["kind"]), (&json!(true), &json!("PERSON")));
    assert_eq!(hit["entry"]["births"], json!([{ "from": "1963-02-17" }]));
    let word = json!({ "given": "vanterpool", "listed": "vanterpool", "similarity": 1000, "weight": 20 });
    assert!(hit["explanation"]["words"].as_array().unwrap().contains(&word), "{hit}");
    // It says what any frozen wallet says, and nobody has written to the person.
    assert_eq!(sends(&alice, &bob).await, "USER_FROZEN");
    for (subject, body) in world.messages(&alice.handle).await {
        let said = format!("{subject} {body}").to_lowercase();
        assert!(!["sanction", "frozen", "locked"].iter().any(|word| said.contains(word)), "{said}");
    }
    let taken =
        alice.client.act("exportPersonalData", "json", json!({ "password": PASSWORD })).await.to_string();
    assert!(!taken.contains("90001") && !taken.to_lowercase().contains("sanction"), "{taken}");
    let dump = world.dump().await;
    assert!(
        dump.contains("VANTERPOOL") && !dump.contains("Vänterpool"),
        "the list is public, and the person is not"
    );
    drop(lists);
}

async fn another_name_or_another_birth_date_is_nobody_on_the_list(world: &World) {
    let lists = Lists::published(world).await;
    for name in
        ["Zorblax Petrenko", "Quentin Nopper", "Zorblax", "Grilda Vanterpool", "Makebelieve", "Trading Ltd"]
    {
        let person = join(world, name).await;
        assert_eq!(hits_of(world, &person).await, Vec::<Value>::new(), "{name}");
    }
    let alice = join(world, "Alice").await;
    apply(world, &alice, "Zorblax Quentin Vanterpool-Nopper", "1990-02-28").await;
    assert_eq!(hits_of(world, &alice).await, Vec::<Value>::new(), "born on another day");
    // It is the same name in which the account is, so it is the same person.
    link(world, &alice, "DE89370400440532013000", "VANTERPOOL NOPPER ZORBLAX QUENTIN").await;
    assert_eq!(hits_of(world, &alice).await, Vec::<Value>::new());
    let bob = join(world, "Bob").await;
    apply(world, &bob, "Zorblax Vanterpol", "1963-02-17").await;
    let hit = hits_of(world, &bob).await.remove(0);
    assert_eq!(
        (&hit["birth"], &hit["strong"], &hit["name"]),
        (&json!("SAME"), &json!(true), &json!("FULL_NAME"))
    );
    drop(lists);
}

async fn a_bank_account_is_in_the_name_of_somebody_on_the_list(world: &World) {
    let lists = Lists::published(world).await;
    let (alice, bob) = (join(world, "Alice").await, join(world, "Bob").await);
    alice.top_up(world, "10.00").await;
    assert_eq!(sends(&alice, &bob).await, "SENT");
    link(world, &alice, "FR1420041010050500013M02606", "Make-Believe Trading Company").await;
    let hit = hits_of(world, &alice).await.remove(0);
    assert_eq!((&hit["name"], &hit["entry"]["reference"]), (&json!("ACCOUNT_HOLDER"), &json!("90002")));
    let again = alice
        .client
        .try_act("createTransfer", "transaction { id }", alice.transfer(&bob, "1.00", "two"))
        .await;
    assert_eq!(again, Err(refused("USER_FROZEN", "")));
    // One that is misspelled is looked at, and freezes nothing; but nobody leaves meanwhile.
    bob.top_up(world, "10.00").await;
    link(world, &bob, "FR1420041010050500013M02606", "Zorblaks Vanterpoel").await;
    let hit = hits_of(world, &bob).await.remove(0);
    assert_eq!(hit["strong"], false, "{hit}");
    assert_eq!(sends(&bob, &alice).await, "SENT");
    let carol = join(world, "Zorblaks Vanterpoel").await;
    let closing = carol.client.try_act("closeUser", "closed", json!({ "password": PASSWORD })).await;
    assert_eq!(closing, Err(refused("ACTS_UNDER_WAY", "")));
    drop(lists);
}

async fn nobody_is_known_better_while_a_hit_is_open(world: &World) {
    let lists = Lists::published(world).await;
    let alice = Person::join(world).await;
    let made = apply(world, &alice, "Grilda Lumpenova", "1971-08-01").await;
    let reviewer = world.hire("sanction-kyc", &[Role::Reviewer]).await;
    let raise = json!({ "change": { "raiseLevel": made }, "reason": "looks good" });
    let proposed = reviewer.try_act("propose", "proposal { id }", raise).await;
    assert_eq!(proposed, Err(refused("SANCTION_HIT_OPEN", "id")));
    let hit = hits_of(world, &alice).await.remove(0);
    assert_eq!(hit["birth"], "POSSIBLE", "the same year");
    let empty = reviewer
        .try_act("clearSanctionHit", "hit { state }", json!({ "id": hit["id"], "reason": " " }))
        .await;
    assert_eq!(empty, Err(refused("REASON_INVALID", "reason")));
    let clear = json!({ "id": hit["id"], "reason": "the passport shows another face" });
    let cleared = reviewer.act("clearSanctionHit", "hit { state reason }", clear.clone()).await;
    assert_eq!(cleared["hit"], json!({ "state": "CLEARED", "reason": "the passport shows another face" }));
    let twice = reviewer.try_act("confirmSanctionHit", "hit { state }", clear).await;
    assert_eq!(twice, Err(refused("SANCTION_HIT_DECIDED", "id")));
    let done = world.agree(json!({ "raiseLevel": made })).await;
    assert_eq!(done["proposal"]["state"], "APPROVED");
    // What was frozen is unfrozen by two, as ever.
    let me = alice.client.ask("{ me { id state } }", Value::Null).await["me"].clone();
    assert_eq!(me["state"], "FROZEN");
    world.agree(json!({ "unfreezeUser": me["id"] })).await;
    assert_eq!(alice.client.ask("{ me { state } }", Value::Null).await["me"]["state"], "ACTIVE");
    drop(lists);
}

async fn who_is_confirmed_stays_frozen(world: &World) {
    let lists = Lists::published(world).await;
    let (alice, bob) = (join(world, "Zorblaks Vanterpoel").await, Person::join(world).await);
    alice.top_up(world, "10.00").await;
    assert_eq!(sends(&alice, &bob).await, "SENT");
    let reviewer = world.hire("sanction-confirm", &[Role::Reviewer]).await;
    let hit = hits_of(world, &alice).await.remove(0);
    let alerts = "{ alerts(first: 100) { edges { node { kind subject detail } } } }";
    let open = reviewer.ask(alerts, Value::Null).await.to_string();
    assert!(
        open.contains("SANCTION_HIT") && open.contains("OFAC 90001") && !open.contains("Zorblaks"),
        "{open}"
    );
    let input = json!({ "id": hit["id"], "reason": "the documents agree" });
    let confirmed = reviewer.act("confirmSanctionHit", "hit { state decidedById decidedAt }", input).await;
    assert_eq!(confirmed["hit"]["state"], "CONFIRMED");
    assert!(!reviewer.ask(alerts, Value::Null).await.to_string().contains("SANCTION_HIT"));
    let more = alice
        .client
        .try_act("createTransfer", "transaction { id }", alice.transfer(&bob, "1.00", "two"))
        .await;
    assert_eq!(more, Err(refused("USER_FROZEN", "")));
    let made = apply(world, &alice, "Zorblaks Vanterpoel", "1990-01-01").await;
    let raise = json!({ "change": { "raiseLevel": made }, "reason": "looks good" });
    let proposed = reviewer.try_act("propose", "proposal { id }", raise).await;
    assert_eq!(proposed, Err(refused("SANCTION_HIT_OPEN", "id")));
    let free = json!({ "change": { "unfreezeUser": hit["userId"] }, "reason": "looks good" });
    let proposed = reviewer.try_act("propose", "proposal { id }", free).await;
    assert_eq!(proposed, Err(refused("SANCTION_HIT_OPEN", "id")));
    // Not asked about again, whatever the entry says.
    lists.publish("ofac", &ofac(&VANTERPOOL.replace("TEST", "TEST2"))).await;
    assert_eq!(hits_of(world, &alice).await, Vec::<Value>::new());
}

async fn a_mistake_is_mended_by_two(world: &World) {
    let lists = Lists::published(world).await;
    let alice = join(world, "Zorblax Vanterpool").await;
    let reviewer = world.hire("sanction-mistake", &[Role::Reviewer]).await;
    let hit = hits_of(world, &alice).await.remove(0);
    let change = json!({ "clearConfirmedHit": hit["id"] });
    let propose = json!({ "change": change, "reason": "born elsewhere" });
    let early = reviewer.try_act("propose", "proposal { id }", propose).await;
    assert_eq!(early, Err(refused("SANCTION_HIT_OPEN", "id")), "that one decides alone");
    let input = json!({ "id": hit["id"], "reason": "the documents agree" });
    reviewer.act("confirmSanctionHit", "hit { state }", input).await;
    let db = world.bank.db.connection();
    let alone = db.execute_unprepared("UPDATE sanction_hits SET state = 'CLEARED'").await.unwrap_err();
    assert!(alone.to_string().contains("cleared by two operators"), "{alone}");
    assert_eq!(world.agree(change.clone()).await["proposal"]["state"], "APPROVED");
    let seen = hits(&reviewer, "CLEARED").await;
    let seen = seen.iter().find(|seen| seen["id"] == hit["id"]).unwrap();
    // Who had confirmed it, and why, stays.
    assert!(seen["overturnedById"].is_string());
    assert_eq!(seen["reason"], "the documents agree");
    let after = db.execute_unprepared("UPDATE sanction_hits SET overturned_by = NULL").await.unwrap_err();
    assert!(after.to_string().contains("a cleared hit has ended"), "{after}");
    let again = json!({ "change": change, "reason": "born elsewhere" });
    let again = reviewer.try_act("propose", "proposal { id }", again).await;
    assert_eq!(again, Err(refused("SANCTION_HIT_DECIDED", "id")));
    // The wallet opens by two more, and the same entry is not asked about again.
    world.agree(json!({ "unfreezeUser": hit["userId"] })).await;
    assert_eq!(alice.client.ask("{ me { state } }", Value::Null).await["me"]["state"], "ACTIVE");
    lists.publish("ofac", &ofac(VANTERPOOL)).await;
    assert_eq!(hits_of(world, &alice).await, Vec::<Value>::new());
}

async fn only_reviewers_see_hits(world: &World) {
    let lists = Lists::published(world).await;
    let alice = join(world, "Zorblax Vanterpool").await;
    let hit = hits_of(world, &alice).await.remove(0);
    let others = [Role::Admin, Role::Auditor, Role::Engineer, Role::Support, Role::Treasurer];
    let other = world.hire("sanction-other", &others).await;
    let missing = Err(refused("ROLE_MISSING", ""));
    assert_eq!(other.try_ask("{ sanctionHits { edges { node { id } } } }", Value::Null).await, missing);
    assert_eq!(other.try_ask("{ sanctionLists { version } }", Value::Null).await, missing);
    for act in ["clearSanctionHit", "confirmSanctionHit"] {
        let input = json!({ "id": hit["id"], "reason": "no" });
        assert_eq!(other.try_act(act, "hit { id }", input).await, missing, "{act}");
        let unknown = json!({ "id": hit["userId"], "reason": "no" });
        let refusal = world.operator().await.try_act(act, "hit { id }", unknown).await.unwrap_err();
        assert_eq!(refusal, refused("ID_MALFORMED", "id"));
    }
    let own =
        alice.client.try_ask("query($id: ID!) { node(id: $id) { id } }", json!({ "id": hit["id"] })).await;
    assert_eq!(own, Err(refused("NOT_FOUND", "id")));
    drop(lists);
}
