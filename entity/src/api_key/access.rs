//! Keys in use: for whom, from where, and when last.
//!
//! Guarantees: what is remembered of a key never changes; whether its session is open is asked each time.

use super::{NETWORKS, Scopes};
use crate::bank::Bank;
use crate::clock::Time;
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::gather::{Answers, Gather};
use crate::id::{ApiKeyId, SessionId, UserId};
use crate::origin::Origin;
use crate::refusal::{Code, Refusal};
use crate::session::{self, Caller};
use crate::table::{api_key, user as people};
use crate::vault::{DataKey, Vault};
use chrono::Duration;
use ipnet::IpNet;
use quick_cache::sync::Cache;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use std::net::IpAddr;
use std::sync::Arc;

/// Addresses and networks that a key is bound to.
const NETWORKS_MAX: usize = 20;
/// How exactly it is known when a key was last used.
const USED: Duration = Duration::minutes(1);
/// Keys that are remembered: some megabytes.
const REMEMBERED: usize = 16_384;

/// What is known of a key by its secret. None of it ever changes.
#[derive(Debug)]
struct Known {
    id: ApiKeyId,
    user: UserId,
    scopes: Scopes,
    networks: Vec<IpNet>,
}

/// The keys that are in use.
#[derive(Clone, Debug)]
pub(crate) struct ApiKeys {
    by_secret: Gather<Vec<u8>, Arc<Known>>,
    used: Arc<Cache<ApiKeyId, Time>>,
}

impl ApiKeys {
    pub(crate) fn start(db: Db, vault: Vault) -> Self {
        let ask = move |hashes| -> futures::future::BoxFuture<'static, _> {
            Box::pin(known(db.clone(), vault.clone(), hashes))
        };
        Self { by_secret: Gather::start(REMEMBERED, ask), used: Arc::new(Cache::new(REMEMBERED)) }
    }
}

async fn known(db: Db, vault: Vault, hashes: Vec<Vec<u8>>) -> Answers<Vec<u8>, Arc<Known>> {
    let these = api_key::Column::SecretHash.is_in(hashes);
    let rows = api_key::Entity::find().find_also_related(people::Entity).filter(these);
    let rows = rows.all(db.connection()).await?;
    // A key that can't be read is not found; it is not to harm those that can.
    let read = |(row, person): (api_key::Model, Option<people::Model>)| {
        let key = vault.data_key(row.user_id, person?.data_key.as_ref()?).ok()?;
        let networks = networks(&key, &row).ok()?;
        let scopes = Scopes::read(&row.scopes).ok()?;
        Some((row.secret_hash, Arc::new(Known { id: row.id, user: row.user_id, scopes, networks })))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

pub(super) fn networks(key: &DataKey, row: &api_key::Model) -> Result<Vec<IpNet>, Fault> {
    let text = key.open(NETWORKS, row.id.0, &row.networks)?;
    let parsed: Result<_, _> = text.split_whitespace().map(str::parse).collect();
    parsed.map_err(|_| Fault::Corrupt("the networks of a key can't be read"))
}

/// At most so many addresses and networks, such as `192.0.2.7` and `2001:db8::/32`.
///
/// # Errors
/// `ADDRESSES_INVALID`.
pub fn parse_networks(texts: &[String]) -> Result<Vec<IpNet>, Refusal> {
    let network = |text: &String| {
        let address = text.trim().parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        address.ok().or_else(|| text.trim().parse().ok()).map(|network: IpNet| network.trunc())
    };
    let parsed = texts.iter().map(network).collect::<Option<Vec<_>>>();
    parsed
        .filter(|networks| networks.len() <= NETWORKS_MAX)
        .ok_or(Code::AddressesInvalid.at("allowedAddresses"))
}

fn is_allowed(networks: &[IpNet], address: Option<IpAddr>) -> bool {
    let within = |address: IpAddr| networks.iter().any(|network| network.contains(&address.to_canonical()));
    networks.is_empty() || address.is_some_and(within)
}

/// Finds out for whom a key is used, and what it may; notes that it was.
///
/// # Errors
/// `API_KEY_INVALID`, `ADDRESS_NOT_ALLOWED`, `OVERLOADED`.
pub async fn authenticate(bank: &Bank, secret: &str, origin: &Origin) -> Result<Caller> {
    let found = bank.api_keys.by_secret.recall(session::hash(secret)).await?;
    let known = found.ok_or(Code::ApiKeyInvalid)?;
    let (user, session) = (known.user, SessionId(known.id.0));
    let caller = Caller { user, session, confirmed: false, standing: None, scopes: Some(known.scopes) };
    session::check(bank, caller).await.map_err(|error| match error {
        Error::Refused(refusal) if refusal.code == Code::SessionEnded => Code::ApiKeyInvalid.into(),
        Error::Refused(_) | Error::Fault(_) => error,
    })?;
    if !is_allowed(&known.networks, origin.address) {
        return Err(Code::AddressNotAllowed.into());
    }
    note_use(bank, known.id).await?;
    Ok(caller)
}

/// Notes that a key was used, if that was not noted just now.
async fn note_use(bank: &Bank, id: ApiKeyId) -> Result<()> {
    let now = bank.clock.now();
    if bank.api_keys.used.get(&id).is_some_and(|noted| noted + USED > now) {
        return Ok(());
    }
    bank.api_keys.used.insert(id, now);
    let set = api_key::ActiveModel { last_used_at: Set(Some(now)), ..Default::default() };
    let own = api_key::Entity::update_many().filter(api_key::COLUMN.id.eq(id));
    own.set(set).exec(bank.db.connection()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_bound_to_addresses_and_networks() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let networks = parse_networks(&texts(&["192.0.2.7", " 198.51.100.9/24", "2001:db8::/32"])).unwrap();
        let allowed = |address: &str| is_allowed(&networks, Some(address.parse().unwrap()));
        for address in ["192.0.2.7", "::ffff:192.0.2.7", "198.51.100.1", "2001:db8::1"] {
            assert!(allowed(address), "{address}");
        }
        for address in ["192.0.2.8", "198.51.101.1", "2001:db9::1", "127.0.0.1"] {
            assert!(!allowed(address), "{address}");
        }
        assert!(!is_allowed(&networks, None));
        assert!(is_allowed(&[], None));
        for wrong in [&["localhost"][..], &[""], &["192.0.2.0/33"], &["192.0.2.1"; 21]] {
            assert_eq!(parse_networks(&texts(wrong)).unwrap_err().code, Code::AddressesInvalid);
        }
    }
}
