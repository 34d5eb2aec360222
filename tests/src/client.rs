//! An app, as far as the API can tell.

use crate::World;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

/// A password that is long enough.
pub const PASSWORD: &str = "correct horse battery staple";
/// An IBAN that the simulated bank settles at once.
pub const IBAN: &str = "DE89370400440532013000";

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A number that no other call in this process gets.
pub fn unique() -> u32 {
    NUMBER.fetch_add(1, Ordering::SeqCst)
}

/// Speaks to one route with one token.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    /// The token that is sent, if any.
    pub token: Option<String>,
    /// The address that the world's proxy says the request is from, if any.
    address: Option<String>,
}

/// A refusal, as far as tests care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// `extensions.code`.
    pub code: String,
    /// `extensions.field`.
    pub field: Option<String>,
}

/// The refusal of this code and field.
pub fn refused(code: &str, field: &str) -> Refused {
    Refused { code: code.to_owned(), field: (!field.is_empty()).then(|| field.to_owned()) }
}

impl Client {
    /// Nobody yet.
    pub fn new(url: String) -> Self {
        Self { http: reqwest::Client::new(), url, token: None, address: None }
    }

    /// The same route with a token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same from another address.
    pub fn from(&self, address: &str) -> Self {
        Self { address: Some(address.to_owned()), ..self.clone() }
    }

    /// The same to another api.
    pub fn to(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// The whole answer.
    pub async fn answer(&self, query: &str, variables: Value) -> Value {
        let mut request = self.http.post(&self.url).json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(address) = &self.address {
            request = request.header("x-forwarded-for", address);
        }
        let response = request.send().await.expect("the wallet answers");
        response.json().await.expect("the wallet answers JSON")
    }

    /// The data, or the refusal.
    pub async fn try_ask(&self, query: &str, variables: Value) -> Result<Value, Refused> {
        let answer = self.answer(query, variables).await;
        let Some(error) = answer["errors"].get(0) else {
            return Ok(answer["data"].clone());
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let extensions = &error["extensions"];
        assert!(extensions["requestId"].is_string(), "every error has a request id: {answer}");
        let code = text(&extensions["code"]).unwrap_or_else(|| panic!("every error has a code: {answer}"));
        Err(Refused { code, field: text(&extensions["field"]) })
    }

    /// The data.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let answer = self.answer(query, variables).await;
        assert!(answer["errors"].is_null(), "{query}\n{answer}");
        answer["data"].clone()
    }

    /// Does a mutation of one input, and gives its payload.
    pub async fn act(&self, name: &str, payload: &str, input: Value) -> Value {
        self.ask(&mutation(name, payload), json!({ "input": input })).await[name].clone()
    }

    /// Does a mutation of one input, or is refused.
    pub async fn try_act(&self, name: &str, payload: &str, input: Value) -> Result<Value, Refused> {
        Ok(self.try_ask(&mutation(name, payload), json!({ "input": input })).await?[name].clone())
    }
}

/// The text of a mutation with one input, whose type is named after it.
fn mutation(name: &str, payload: &str) -> String {
    let (first, rest) = name.split_at(1);
    let input = match name {
        "exportPersonalData" | "closeUser" => "LeaveInput".to_owned(),
        "enrolTotp" | "disableTotp" | "renewRecoveryCodes" | "startPasskeyRegistration" => {
            "SecondFactorInput".to_owned()
        }
        "addHandle" | "makeHandlePrimary" | "removeHandle" => "ChangeHandleInput".to_owned(),
        "clearSanctionHit" | "confirmSanctionHit" => "DecideSanctionHitInput".to_owned(),
        _ => format!("{}{rest}Input", first.to_uppercase()),
    };
    format!("mutation($input: {input}!) {{ {name}(input: $input) {{ {payload} }} }}")
}

/// Euros as an input.
pub fn euros(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

/// Somebody who has signed up.
#[derive(Clone, Debug)]
pub struct Person {
    /// How it is reached, as an input.
    pub handle: Value,
    /// Speaks for it.
    pub client: Client,
    /// Its last refresh token.
    pub refresh_token: String,
}

impl Person {
    /// Signs up by e-mail, with the code from the sandbox.
    pub async fn join(world: &World) -> Self {
        let handle = json!({ "email": format!("person{}@example.com", unique()) });
        Self::join_as(world, handle).await
    }

    /// Signs up by this handle.
    pub async fn join_as(world: &World, handle: Value) -> Self {
        let client = world.client();
        let verification = sign_up(&client, &handle).await;
        let code = world.code(&handle).await;
        let shown = json!({ "verificationId": verification, "code": code });
        let answer = client.act("activateUser", "session { accessToken refreshToken }", shown).await;
        Self {
            handle,
            client: client.with_token(text(&answer["session"]["accessToken"])),
            refresh_token: text(&answer["session"]["refreshToken"]).to_owned(),
        }
    }

    /// The same with fresh tokens.
    pub async fn refreshed(self, world: &World) -> Self {
        let input = json!({ "refreshToken": self.refresh_token });
        let answer =
            world.client().act("refreshSession", "session { accessToken refreshToken }", input).await;
        let session = &answer["session"];
        Self {
            client: world.client().with_token(text(&session["accessToken"])),
            refresh_token: text(&session["refreshToken"]).to_owned(),
            ..self
        }
    }

    /// Signs up and tops up so many euros.
    pub async fn join_with(world: &World, amount: &str) -> Self {
        let person = Self::join(world).await;
        person.top_up(world, amount).await;
        person
    }

    /// Links a bank account and gives its id.
    pub async fn link(&self, iban: &str) -> String {
        let account = json!({ "iban": iban, "holder": "Somebody" });
        let answer = self.client.act("linkBankAccount", "instrument { id }", account).await;
        text(&answer["instrument"]["id"]).to_owned()
    }

    /// Tops up so many euros, and waits until they are there.
    pub async fn top_up(&self, world: &World, amount: &str) {
        let id = self.deposit(IBAN, amount).await;
        assert_eq!(self.settled(world, &id).await, "SETTLED");
    }

    /// Asks for a deposit and gives its id.
    pub async fn deposit(&self, iban: &str, amount: &str) -> String {
        self.rail("requestDeposit", iban, amount).await
    }

    /// Asks for a withdrawal and gives its id.
    pub async fn withdraw(&self, iban: &str, amount: &str) -> String {
        self.rail("requestWithdrawal", iban, amount).await
    }

    async fn rail(&self, name: &str, iban: &str, amount: &str) -> String {
        let key = format!("key-{}", unique());
        let input =
            json!({ "instrumentId": self.link(iban).await, "money": euros(amount), "idempotencyKey": key });
        let answer = self.client.act(name, "transaction { id }", input).await;
        text(&answer["transaction"]["id"]).to_owned()
    }

    /// The state of a transaction once it is final.
    pub async fn settled(&self, world: &World, id: &str) -> String {
        let state = || async {
            let answer = self.client.ask(STATE, json!({ "id": id })).await;
            let state = text(&answer["transaction"]["state"]).to_owned();
            ["SETTLED", "FAILED"].contains(&state.as_str()).then_some(state)
        };
        world.until(state).await
    }

    /// The state of a transaction now.
    pub async fn state(&self, id: &str) -> String {
        let answer = self.client.ask(STATE, json!({ "id": id })).await;
        text(&answer["transaction"]["state"]).to_owned()
    }

    /// A transfer as an input.
    pub fn transfer(&self, to: &Person, amount: &str, key: &str) -> Value {
        json!({ "to": to.handle, "money": euros(amount), "idempotencyKey": key })
    }

    /// Sends euros, and gives the id of the transfer.
    pub async fn send(&self, to: &Person, amount: &str) -> String {
        let input = self.transfer(to, amount, &format!("key-{}", unique()));
        let answer = self.client.act("createTransfer", "transaction { id }", input).await;
        text(&answer["transaction"]["id"]).to_owned()
    }

    /// The balance in euros; zero without an account.
    pub async fn balance(&self) -> String {
        let query = "{ account(currency: \"EUR\") { balance { amount } } }";
        match self.client.try_ask(query, Value::Null).await {
            Ok(answer) => text(&answer["account"]["balance"]["amount"]).to_owned(),
            Err(refusal) => {
                assert_eq!(refusal, refused("NOT_FOUND", ""));
                "0.00".to_owned()
            }
        }
    }
}

const STATE: &str = "query($id: ID!) { transaction(id: $id) { state } }";

/// Signs up and gives the id of the verification.
pub async fn sign_up(client: &Client, handle: &Value) -> String {
    let form = json!({
        "handle": handle, "name": "Somebody", "password": PASSWORD, "acceptedTermsVersion": "2026-11-01",
    });
    let answer = client.act("signUp", "verification { verificationId }", form).await;
    text(&answer["verification"]["verificationId"]).to_owned()
}

/// The text of a JSON string.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("expected a text, got {value}"))
}
