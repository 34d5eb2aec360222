//! Leaving: a person takes its data along, closes its wallet, and is forgotten.
//!
//! Guarantees: a wallet is closed only when it is empty and nothing is under way. Closing destroys the
//! person's data key, and with it everything that was sealed: name, handles, bank accounts, the inbox, the
//! details of the security log. What stays of the terms that were accepted is their version and the time.
//! The handles are free for others. The books stay as they are: accounts,
//! transactions and postings name the person by a number only, and the trial balance is the same before and
//! after. The words that were sent with a payment are part of it and stay with the other side.
//!
//! Nobody leaves while operators look into whether it is on a [sanctions list](crate::sanction); what is told of that is no
//! more than that something is under way, and nothing of it is taken along.
//!
//! Refuses `BALANCE_LEFT`, `ACTS_UNDER_WAY`, `USER_FROZEN`, and whatever the proof is refused with.

use crate::account::{self, AccountState};
use crate::api_key::ApiKey;
use crate::bank::Bank;
use crate::db::Db;
use crate::dispute::{self as disputes, DisputeState};
use crate::error::Result;
use crate::handle::own;
use crate::id::{EventId, UserId};
use crate::message::{self, Letter};
use crate::notification::Notice;
use crate::origin::Origin;
use crate::proof::{self, Proof};
use crate::refusal::Code;
use crate::security_event::{self, SecurityEventKind};
use crate::session::{self, Caller, EndReason};
use crate::table::{
    account as accounts, alert_rule, annotation, api_key, conversion_order, dispute, fraud_profile,
    guarded_payment, handle, instrument, job, kyc_application, notification, notification_preference,
    passkey, passkey_ceremony, rate_alert, recovery_case, recovery_code, security_question, totp_secret,
    transaction, trusted_payee, user,
};
use crate::user::{self as people, UserState};
use crate::vault::DataKey;
use crate::{
    alert_rule as alert_rules, api_key as api_keys, conversion_order as orders, instrument as instruments,
    kyc, passkey as passkeys, payee, rate_alert as rate_alerts, sanction, security_question as questions,
    terms,
};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveEnum, ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, PaginatorTrait,
    QueryFilter,
};
use serde_json::{Value, json};

/// All that is known of a person but its transactions, which `history` lists.
///
/// # Errors
/// `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn export(bank: &Bank, caller: Caller, proof: Proof) -> Result<Value> {
    proof::confirm(bank, caller, proof).await?;
    let id = caller.user;
    let person = people::find_many(bank, &[id]).await?.remove(&id).ok_or(Code::NotFound)?;
    let handles = people::handles(bank, id).await?.into_iter();
    let sessions = session::list(bank, id).await?.into_iter();
    let linked = instruments::list(bank, id).await?.into_iter();
    let trusted = payee::list(bank, id).await?.into_iter();
    let keys = api_keys::list(bank, id).await?;
    let asked = questions::list(bank, id).await?;
    let own_passkeys = passkeys::list(bank, id).await?.into_iter();
    let events = security_event::all(bank, id).await?.into_iter();
    let accepted = terms::acceptances(bank, id).await?.into_iter();
    Ok(json!({
        "exportedAt": bank.clock.now(),
        "name": person.name,
        "language": person.locale.language.to_value(),
        "timeZone": person.locale.zone(),
        "antiPhishingPhrase": person.phrase,
        "termsVersion": person.terms_version,
        "createdAt": person.created_at,
        "passwordSetAt": person.password_set_at,
        "handles": handles
            .map(|own| json!({ "value": own.handle.as_str(), "isPrimary": own.is_primary, "verifiedAt": own.verified_at }))
            .collect::<Vec<_>>(),
        "kycLevel": person.level.number(),
        "kycApplications": kyc::own(bank, id).await?.into_iter()
            .map(|made| json!({ "level": made.level.number(), "profile": made.form.profile, "documents": made.form.documents, "state": made.state.to_value(), "createdAt": made.created_at }))
            .collect::<Vec<_>>(),
        "accounts": balances(&bank.db, id).await?,
        "instruments": linked
            .map(|linked| json!({ "iban": linked.iban, "holder": linked.holder, "nickname": linked.nickname }))
            .collect::<Vec<_>>(),
        "sessions": sessions
            .map(|open| json!({ "agent": open.agent, "address": open.address, "createdAt": open.created_at }))
            .collect::<Vec<_>>(),
        "passkeys": own_passkeys
            .map(|own| json!({ "name": own.name, "createdAt": own.created_at, "lastUsedAt": own.last_used_at }))
            .collect::<Vec<_>>(),
        "trustedPayees": trusted.map(|payee| json!({ "name": payee.name, "since": payee.since })).collect::<Vec<_>>(),
        "securityQuestions": asked,
        "rateAlerts": rate_alerts::list(bank, id).await?.into_iter()
            .map(|alert| json!({ "pair": format!("{}/{}", alert.base, alert.quote), "rate": alert.rate, "state": alert.state.to_value(), "createdAt": alert.created_at }))
            .collect::<Vec<_>>(),
        "alertRules": alert_rules::list(bank, id).await?.into_iter()
            .map(|rule| json!({ "kind": rule.kind.to_value(), "limit": rule.limit.to_string(), "createdAt": rule.created_at }))
            .collect::<Vec<_>>(),
        "conversionOrders": orders::list(bank, id).await?.into_iter()
            .map(|order| json!({ "source": order.terms.source.to_string(), "target": order.terms.target, "rate": order.terms.rate, "state": order.state.to_value(), "createdAt": order.created_at }))
            .collect::<Vec<_>>(),
        "disputes": disputes::own(bank, id).await?.into_iter()
            .map(|dispute| json!({ "transaction": dispute.transaction.0, "state": dispute.state.to_value(), "openedAt": dispute.opened_at, "decidedAt": dispute.decided_at }))
            .collect::<Vec<_>>(),
        "termAcceptances": accepted
            .map(|terms| json!({ "version": terms.version, "sha256": terms.digest, "address": terms.address, "at": terms.at }))
            .collect::<Vec<_>>(),
        "apiKeys": keys.iter().map(as_json).collect::<Vec<_>>(),
        "securityEvents": events
            .map(|event| json!({ "kind": event.kind_name(), "at": event.at, "address": event.address, "agent": event.agent }))
            .collect::<Vec<_>>(),
    }))
}

fn as_json(key: &ApiKey) -> Value {
    json!({
        "name": key.name,
        "hint": key.hint,
        "scopes": key.scopes.all().map(|scope| scope.to_value()).collect::<Vec<_>>(),
        "allowedAddresses": key.networks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "createdAt": key.created_at,
        "expiresAt": key.expires_at,
        "lastUsedAt": key.last_used_at,
    })
}

async fn balances(db: &Db, id: UserId) -> Result<Vec<Value>> {
    let accounts = account::list(db, id).await?.into_iter();
    Ok(accounts
        .map(|account| json!({ "currency": account.balance.currency.code(), "balance": account.balance.decimal().to_string() }))
        .collect())
}

/// Closes a wallet and forgets its person.
///
/// # Errors
/// See the module.
pub async fn close(bank: &Bank, caller: Caller, proof: Proof, origin: &Origin) -> Result<()> {
    proof::confirm(bank, caller, proof).await?;
    let tx = bank.db.begin().await?;
    let (row, key) = people::lock(bank, &tx, caller.user).await?;
    if row.state == UserState::Frozen {
        return Err(Code::UserFrozen.into());
    }
    // Locks the accounts: nothing new begins from here on.
    account::set_state(&tx, caller.user, AccountState::Closed).await?;
    refuse_unless_empty(&tx, caller.user).await?;
    let handles = own::all(&tx, &key).await?;
    say_goodbye(bank, &tx, &key, &row).await?;
    security_event::record(bank, &tx, &key, SecurityEventKind::Closed, origin).await?;
    session::end_all(&tx, caller.user, None, EndReason::Closed, bank.clock.now()).await?;
    forget(&tx, caller.user).await?;
    tx.commit().await?;
    for own in handles {
        bank.by_handle.forget(&bank.vault.fingerprint(&own.handle));
    }
    bank.bell.ring();
    Ok(())
}

async fn refuse_unless_empty(tx: &DatabaseTransaction, id: UserId) -> Result<()> {
    let own = accounts::Entity::find().filter(accounts::COLUMN.owner.eq(id));
    if own.filter(accounts::COLUMN.balance.ne(0)).count(tx).await? > 0 {
        return Err(Code::BalanceLeft.into());
    }
    // Whatever is under way has a job.
    let jobs = Query::select().column(job::Column::Id).from(job::Entity).to_owned();
    let party =
        Condition::any().add(transaction::Column::Payer.eq(id)).add(transaction::Column::Payee.eq(id));
    let open = transaction::Entity::find().filter(transaction::Column::Id.in_subquery(jobs)).filter(party);
    // What waits for an operator may come back.
    let held = transaction::Entity::find().filter(Expr::cust("state = 'IN_REVIEW'"));
    let held = held.filter(transaction::Column::Payer.eq(id));
    let disputed = dispute::Entity::find().filter(dispute::COLUMN.user_id.eq(id));
    let disputed = disputed.filter(dispute::COLUMN.state.eq(DisputeState::Open));
    let counts = [open.count(tx).await?, held.count(tx).await?, disputed.count(tx).await?];
    let under_way = counts.into_iter().fold(0, u64::saturating_add);
    if under_way > 0 || sanction::is_open(tx, id).await? { Err(Code::ActsUnderWay.into()) } else { Ok(()) }
}

/// The last message, to every handle.
async fn say_goodbye(bank: &Bank, tx: &DatabaseTransaction, key: &DataKey, row: &user::Model) -> Result<()> {
    let now = bank.clock.now();
    let event = EventId(bank.ids.next(now));
    let letter = Letter {
        notice: Notice::Closed,
        locale: people::locale(row),
        phrase: people::phrase(key, row)?,
        at: now,
        until: None,
    };
    for own in own::all(tx, key).await? {
        message::put(bank, tx, event, &own.handle, letter.clone()).await?;
    }
    Ok(())
}

/// Removes what is about the person, and the key of what stays.
async fn forget(tx: &DatabaseTransaction, id: UserId) -> Result<()> {
    api_key::Entity::delete_many().filter(api_key::COLUMN.user_id.eq(id)).exec(tx).await?;
    fraud_profile::Entity::delete_many().filter(fraud_profile::COLUMN.user_id.eq(id)).exec(tx).await?;
    handle::Entity::delete_many().filter(handle::COLUMN.user_id.eq(id)).exec(tx).await?;
    totp_secret::Entity::delete_by_id(id).exec(tx).await?;
    passkey::Entity::delete_many().filter(passkey::COLUMN.user_id.eq(id)).exec(tx).await?;
    let under_way = passkey_ceremony::Entity::delete_many();
    under_way.filter(passkey_ceremony::COLUMN.user_id.eq(id)).exec(tx).await?;
    recovery_code::Entity::delete_many().filter(recovery_code::COLUMN.user_id.eq(id)).exec(tx).await?;
    trusted_payee::Entity::delete_many().filter(trusted_payee::COLUMN.user_id.eq(id)).exec(tx).await?;
    notification::Entity::delete_many().filter(notification::COLUMN.user_id.eq(id)).exec(tx).await?;
    let chosen = notification_preference::Entity::delete_many();
    chosen.filter(notification_preference::COLUMN.user_id.eq(id)).exec(tx).await?;
    kyc_application::Entity::delete_many().filter(kyc_application::COLUMN.user_id.eq(id)).exec(tx).await?;
    recovery_case::Entity::delete_many().filter(recovery_case::COLUMN.user_id.eq(id)).exec(tx).await?;
    security_question::Entity::delete_many()
        .filter(security_question::COLUMN.user_id.eq(id))
        .exec(tx)
        .await?;
    guarded_payment::Entity::delete_many().filter(guarded_payment::COLUMN.user_id.eq(id)).exec(tx).await?;
    annotation::Entity::delete_many().filter(annotation::COLUMN.user_id.eq(id)).exec(tx).await?;
    alert_rule::Entity::delete_many().filter(alert_rule::COLUMN.user_id.eq(id)).exec(tx).await?;
    rate_alert::Entity::delete_many().filter(rate_alert::COLUMN.user_id.eq(id)).exec(tx).await?;
    conversion_order::Entity::delete_many().filter(conversion_order::COLUMN.user_id.eq(id)).exec(tx).await?;
    // Sessions and transactions name devices and bank accounts: the rows stay, and say nothing any more.
    let linked = instrument::Entity::update_many().filter(instrument::COLUMN.user_id.eq(id));
    let unknown = instrument::ActiveModel { nickname: Set(None), ..Default::default() };
    linked.set(unknown).exec(tx).await?;
    let gone = user::ActiveModel {
        state: Set(UserState::Closed),
        data_key: Set(None),
        name: Set(None),
        phrase: Set(None),
        password_hash: Set("$argon2id$gone".to_owned()),
        ..Default::default()
    };
    user::Entity::update_many().set(gone).filter(user::COLUMN.id.eq(id)).exec(tx).await?;
    Ok(())
}
