//! Exchange rates: what the sources say, what is made of it, and what happens when they fail.

use chrono::{Duration, NaiveDate};
use entity::clock::Clock;
use entity::operator::Role;
use serde_json::{Value, json};
use std::sync::Arc;
use tests::client::{Client, Person, refused, text};
use tests::feed::{FeedServer, Mode};
use tests::{Setup, World};
use worker::feed::Feed;
use worker::schedule::{Task, perform};

/// The reference rates of 30 October 2026.
const SAMPLE: &str = include_str!("eurofxref-daily.xml");

/// What one dollar costs by them in every other currency, to twelve digits, as `currencyconverter` 0.18 of PyPI says.
const PER_DOLLAR: [(&str, &str); 29] = [
    ("AUD", "1.42355889724"),
    ("BRL", "5.43250984604"),
    ("CAD", "1.39688506982"),
    ("CHF", "0.822950232725"),
    ("CNY", "6.65288220551"),
    ("CZK", "21.798245614"),
    ("DKK", "6.68949158611"),
    ("EUR", "0.895094880057"),
    ("GBP", "0.746330110992"),
    ("HKD", "7.84568564268"),
    ("HUF", "327.900107411"),
    ("IDR", "18148.2008593"),
    ("ILS", "3.1283566058"),
    ("INR", "94.955245256"),
    ("ISK", "121.732903688"),
    ("JPY", "157.250268528"),
    ("KRW", "1335.26673827"),
    ("MXN", "18.9077157179"),
    ("MYR", "4.05701754386"),
    ("NOK", "9.23021840315"),
    ("NZD", "1.77434658074"),
    ("PHP", "63.6797350519"),
    ("PLN", "3.9418188328"),
    ("RON", "4.78401360544"),
    ("SEK", "9.82635159327"),
    ("SGD", "1.2783745077"),
    ("THB", "33.7298603652"),
    ("TRY", "49.9476369495"),
    ("ZAR", "16.6894915861"),
];

/// A world whose only rates come from this source.
pub(crate) async fn world_of(setup: Setup, source: &FeedServer) -> World {
    let url = source.url.clone();
    let clock = Arc::new(std::sync::Mutex::new(None));
    let known = clock.clone();
    let house = move |bank: entity::Bank| {
        *known.lock().unwrap() = Some(bank.clock.clone());
        bank.with_step_up(tests::world::unasked())
    };
    World::open_as(setup, house, move |gateways| {
        let clock = clock.lock().unwrap().clone().unwrap();
        let feed = Feed::ecb(&url, clock).unwrap().with_patience(std::time::Duration::from_millis(300));
        worker::gateway::Gateways { rates: vec![Arc::new(feed)], ..gateways }
    })
    .await
}

/// The sample as if it were of another day.
pub(crate) fn of_day(day: NaiveDate) -> String {
    SAMPLE.replace("2026-10-30", &day.to_string())
}

/// Asks the sources now.
pub(crate) async fn refresh(world: &World) {
    let context = worker::context::Context { bank: world.bank.clone(), gateways: world.gateways.clone() };
    perform(&context, Task::RefreshRates).await.unwrap();
    world.settle().await;
}

/// Goes to the evening of a day on which the source is asked again.
pub(crate) async fn pass_a_day(world: &World) -> NaiveDate {
    world.bank.clock.advance(Duration::days(1));
    world.bank.clock.now().date_naive()
}

async fn rate(client: &Client, base: &str, quote: &str) -> Value {
    let query = "query($base: Currency!, $quote: Currency!) { rate(base: $base, quote: $quote) { rate source stale } }";
    match client.try_ask(query, json!({ "base": base, "quote": quote })).await {
        Ok(answer) => answer["rate"].clone(),
        Err(refused) => json!(refused.code),
    }
}

async fn quoted(person: &Person) -> Result<(), String> {
    let input =
        json!({ "amount": { "source": { "amount": "100.00", "currency": "EUR" } }, "currency": "USD" });
    person
        .client
        .try_act("createQuote", "quote { id }", input)
        .await
        .map(drop)
        .map_err(|refused| refused.code)
}

async fn alerts(officer: &Client) -> Vec<String> {
    let answer = officer.ask("{ alerts { edges { node { kind subject times } } } }", Value::Null).await;
    let edges = answer["alerts"]["edges"].as_array().cloned().unwrap_or_default();
    edges.iter().map(|edge| text(&edge["node"]["kind"]).to_owned()).collect()
}

pub(crate) async fn both(story: impl AsyncFn(Setup)) {
    for setup in [Setup::Embedded, Setup::Real] {
        story(setup).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cross_rate_is_the_one_that_others_compute() {
    both(async |setup| {
        let today = Clock::system().now().date_naive();
        let source = FeedServer::start(Mode::Says(of_day(today))).await;
        let world = world_of(setup, &source).await;
        let client = world.client();
        for (quote, expected) in PER_DOLLAR {
            let said = json!({ "rate": expected, "source": "ECB", "stale": false });
            assert_eq!(rate(&client, "USD", quote).await, said, "{quote}");
        }
        assert_eq!(rate(&client, "EUR", "JPY").await["rate"], "175.68", "as the source says it");
        assert_eq!(rate(&client, "USD", "KWD").await, "PAIR_UNKNOWN");
        assert_eq!(rate(&client, "USD", "USD").await, "PAIR_UNKNOWN");
        assert_eq!(rate(&client, "USD", "XXX").await, "CURRENCY_UNKNOWN");
        let all = client.ask("{ exchangeRates(base: \"USD\") { quote } }", Value::Null).await;
        assert_eq!(all["exchangeRates"].as_array().map(Vec::len), Some(29));
        world.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_fails_prices_nothing_and_is_reported() {
    both(async |setup| {
        let today = Clock::system().now().date_naive();
        let source = FeedServer::start(Mode::Says(of_day(today))).await;
        let world = world_of(setup, &source).await;
        assert_eq!(quoted(&Person::join(&world).await).await, Ok(()));
        assert!(alerts(&world.operator().await).await.is_empty());
        let garbled = of_day(today).replace("1.1172", "1,1172");
        for failure in [
            Mode::Fails,
            Mode::Silent,
            Mode::BreaksOff(of_day(today)),
            Mode::HangsUp(of_day(today)),
            Mode::Says(garbled),
            Mode::Says("<html>come back later</html>".to_owned()),
        ] {
            source.set(failure.clone());
            world.bank.clock.advance(Duration::minutes(31));
            refresh(&world).await;
            assert_eq!(alerts(&world.operator().await).await, ["RATES_FAILING"], "{failure:?}");
            assert_eq!(rate(&world.client(), "EUR", "USD").await["rate"], "1.1172", "{failure:?}");
        }
        // What was said before is used until it is too old, and then shown as such.
        world.bank.clock.advance(Duration::hours(72));
        refresh(&world).await;
        assert_eq!(alerts(&world.operator().await).await, ["RATES_FAILING", "RATES_STALE"]);
        let stale = json!({ "rate": "1.1172", "source": "ECB", "stale": true });
        assert_eq!(rate(&world.client(), "EUR", "USD").await, stale);
        let alice = Person::join(&world).await;
        assert_eq!(quoted(&alice).await, Err("RATE_STALE".to_owned()));
        // When it speaks again, all is well without anybody.
        source.set(Mode::Says(of_day(world.bank.clock.now().date_naive())));
        refresh(&world).await;
        assert!(alerts(&world.operator().await).await.is_empty());
        assert_eq!(quoted(&alice).await, Ok(()));
        // What it says of the day before is nothing new.
        source.set(Mode::Says(of_day(today).replace("1.1172", "1.2")));
        world.bank.clock.advance(Duration::minutes(31));
        refresh(&world).await;
        assert_eq!(rate(&world.client(), "EUR", "USD").await["rate"], "1.1172");
        world.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jump_waits_for_two_operators() {
    both(async |setup| {
        let source = FeedServer::start(Mode::Says(of_day(Clock::system().now().date_naive()))).await;
        let world = world_of(setup, &source).await;
        let day = pass_a_day(&world).await;
        source.set(Mode::Says(of_day(day).replace("1.1172", "1.3")));
        refresh(&world).await;
        assert_eq!(rate(&world.client(), "EUR", "USD").await["rate"], "1.1172");
        let treasurer = world.hire("treasurer", &[Role::Treasurer]).await;
        assert_eq!(alerts(&treasurer).await, ["RATES_HELD"]);
        let query = "{ heldRates { id source rates { currency rate } } }";
        let held = treasurer.ask(query, Value::Null).await["heldRates"].clone();
        assert_eq!(held.as_array().map(Vec::len), Some(1));
        let support = world.hire("support", &[Role::Support]).await;
        assert_eq!(support.try_ask(query, Value::Null).await, Err(refused("ROLE_MISSING", "")));
        world.agree(json!({ "acceptRates": held[0]["id"] })).await;
        assert_eq!(rate(&world.client(), "EUR", "USD").await["rate"], "1.3");
        assert!(alerts(&treasurer).await.is_empty());
        // Back again is a jump as well; this one is rejected, by one alone.
        let day = pass_a_day(&world).await;
        source.set(Mode::Says(of_day(day)));
        refresh(&world).await;
        let treasurer = world.hire("second", &[Role::Treasurer]).await;
        let held = treasurer.ask(query, Value::Null).await["heldRates"].clone();
        let id = json!({ "id": held[0]["id"] });
        let left = treasurer.act("rejectRates", "heldRates { id }", id.clone()).await;
        assert_eq!(left, json!({ "heldRates": [] }));
        let again = treasurer.try_act("rejectRates", "heldRates { id }", id).await;
        assert_eq!(again, Err(refused("NOT_FOUND", "id")));
        assert_eq!(rate(&world.client(), "EUR", "USD").await["rate"], "1.3");
        // What two of them set by hand leads, for as long as they say.
        let by_hand = json!({ "base": "EUR", "quote": "USD", "rate": "1.25", "minutes": 60 });
        world.agree(json!({ "setRate": by_hand })).await;
        let said = json!({ "rate": "1.25", "source": "MANUAL EUR/USD", "stale": false });
        assert_eq!(rate(&world.client(), "EUR", "USD").await, said);
        assert_eq!(rate(&world.client(), "EUR", "JPY").await["source"], "ECB");
        world.bank.clock.advance(Duration::minutes(61));
        assert_eq!(rate(&world.client(), "EUR", "USD").await["rate"], "1.3");
        world.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chart_has_the_last_rate_of_each_interval() {
    both(async |setup| {
        let days: Vec<NaiveDate> = ["2026-10-28", "2026-10-29", "2026-10-30", "2026-11-02"]
            .iter()
            .map(|day| day.parse().unwrap())
            .collect();
        let cube = |(at, day): (usize, &NaiveDate)| {
            format!("<Cube time='{day}'><Cube currency='USD' rate='1.{at}'/><Cube currency='JPY' rate='17{at}'/></Cube>")
        };
        let cubes: String = days.iter().enumerate().map(cube).collect();
        let history = format!("<Envelope><Cube>{cubes}</Cube></Envelope>");
        let source = FeedServer::start(Mode::Says(history)).await;
        let world = world_of(setup, &source).await;
        let query = "query($from: NaiveDate!, $until: NaiveDate!, $interval: RateInterval) {
            rateHistory(base: \"EUR\", quote: \"USD\", from: $from, until: $until, interval: $interval) { on rate } }";
        let chart = async |from: &str, until: &str, interval: &str| {
            let input = json!({ "from": from, "until": until, "interval": interval });
            world.client().try_ask(query, input).await.map(|answer| answer["rateHistory"].clone())
        };
        let day = |on: &str, rate: &str| json!({ "on": on, "rate": rate });
        assert_eq!(
            chart("2026-10-29", "2026-11-02", "DAY").await,
            Ok(json!([day("2026-10-29", "1.1"), day("2026-10-30", "1.2"), day("2026-11-02", "1.3")]))
        );
        assert_eq!(
            chart("2026-10-01", "2026-11-30", "WEEK").await,
            Ok(json!([day("2026-10-26", "1.2"), day("2026-11-02", "1.3")]))
        );
        assert_eq!(
            chart("2026-10-01", "2026-11-30", "MONTH").await,
            Ok(json!([day("2026-10-01", "1.2"), day("2026-11-01", "1.3")]))
        );
        for (from, until) in [("2026-11-02", "2026-11-01"), ("2024-01-01", "2026-01-01")] {
            assert_eq!(chart(from, until, "DAY").await, Err(refused("PERIOD_INVALID", "from")));
        }
        world.close().await;
    })
    .await;
}
