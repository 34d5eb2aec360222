//! Sanctions lists: what happens when they change, or can't be read.

use crate::sanction::{GRILDA, Lists, MAKEBELIEVE, VANTERPOOL, apply, eu, hits, hits_of, join, link, ofac};
use entity::operator::Role;
use serde_json::{Value, json};
use tests::{World, on_both_setups};

on_both_setups!(
    what_was_cleared_is_remembered_until_the_entry_says_something_else,
    a_list_that_can_not_be_read_leaves_the_one_before_in_force,
);

async fn what_was_cleared_is_remembered_until_the_entry_says_something_else(world: &World) {
    let lists = Lists::published(world).await;
    let alice = join(world, "Zorblax Vanterpool").await;
    let reviewer = world.hire("sanction-memory", &[Role::Reviewer]).await;
    let hit = hits_of(world, &alice).await.remove(0);
    let clear = json!({ "id": hit["id"], "reason": "a namesake" });
    reviewer.act("clearSanctionHit", "hit { id }", clear).await;
    world.agree(json!({ "unfreezeUser": hit["userId"] })).await;
    let none = Vec::<Value>::new();
    // The same name once more, in another order; and another list with the same entry.
    link(world, &alice, "DE89370400440532013000", "VANTERPOOL, Zorblax").await;
    assert_eq!(hits_of(world, &alice).await, none);
    lists.publish("ofac", &ofac(VANTERPOOL)).await;
    assert_eq!(hits_of(world, &alice).await, none);
    assert_eq!(alice.client.ask("{ me { state } }", Value::Null).await["me"]["state"], "ACTIVE");
    lists.publish("ofac", &ofac(&VANTERPOOL.replace("TEST", "TEST2"))).await;
    let again = hits_of(world, &alice).await.remove(0);
    assert_ne!(again["id"], hit["id"]);
    assert_eq!(again["entry"]["programmes"], json!(["TEST2"]));
    assert_ne!(again["entry"]["listVersion"], hit["entry"]["listVersion"]);
    // While it is open it is one hit, brought up to date.
    lists.publish("ofac", &ofac(&VANTERPOOL.replace("TEST", "TEST3"))).await;
    let newest = hits_of(world, &alice).await;
    assert_eq!((newest.len(), &newest[0]["id"]), (1, &again["id"]));
    assert_eq!(newest[0]["entry"]["programmes"], json!(["TEST3"]));
    // To be born on the same day is news.
    let clear = json!({ "id": again["id"], "reason": "still a namesake" });
    reviewer.act("clearSanctionHit", "hit { id }", clear).await;
    apply(world, &alice, "Zorblax Vanterpool", "1963-02-17").await;
    assert_eq!(hits_of(world, &alice).await[0]["birth"], "SAME");
    assert_eq!(hits(&reviewer, "CLEARED").await.len(), 2);
}

async fn a_list_that_can_not_be_read_leaves_the_one_before_in_force(world: &World) {
    let early = join(world, "Imaginary Latecomer").await;
    let lists = Lists::published(world).await;
    assert_eq!(hits_of(world, &early).await, Vec::<Value>::new());
    let reviewer = world.hire("sanction-lists", &[Role::Reviewer]).await;
    let query = "{ sanctionLists { source version entries loadedAt replacedAt screenedAt } }";
    let before = reviewer.ask(query, Value::Null).await["sanctionLists"].clone();
    assert_eq!(before.as_array().unwrap().len(), 2);
    assert!(before.as_array().unwrap().iter().all(|list| list["screenedAt"].is_string()), "{before}");
    let alerts = "{ alerts(first: 100) { edges { node { kind subject detail times } } } }";
    for broken in [
        "<sdnList><sdnEntry>",
        "<!DOCTYPE sdnList [<!ENTITY a \"b\">]><sdnList/>",
        &eu(GRILDA),
        "",
        "<sdnList></sdnList>",
    ] {
        lists.publish("ofac", broken).await;
        assert_eq!(reviewer.ask(query, Value::Null).await["sanctionLists"], before, "{broken}");
        let told = reviewer.ask(alerts, Value::Null).await.to_string();
        assert!(told.contains("SANCTION_LIST_FAILING") && told.contains("OFAC"), "{told}");
    }
    let still = join(world, "Zorblax Vanterpool").await;
    assert_eq!(hits_of(world, &still).await.len(), 1);
    // Who was here before is found when the list changes.
    let newcomer = MAKEBELIEVE.replace("MAKEBELIEVE TRADING CO., LTD.", "Latecomer, Imaginary");
    lists.publish("ofac", &ofac(&[VANTERPOOL, &newcomer].concat())).await;
    assert_eq!(hits_of(world, &early).await[0]["entry"]["reference"], "90002");
    assert!(!reviewer.ask(alerts, Value::Null).await.to_string().contains("SANCTION_LIST_FAILING"));
    let after = reviewer.ask(query, Value::Null).await["sanctionLists"].clone();
    assert_eq!((&after[0]["source"], &after[0]["entries"]), (&json!("OFAC"), &json!(2)));
    assert!(
        after[0]["replacedAt"].is_null()
            && after[2]["replacedAt"].is_null() != after[1]["replacedAt"].is_null()
    );
    // The same file once more is nothing new.
    lists.read().await;
    assert_eq!(reviewer.ask(query, Value::Null).await["sanctionLists"], after);
    std::fs::remove_file(lists.folder.join("eu")).unwrap();
    lists.read().await;
    assert!(reviewer.ask(alerts, Value::Null).await.to_string().contains("eu: No such file"));
}
