//! Operators of a world: invited by the house, with authenticator apps that `oathtool` stands for.

use crate::client::{Client, text, unique};
use crate::world::World;
use entity::operator::{Role, check, invite};
use serde_json::json;
use std::process::Command;

/// The code that an authenticator app shows now; `oathtool` knows nothing of us.
pub fn oathtool(world: &World, secret: &str) -> String {
    let now = format!("@{}", world.bank.clock.now().timestamp());
    let output = Command::new("oathtool").args(["--totp", "--base32", "--now", &now, secret]).output();
    let output = output.expect("oathtool is missing: apt-get install oathtool");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("six digits").trim().to_owned()
}

impl World {
    /// The door of operators, without a session.
    pub fn operators(&self) -> Client {
        Client::new(self.url("/operator/graphql"))
    }

    /// An operator with every role, the same as long as its session lives.
    pub async fn operator(&self) -> Client {
        let mut known = self.officer.lock().await;
        if let Some(client) = &*known
            && check(&self.bank, client.token.as_deref().unwrap_or_default()).await.is_ok()
        {
            return client.clone();
        }
        let roles =
            [Role::Admin, Role::Auditor, Role::Engineer, Role::Reviewer, Role::Support, Role::Treasurer];
        let client = self.hire(&format!("operator-{}", unique()), &roles).await;
        *known = Some(client.clone());
        client
    }

    /// A new operator with these roles, signed in.
    pub async fn hire(&self, name: &str, roles: &[Role]) -> Client {
        let token = invite(&self.bank, name, roles).await.expect("an operator is invited");
        self.take_up(name, token.reveal()).await
    }

    /// Takes up an invitation, and signs in.
    pub async fn take_up(&self, name: &str, token: &str) -> Client {
        let door = self.operators();
        let password = "seventeen purple elephants";
        let input = json!({ "token": token, "password": password });
        let app = door.act("acceptInvitation", "secret uri", input).await;
        let code = oathtool(self, text(&app["secret"]));
        let input = json!({ "name": name, "password": password, "code": code });
        let session = door.act("signIn", "token expiresAt", input).await;
        door.with_token(text(&session["token"]))
    }

    /// Has a change proposed by one operator and approved by another, and gives the payload.
    pub async fn agree(&self, change: serde_json::Value) -> serde_json::Value {
        if change.get("raiseLevel").is_some() {
            // Nobody is known better before it was screened.
            self.settle().await;
        }
        let proposed = json!({ "change": change, "reason": "for a test" });
        let proposal = self.operator().await.act("propose", "proposal { id }", proposed).await;
        let roles = [Role::Admin, Role::Reviewer, Role::Treasurer];
        let second = self.hire(&format!("second-{}", unique()), &roles).await;
        let input = json!({ "id": proposal["proposal"]["id"] });
        second.act("approveProposal", "proposal { state } secondHalf", input).await
    }
}
