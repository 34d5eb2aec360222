//! Reading the history, and what stays private in it.

use serde_json::{Value, json};
use tests::client::{Person, refused, text};
use tests::{World, on_both_setups};

on_both_setups!(
    a_long_history_is_read_page_by_page_in_both_directions,
    a_page_goes_on_where_the_last_one_ended_whatever_happens_meanwhile,
    a_cursor_is_good_for_one_list_of_one_person,
    a_deposit_that_settles_is_never_missing,
    filters_narrow_the_history,
    notes_and_tags_are_private,
    what_belongs_to_others_is_not_found,
    each_wrong_page_is_refused_by_name,
    anything_of_ones_own_is_a_node,
);

const PAGE: &str = "query($first: Int, $after: String, $last: Int, $before: String, $filter: TransactionFilter) { \
    transactions(first: $first, after: $after, last: $last, before: $before, filter: $filter) { \
    edges { cursor node { id kind money { amount } } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

async fn page(person: &Person, variables: Value) -> Value {
    let mut variables = variables;
    if variables.get("filter").is_none() {
        variables["filter"] = json!({});
    }
    person.client.ask(PAGE, variables).await["transactions"].clone()
}

fn amounts(page: &Value) -> Vec<String> {
    let edges = page["edges"].as_array().unwrap();
    edges.iter().map(|edge| text(&edge["node"]["money"]["amount"]).to_owned()).collect()
}

async fn a_long_history_is_read_page_by_page_in_both_directions(world: &World) {
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join(world).await);
    for cents in 1..=7 {
        alice.send(&bob, &format!("0.0{cents}")).await;
    }
    let first = page(&bob, json!({ "first": 3 })).await;
    assert_eq!(amounts(&first), ["0.07", "0.06", "0.05"]);
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let second = page(&bob, json!({ "first": 3, "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(amounts(&second), ["0.04", "0.03", "0.02"]);
    let third = page(&bob, json!({ "first": 3, "after": second["pageInfo"]["endCursor"] })).await;
    assert_eq!(
        (amounts(&third), &third["pageInfo"]["hasNextPage"]),
        (vec!["0.01".to_owned()], &json!(false))
    );
    let back = page(&bob, json!({ "last": 2, "before": third["pageInfo"]["startCursor"] })).await;
    assert_eq!(amounts(&back), ["0.03", "0.02"]);
    assert_eq!(back["pageInfo"]["hasPreviousPage"], true);
    assert_eq!(amounts(&page(&alice, json!({})).await).len(), 8);
}

/// Yen and euros, what failed on its way out, what is under way, and what comes in between two pages.
async fn a_page_goes_on_where_the_last_one_ended_whatever_happens_meanwhile(world: &World) {
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join(world).await);
    let yen = json!({ "instrumentId": alice.link(tests::client::IBAN).await, "idempotencyKey": "yen",
        "money": { "amount": "5000", "currency": "JPY" } });
    let deposit = alice.client.act("requestDeposit", "transaction { id }", yen).await;
    assert_eq!(alice.settled(world, text(&deposit["transaction"]["id"])).await, "SETTLED");
    let returned = alice.withdraw("DE70500105175407320001", "7.00").await;
    assert_eq!(alice.settled(world, &returned).await, "FAILED");
    for (currency, amount) in [("JPY", "10"), ("EUR", "0.01"), ("JPY", "20"), ("EUR", "0.02")] {
        let input = json!({ "to": bob.handle, "idempotencyKey": amount,
            "money": { "amount": amount, "currency": currency } });
        alice.client.act("createTransfer", "transaction { id }", input).await;
    }
    let late = alice.deposit("DE16500105175407320003", "9.00").await;
    let newest_first = ["9.00", "0.02", "20", "0.01", "10", "7.00", "5000", "100.00"];
    assert_eq!(amounts(&page(&alice, json!({})).await), newest_first);
    let first = page(&alice, json!({ "first": 3 })).await;
    assert_eq!(amounts(&first), newest_first[..3]);
    alice.send(&bob, "0.03").await;
    assert_eq!(alice.settled(world, &late).await, "SETTLED");
    let mut seen = first.clone();
    for expected in [&newest_first[3..6], &newest_first[6..]] {
        seen = page(&alice, json!({ "first": 3, "after": seen["pageInfo"]["endCursor"] })).await;
        assert_eq!(amounts(&seen), expected);
    }
    assert_eq!(seen["pageInfo"]["hasNextPage"], false);
    for expected in [&newest_first[3..6], &newest_first[1..3], &["9.00", "0.03"]] {
        let last = expected.len();
        seen = page(&alice, json!({ "last": last, "before": seen["pageInfo"]["startCursor"] })).await;
        assert_eq!(amounts(&seen), expected);
    }
    assert_eq!(seen["pageInfo"]["hasPreviousPage"], false);
    assert_eq!(amounts(&page(&alice, json!({ "last": 2 })).await), ["5000", "100.00"]);
    let yen = json!({ "filter": { "currency": "JPY" }, "first": 2 });
    assert_eq!(amounts(&page(&alice, yen).await), ["20", "10"]);
    assert_eq!(amounts(&page(&bob, json!({})).await), ["0.03", "0.02", "20", "0.01", "10"]);
}

async fn a_cursor_is_good_for_one_list_of_one_person(world: &World) {
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    alice.send(&bob, "1.00").await;
    let euros = json!({ "currency": "EUR" });
    let own = page(&alice, json!({ "first": 1 })).await["pageInfo"]["endCursor"].clone();
    let filtered =
        page(&alice, json!({ "first": 1, "filter": euros })).await["pageInfo"]["endCursor"].clone();
    let others = page(&bob, json!({ "first": 1 })).await["pageInfo"]["endCursor"].clone();
    let ask = |cursor: Value, filter: Value| {
        alice.client.try_ask(PAGE, json!({ "after": cursor, "filter": filter }))
    };
    assert!(ask(own.clone(), json!({})).await.is_ok() && ask(filtered.clone(), euros.clone()).await.is_ok());
    let mangled = json!(format!("{}A", text(&own)));
    for (cursor, filter) in [(own, euros), (filtered, json!({})), (others, json!({})), (mangled, json!({}))] {
        assert_eq!(ask(cursor, filter).await, Err(refused("CURSOR_INVALID", "after")));
    }
}

/// It leaves the strand of what waits and enters that of its account; no page sees it in between.
async fn a_deposit_that_settles_is_never_missing(world: &World) {
    let alice = Person::join(world).await;
    let id = alice.link(tests::client::IBAN).await;
    for number in 0..20 {
        let input = json!({ "instrumentId": id, "money": tests::client::euros("1.00"), "idempotencyKey": number.to_string() });
        let asked = alice.client.act("requestDeposit", "transaction { id }", input).await;
        let asked = text(&asked["transaction"]["id"]).to_owned();
        let reads = (0..6).map(|_| page(&alice, json!({ "first": 100 })));
        for read in futures::future::join_all(reads).await {
            let ids: Vec<_> =
                read["edges"].as_array().unwrap().iter().map(|edge| text(&edge["node"]["id"])).collect();
            assert_eq!(ids.iter().filter(|id| **id == asked).count(), 1, "{ids:?}");
        }
    }
}

async fn filters_narrow_the_history(world: &World) {
    let (alice, bob) = (Person::join_with(world, "100.00").await, Person::join(world).await);
    let middle = world.bank.clock.now();
    world.pass(chrono::Duration::minutes(1)).await;
    alice.send(&bob, "1.00").await;
    let refused = alice.deposit("DE70500105175407320001", "3.00").await;
    alice.settled(world, &refused).await;
    let count = async |filter: Value| amounts(&page(&alice, json!({ "filter": filter })).await).join(" ");
    assert_eq!(count(json!({})).await, "3.00 1.00 100.00");
    assert_eq!(count(json!({ "kinds": ["DEPOSIT"] })).await, "3.00 100.00");
    assert_eq!(count(json!({ "states": ["FAILED"] })).await, "3.00");
    assert_eq!(count(json!({ "kinds": ["DEPOSIT"], "states": ["SETTLED"] })).await, "100.00");
    assert_eq!(count(json!({ "from": middle.to_rfc3339() })).await, "3.00 1.00");
    assert_eq!(count(json!({ "until": middle.to_rfc3339() })).await, "100.00");
    assert_eq!(count(json!({ "currency": "JPY" })).await, "");
}

async fn notes_and_tags_are_private(world: &World) {
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    let id = alice.send(&bob, "1.00").await;
    let note = json!({ "transactionId": id, "note": " he owes me ", "tags": ["food", "friends"] });
    let payload = "transaction { annotation { note tags } }";
    let noted = alice.client.act("annotateTransaction", payload, note).await;
    let own = json!({ "note": "he owes me", "tags": ["food", "friends"] });
    assert_eq!(noted["transaction"]["annotation"], own);
    let query = "query($id: ID!) { transaction(id: $id) { annotation { note tags } } }";
    let seen = bob.client.ask(query, json!({ "id": id })).await;
    assert_eq!(seen["transaction"]["annotation"], Value::Null);
    bob.client.act("annotateTransaction", payload, json!({ "transactionId": id, "tags": ["income"] })).await;
    assert_eq!(alice.client.ask(query, json!({ "id": id })).await["transaction"]["annotation"], own);
    let cases = [
        (json!({ "note": "x".repeat(501) }), "NOTE_INVALID", "note"),
        (json!({ "note": "nul \u{0} byte" }), "NOTE_INVALID", "note"),
        (json!({ "tags": ["a\u{0}"] }), "TAGS_INVALID", "tags"),
        (json!({ "tags": ["a", "a"] }), "TAGS_INVALID", "tags"),
        (json!({ "tags": ["x".repeat(51)] }), "TAGS_INVALID", "tags"),
        (json!({ "tags": vec![""; 1] }), "TAGS_INVALID", "tags"),
    ];
    for (change, code, field) in cases {
        let mut input = json!({ "transactionId": id });
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = alice.client.try_act("annotateTransaction", payload, input).await;
        assert_eq!(answer, Err(refused(code, field)));
    }
}

async fn what_belongs_to_others_is_not_found(world: &World) {
    let (alice, bob) = (Person::join_with(world, "10.00").await, Person::join(world).await);
    let eve = Person::join(world).await;
    let id = alice.send(&bob, "1.00").await;
    let query = "query($id: ID!) { transaction(id: $id) { id } }";
    assert_eq!(eve.client.try_ask(query, json!({ "id": id })).await, Err(refused("NOT_FOUND", "id")));
    let node = "query($id: ID!) { node(id: $id) { id } }";
    for id in [id.clone(), alice.link(tests::client::IBAN).await] {
        let answer = eve.client.try_ask(node, json!({ "id": id })).await;
        assert!(answer.is_err_and(|refusal| refusal.code == "NOT_FOUND"));
    }
    let input = json!({ "transactionId": id, "note": "mine?" });
    let answer = eve.client.try_act("annotateTransaction", "transaction { id }", input).await;
    assert_eq!(answer, Err(refused("NOT_FOUND", "id")));
    let answer = world.client().try_ask(query, json!({ "id": id })).await;
    assert_eq!(answer, Err(refused("UNAUTHENTICATED", "")));
}

async fn each_wrong_page_is_refused_by_name(world: &World) {
    let alice = Person::join(world).await;
    let cases = [
        (json!({ "first": 0 }), "PAGE_SIZE", "first"),
        (json!({ "first": 101 }), "PAGE_SIZE", "first"),
        (json!({ "first": -1 }), "PAGE_SIZE", "first"),
        (json!({ "last": 101 }), "PAGE_SIZE", "last"),
        (json!({ "first": 1, "last": 1 }), "PAGE_SIZE", "last"),
        (json!({ "after": "nonsense" }), "CURSOR_INVALID", "after"),
        (json!({ "before": alice.link(tests::client::IBAN).await }), "CURSOR_INVALID", "before"),
        (json!({ "filter": { "currency": "EUX" } }), "CURRENCY_UNKNOWN", "currency"),
        (json!({ "filter": { "kinds": [] } }), "FILTER_INVALID", "filter"),
        (json!({ "filter": { "from": "+262142-12-31T00:00:00Z" } }), "FILTER_INVALID", "filter"),
        (
            json!({ "filter": { "from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z" } }),
            "FILTER_INVALID",
            "filter",
        ),
    ];
    for (mut variables, code, field) in cases {
        if variables.get("filter").is_none() {
            variables["filter"] = json!({});
        }
        let answer = alice.client.try_ask(PAGE, variables.clone()).await;
        assert_eq!(answer, Err(refused(code, field)), "{variables}");
    }
}

async fn anything_of_ones_own_is_a_node(world: &World) {
    let alice = Person::join_with(world, "10.00").await;
    let ids = "{ me { id } accounts { edges { node { id } } } instruments { edges { node { id } } } \
        transactions { edges { node { id } } } }";
    let ids = alice.client.ask(ids, Value::Null).await;
    let node = |list: &str| ids[list]["edges"][0]["node"]["id"].clone();
    for (id, name) in [
        (ids["me"]["id"].clone(), "User"),
        (node("accounts"), "Account"),
        (node("instruments"), "Instrument"),
        (node("transactions"), "Transaction"),
    ] {
        let query = "query($id: ID!) { node(id: $id) { __typename id } }";
        let found = alice.client.ask(query, json!({ "id": id })).await;
        assert_eq!(found["node"], json!({ "__typename": name, "id": id }));
    }
    let opened = alice.client.act("openAccount", "account { currency }", json!({ "currency": "JPY" })).await;
    assert_eq!(opened["account"]["currency"], "JPY");
    let list = "{ accounts(first: 1) { edges { cursor node { currency } } pageInfo { hasNextPage } } }";
    let list = alice.client.ask(list, Value::Null).await;
    assert_eq!(list["accounts"]["edges"][0]["node"]["currency"], "EUR");
    assert_eq!(list["accounts"]["pageInfo"]["hasNextPage"], true);
    let rates = "{ exchangeRates(base: \"EUR\") { quote rate source } errorCodes { code english chinese } }";
    let rates = alice.client.ask(rates, Value::Null).await;
    assert!(rates["exchangeRates"].as_array().is_some_and(|rates| rates.len() > 5));
    assert!(rates["errorCodes"].as_array().is_some_and(|codes| codes.len() > 40));
}
