//! The tables as sea-orm sees them. Private to this crate: nobody else can write them.
#![expect(
    unreachable_pub,
    clippy::disallowed_methods,
    reason = "sea-orm derives public items, and helpers of its own that begin transactions"
)]

pub(crate) mod account;
pub(crate) mod alert_rule;
pub(crate) mod alert_rule_wait;
pub(crate) mod annotation;
pub(crate) mod api_key;
pub(crate) mod api_key_spend;
pub(crate) mod case;
pub(crate) mod case_assignment;
pub(crate) mod case_note;
pub(crate) mod challenge;
pub(crate) mod conversion_order;
pub(crate) mod device;
pub(crate) mod dispute;
pub(crate) mod fee_schedule;
pub(crate) mod fraud_profile;
pub(crate) mod fraud_rule_version;
pub(crate) mod fraud_verdict;
pub(crate) mod fraud_watch;
pub(crate) mod guarded_payment;
pub(crate) mod handle;
pub(crate) mod house_secret;
pub(crate) mod instrument;
pub(crate) mod job;
pub(crate) mod known_country;
pub(crate) mod kyc_application;
pub(crate) mod message;
pub(crate) mod notification;
pub(crate) mod notification_preference;
pub(crate) mod operator;
pub(crate) mod operator_alert;
pub(crate) mod operator_event;
pub(crate) mod operator_session;
pub(crate) mod passkey;
pub(crate) mod passkey_ceremony;
pub(crate) mod password_reset;
pub(crate) mod posting;
pub(crate) mod proposal;
pub(crate) mod quote;
pub(crate) mod rate;
pub(crate) mod rate_alert;
pub(crate) mod rate_sheet;
pub(crate) mod recovery_case;
pub(crate) mod recovery_code;
pub(crate) mod refresh_token;
pub(crate) mod registration;
pub(crate) mod sanction_content;
pub(crate) mod sanction_hit;
pub(crate) mod sanction_list;
pub(crate) mod sandbox_message;
pub(crate) mod sandbox_order;
pub(crate) mod security_event;
pub(crate) mod security_question;
pub(crate) mod session;
pub(crate) mod signing_key;
pub(crate) mod term_acceptance;
pub(crate) mod throttle;
pub(crate) mod totp_secret;
pub(crate) mod transaction;
pub(crate) mod trusted_payee;
pub(crate) mod user;
pub(crate) mod verification;
