//! Which of the world outside is real, how it is reached, and what else api and worker have to agree on: by environment,
//! or the same by option.

use crate::feed::Feed;
use crate::gateway::{Gateways, RateSource};
use crate::mail::Mail;
use crate::sanction::{self, ListFile};
use crate::simulator;
use crate::sms::Sms;
use clap::{Args, ValueEnum};
use entity::Bank;
use entity::fraud::RuleSet;
use entity::link::Links;
use rust_decimal::Decimal;
use std::sync::Arc;

/// See the module. What is not given is simulated.
#[derive(Clone, Debug, Default, Args)]
pub struct Outside {
    /// The mail server: smtps://USER:PASSWORD@HOST:PORT, or smtp://HOST:PORT?tls=required. Without it, mail
    /// is simulated and read with sandboxMessages
    #[arg(long, env = "MAIL_URL", hide_env_values = true, global = true, requires = "mail_from")]
    pub mail_url: Option<String>,

    /// Who mail is from, such as OKPay <no-reply@example.com>
    #[arg(long, env = "MAIL_FROM", global = true)]
    pub mail_from: Option<String>,

    /// Where SMS are sent by signed HTTP: https://…; without it, they are simulated
    #[arg(long, env = "SMS_URL", global = true, requires = "sms_secret")]
    pub sms_url: Option<String>,

    /// The secret that requests to SMS_URL are signed with
    #[arg(long, env = "SMS_SECRET", hide_env_values = true, global = true)]
    pub sms_secret: Option<String>,

    /// Where the reference rates of the European Central Bank are read: its eurofxref-daily.xml, or a history in the same
    /// form. Without it and RATES_URL, exchange rates are simulated
    #[arg(long, env = "ECB_URL", global = true)]
    pub ecb_url: Option<String>,

    /// Where live exchange rates are read, as JSON: {"base": "USD", "timestamp": SECONDS, "rates": {"EUR": 0.8951}}
    #[arg(long, env = "RATES_URL", hide_env_values = true, global = true)]
    pub rates_url: Option<String>,

    /// By how many percent a rate may jump before an operator has to look at it
    #[arg(long, env = "RATE_JUMP", default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=100), global = true)]
    pub rate_jump: u8,

    /// The page of your app where a forgotten password is replaced, such as https://wallet.example.com/reset. Messages
    /// link to it, with the token after # so that it reaches no server; without it they carry the token alone
    #[arg(long, env = "RESET_URL", value_parser = entity::link::check, global = true)]
    pub reset_url: Option<String>,

    /// The page where it is said of a sign-in that it was not one's own; the same holds
    #[arg(long, env = "NOT_ME_URL", value_parser = entity::link::check, global = true)]
    pub not_me_url: Option<String>,

    /// Whether payments that look like fraud are asked about, held or refused before they are made: on or off. Off, operators
    /// are told of them afterwards, as they are in any case
    #[arg(long, env = "SCREENING", default_value = "on", global = true)]
    pub screening: Switch,

    /// A file of the rules by which payments look like fraud, in JSON, instead of those that are built in
    #[arg(long, env = "FRAUD_RULES", value_parser = RuleSet::open, global = true)]
    pub fraud_rules: Option<Arc<RuleSet>>,

    /// The sanctions lists that people are screened against, as files that somebody keeps up to date; they are looked at each
    /// minute. With commas: ofac=PATH (SDN.XML), eu=PATH (the consolidated list, XML 1.1), un=PATH (the consolidated list)
    #[arg(long, env = "SANCTIONS_LISTS", value_delimiter = ',', value_parser = ListFile::parse, global = true)]
    pub sanctions_lists: Vec<Arc<ListFile>>,

    /// Whether people may choose security questions: off or on. On deviates from OWASP ASVS 5.0, 6.4.2
    #[arg(long, env = "SECURITY_QUESTIONS", default_value = "off", global = true)]
    pub security_questions: Switch,
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is not.
    #[default]
    Off,
    /// It is.
    On,
}

impl Outside {
    /// The bank, guarded against fraud as it is said here.
    pub fn guarding(&self, bank: Bank) -> Bank {
        let bank = bank.with_screening(self.screening == Switch::On);
        match &self.fraud_rules {
            Some(rules) => bank.with_fraud_rules(rules.clone()),
            None => bank,
        }
    }

    /// Whether people may choose security questions.
    pub fn security_questions(&self) -> bool {
        self.security_questions == Switch::On
    }

    /// Whether messages are simulated, all or some.
    pub fn simulates_messages(&self) -> bool {
        self.mail_url.is_none() || self.sms_url.is_none()
    }

    /// By which share a rate may jump before an operator has to look at it.
    pub fn rate_jump(&self) -> Decimal {
        Decimal::new(self.rate_jump.into(), 2)
    }

    /// What is simulated, as a sentence.
    pub fn simulated(&self) -> String {
        let rates = self.ecb_url.is_none() && self.rates_url.is_none();
        let others =
            [("mail", self.mail_url.is_none()), ("SMS", self.sms_url.is_none()), ("exchange rates", rates)];
        let mut names = vec!["the bank"];
        names.extend(others.iter().filter(|(_, simulated)| *simulated).map(|(name, _)| *name));
        format!("Simulated: {}.", names.join(", "))
    }

    /// Where messages lead.
    pub fn links(&self) -> Links {
        Links { reset: self.reset_url.clone(), not_me: self.not_me_url.clone() }
    }

    /// The gateways.
    ///
    /// # Errors
    /// A text that names the setting.
    pub fn gateways(&self, bank: &Bank) -> Result<Gateways, String> {
        let mut gateways = simulator::gateways(bank);
        if let (Some(url), Some(from)) = (&self.mail_url, &self.mail_from) {
            gateways.mail = Arc::new(Mail::new(url, from)?);
        }
        if let (Some(url), Some(secret)) = (&self.sms_url, &self.sms_secret) {
            gateways.sms = Arc::new(Sms::new(url, secret, bank.clock.clone())?);
        }
        let mut feeds: Vec<Arc<dyn RateSource>> = Vec::new();
        if let Some(url) = &self.ecb_url {
            feeds.push(Arc::new(Feed::ecb(url, bank.clock.clone())?));
        }
        if let Some(url) = &self.rates_url {
            feeds.push(Arc::new(Feed::live(url, bank.clock.clone())?));
        }
        if !feeds.is_empty() {
            gateways.rates = feeds;
        }
        gateways.lists = sanction::each_once(&self.sanctions_lists)?;
        Ok(gateways)
    }
}
