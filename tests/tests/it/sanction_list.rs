//! Sanctions lists: what happens when they change, or can't be read.

use crate::sanction::{apply, hits, hits_of, join, link};
use entity::operator::Role;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tests::client::unique;
use tests::{World, on_both_setups};
use worker::context::Context;
use worker::gateway::Gateways;
use worker::sanction::ListFile;
use worker::schedule::{Task, perform};

on_both_setups!(
    what_was_cleared_is_remembered_until_the_entry_says_something_else,
    a_list_that_can_not_be_read_leaves_the_one_before_in_force,
);

pub(crate) const VANTERPOOL: &str = "<sdnEntry><uid>90001</uid><firstName>Zorblax Quentin</firstName>\
    <lastName>VANTERPOOL-NOPPER</lastName><sdnType>Individual</sdnType>\
    <programList><program>TEST</program></programList>\
    <akaList><aka><uid>1</uid><category>strong</category><lastName>VANTERPOOL</lastName><firstName>Zorblax</firstName></aka>\
    </akaList><dateOfBirthList><dateOfBirthItem><dateOfBirth>17 Feb 1963</dateOfBirth></dateOfBirthItem></dateOfBirthList>\
    </sdnEntry>";
const MAKEBELIEVE: &str = "<sdnEntry><uid>90002</uid><lastName>MAKEBELIEVE TRADING CO., LTD.</lastName>\
    <sdnType>Entity</sdnType></sdnEntry>";
const GRILDA: &str = "<sanctionEntity euReferenceNumber=\"EU.9001.1\" logicalId=\"9001\">\
    <subjectType code=\"person\" classificationCode=\"P\"/><nameAlias wholeName=\"Грильда Люмпенова\" strong=\"true\"/>\
    <nameAlias firstName=\"Grilda\" lastName=\"Lumpenova\" wholeName=\"Grilda Lumpenova\" strong=\"true\"/>\
    <birthdate circa=\"false\" birthdate=\"1971-03-04\" year=\"1971\"/></sanctionEntity>";

pub(crate) fn ofac(entries: &str) -> String {
    format!("<?xml version=\"1.0\"?>\n<sdnList xmlns=\"https://example.com/SDN\">{entries}</sdnList>\n")
}

fn eu(entries: &str) -> String {
    format!("<export generationDate=\"2026-11-20T10:00:00Z\">{entries}</export>")
}

/// Files of lists, and the task that reads them.
pub(crate) struct Lists<'a> {
    world: &'a World,
    folder: PathBuf,
    context: Context,
}

impl<'a> Lists<'a> {
    /// In force, and everybody was screened.
    pub(crate) async fn published(world: &'a World) -> Self {
        let folder = std::env::temp_dir().join(format!("sanctions-{}-{}", std::process::id(), unique()));
        std::fs::create_dir(&folder).unwrap();
        let file = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            ListFile::parse(&format!("{name}={}", path.display())).unwrap()
        };
        let lists: Vec<Arc<ListFile>> =
            vec![file("ofac", ofac(&[VANTERPOOL, MAKEBELIEVE].concat())), file("eu", eu(GRILDA))];
        let gateways = Gateways { lists, ..world.gateways.clone() };
        let context = Context { bank: world.bank.clone(), gateways };
        let lists = Self { world, folder, context };
        lists.read().await;
        lists
    }

    async fn read(&self) {
        perform(&self.context, Task::ReadSanctionLists).await.unwrap();
        self.world.settle().await;
    }

    pub(crate) async fn publish(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text).unwrap();
        self.read().await;
    }
}

impl Drop for Lists<'_> {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.folder);
    }
}

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
