//! The main job, told as a story over the real HTTP API: two people sign up, one tops up and sends
//! money to the other's phone, who withdraws some of it to a bank account.
//!
//! Everything it does anybody could do; it knows the API only. Each run makes two new people, so
//! it works any number of times.

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long a message or a bank may take before the story is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it looks.
const GLANCE: Duration = Duration::from_millis(50);
/// Steps of the story, for the progress view.
const STEPS: u64 = 9;
const PASSWORD: &str = "correct horse battery staple";

const SIGN_UP: &str =
    "mutation($input: SignUpInput!) { signUp(input: $input) { verification { verificationId } } }";
const MESSAGES: &str = "query($to: HandleInput!) { sandboxMessages(to: $to) { subject } }";
const ACTIVATE: &str =
    "mutation($input: ActivateUserInput!) { activateUser(input: $input) { session { accessToken } } }";
const LINK: &str = "mutation($input: LinkBankAccountInput!) { linkBankAccount(input: $input) { instrument { id maskedIban } } }";
const DEPOSIT: &str =
    "mutation($input: RequestDepositInput!) { requestDeposit(input: $input) { transaction { id } } }";
const TRANSFER: &str =
    "mutation($input: CreateTransferInput!) { createTransfer(input: $input) { transaction { id state } } }";
const WITHDRAWAL: &str =
    "mutation($input: RequestWithdrawalInput!) { requestWithdrawal(input: $input) { transaction { id } } }";
const STATE: &str = "query($id: ID!) { transaction(id: $id) { state } }";
const HISTORY: &str = "{ account(currency: \"EUR\") { balance { amount } } transactions { edges { node { \
    kind direction state money { amount currency } counterparty { name } note } } } }";

/// Somebody in the story.
struct Person {
    name: &'static str,
    token: String,
}

struct Story {
    client: reqwest::Client,
    url: String,
    progress: ProgressBar,
}

/// Tells the story to the wallet at an address.
///
/// # Errors
/// A text that says which step failed, and how.
pub async fn tell(url: &str) -> Result<(), String> {
    let style = ProgressStyle::with_template("{spinner} [{bar:30}] {pos}/{len} {msg}")
        .map_err(|error| error.to_string())?;
    let progress = ProgressBar::new(STEPS).with_style(style.progress_chars("=> "));
    progress.enable_steady_tick(Duration::from_millis(100));
    let client = reqwest::Client::builder().timeout(PATIENCE).build().map_err(|error| error.to_string())?;
    let story = Story { client, url: url.to_owned(), progress };
    let told = story.told().await;
    story.progress.finish_and_clear();
    told
}

impl Story {
    async fn told(&self) -> Result<(), String> {
        let number = Uuid::new_v4().as_u128() % 10_000_000;
        let phone = json!({ "phone": format!("+49151{:08}", 10_000_000 + number) });
        let alice = self.join("Alice", json!({ "email": format!("alice.{number}@example.com") })).await?;
        let bob = self.join("Bob", phone.clone()).await?;

        let account = self.link(&alice, "DE89370400440532013000").await?;
        let euros = |amount: &str| json!({ "amount": amount, "currency": "EUR" });
        let deposit =
            json!({ "instrumentId": account, "money": euros("100.00"), "idempotencyKey": "top-up" });
        let id = self.ask(DEPOSIT, json!({ "input": deposit }), &alice.token).await?;
        self.settled(&alice, &id["requestDeposit"]["transaction"]["id"]).await?;
        self.step("Alice tops up 100.00 EUR; the bank confirms");

        let transfer =
            json!({ "to": phone, "money": euros("30.00"), "note": "Lunch", "idempotencyKey": "lunch" });
        self.ask(TRANSFER, json!({ "input": transfer }), &alice.token).await?;
        self.step("Alice sends 30.00 EUR to Bob's phone number");

        let account = self.link(&bob, "FR1420041010050500013M02606").await?;
        let withdrawal =
            json!({ "instrumentId": account, "money": euros("10.00"), "idempotencyKey": "rent" });
        let id = self.ask(WITHDRAWAL, json!({ "input": withdrawal }), &bob.token).await?;
        self.settled(&bob, &id["requestWithdrawal"]["transaction"]["id"]).await?;
        self.step("Bob withdraws 10.00 EUR; the bank settles");

        for person in [&alice, &bob] {
            self.print_history(person).await?;
        }
        Ok(())
    }

    /// Signs somebody up, with the code that is sent.
    async fn join(&self, name: &'static str, handle: Value) -> Result<Person, String> {
        let form = json!({ "handle": handle, "name": name, "password": PASSWORD, "acceptedTermsVersion": self.terms().await? });
        let answer = self.ask(SIGN_UP, json!({ "input": form }), "").await?;
        let registration = answer["signUp"]["verification"]["verificationId"].clone();
        self.step(&format!("{name} signs up"));
        let code = self.code(&handle).await?;
        let shown = json!({ "verificationId": registration, "code": code });
        let answer = self.ask(ACTIVATE, json!({ "input": shown }), "").await?;
        let token = text(&answer["activateUser"]["session"]["accessToken"])?;
        self.step(&format!("{name} confirms the code {code}"));
        Ok(Person { name, token })
    }

    async fn terms(&self) -> Result<Value, String> {
        Ok(self.ask("{ terms { version } }", Value::Null, "").await?["terms"]["version"].clone())
    }

    /// The code, once its message has arrived.
    async fn code(&self, handle: &Value) -> Result<String, String> {
        let started = Instant::now();
        loop {
            let answer = self.ask(MESSAGES, json!({ "to": handle }), "").await?;
            let subject = answer["sandboxMessages"][0]["subject"].as_str();
            if let Some(code) = subject.and_then(|subject| subject.split(' ').next()) {
                return Ok(code.to_owned());
            }
            self.wait(started, "the code did not arrive").await?;
        }
    }

    async fn link(&self, person: &Person, iban: &str) -> Result<Value, String> {
        let account = json!({ "iban": iban, "holder": person.name });
        let answer = self.ask(LINK, json!({ "input": account }), &person.token).await?;
        let instrument = &answer["linkBankAccount"]["instrument"];
        self.step(&format!("{} links the bank account {}", person.name, text(&instrument["maskedIban"])?));
        Ok(instrument["id"].clone())
    }

    /// Waits until the workers have settled it.
    async fn settled(&self, person: &Person, id: &Value) -> Result<(), String> {
        let started = Instant::now();
        loop {
            let answer = self.ask(STATE, json!({ "id": id }), &person.token).await?;
            match answer["transaction"]["state"].as_str() {
                Some("SETTLED") => return Ok(()),
                Some("FAILED") => return Err("the bank refused".to_owned()),
                Some(_) | None => self.wait(started, "the bank did not answer").await?,
            }
        }
    }

    async fn wait(&self, started: Instant, reason: &str) -> Result<(), String> {
        if started.elapsed() > PATIENCE {
            return Err(format!("{reason} within {} seconds; does a worker run?", PATIENCE.as_secs()));
        }
        tokio::time::sleep(GLANCE).await;
        Ok(())
    }

    async fn ask(&self, query: &str, variables: Value, token: &str) -> Result<Value, String> {
        let mut request = self.client.post(format!("{}/graphql", self.url));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        let body = json!({ "query": query, "variables": variables });
        let answer = request.json(&body).send().await.map_err(|error| error.to_string())?;
        let answer: Value = answer.json().await.map_err(|error| error.to_string())?;
        let Some(error) = answer["errors"].get(0) else { return Ok(answer["data"].clone()) };
        Err(format!("{}: {}", error["extensions"]["code"], error["message"]))
    }

    fn step(&self, done: &str) {
        self.say(&format!("  ✓ {done}"));
        self.progress.inc(1);
    }

    /// Prints above the progress view, and just as well where there is none.
    fn say(&self, text: &str) {
        self.progress.suspend(|| println!("{text}"));
    }

    async fn print_history(&self, person: &Person) -> Result<(), String> {
        let answer = self.ask(HISTORY, Value::Null, &person.token).await?;
        let balance = text(&answer["account"]["balance"]["amount"])?;
        self.say(&format!("\n{}, {balance} EUR", person.name));
        for edge in answer["transactions"]["edges"].as_array().into_iter().flatten() {
            let node = &edge["node"];
            let sign = if node["direction"] == "OUT" { '-' } else { '+' };
            self.say(&format!(
                "  {sign}{:>8} {}  {:<10} {:<8} {:<6} {}",
                text(&node["money"]["amount"])?,
                text(&node["money"]["currency"])?,
                text(&node["kind"])?,
                text(&node["state"])?,
                text(&node["counterparty"]["name"])?,
                node["note"].as_str().unwrap_or_default(),
            ));
        }
        Ok(())
    }
}

fn text(value: &Value) -> Result<String, String> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("the wallet answered {value} where a text was expected"))
}
