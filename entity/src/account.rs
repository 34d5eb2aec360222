//! Accounts: a balance in one currency. A person has one a currency, opened when first needed;
//! the house has accounts of its own, one a purpose and currency.
//!
//! Guarantees: opening twice is opening once; an account opened for a frozen person is frozen.
//! Balances are only read here; the ledger alone changes them.

use crate::bank::Bank;
use crate::clock::Time;
use crate::db::{Db, one_of};
use crate::error::{Fault, Result};
use crate::gather::{Answers, Gather};
use crate::id::{AccountId, UserId};
use crate::ledger::Known;
use crate::limit::Spent;
use crate::money::{Currency, Money};
use crate::refusal::{Code, Refusal};
use crate::table::{account, user};
use crate::user::UserState;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveEnum, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction,
    DeriveActiveEnum, EntityTrait, EnumIter, QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::HashMap;
use uuid::Uuid;

/// The owner of the house's own accounts.
pub const HOUSE: UserId = UserId(Uuid::nil());

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Purpose {
    /// What a person holds.
    Wallet,
    /// What the house has at its bank, seen from its customers: negative while it holds their
    /// deposits.
    BankClearing,
    /// What has left a wallet and has not reached the person's bank.
    WithdrawalInTransit,
    /// What has left a wallet and waits for an operator.
    InReview,
    /// What the house has taken for its work.
    Fee,
    /// What the house has bought and sold of a currency: negative where it has sold what it has still to buy.
    FxPosition,
    /// What the house has kept of the rates.
    FxSpread,
    /// What was too little for a minor unit.
    FxRounding,
}

impl Purpose {
    /// Its stable name.
    pub fn name(self) -> String {
        self.to_value()
    }

    /// Whether its balance may fall below zero: only where it mirrors money at a bank, or a position in a currency.
    pub fn may_be_negative(self) -> bool {
        match self {
            Self::BankClearing | Self::FxPosition => true,
            Self::Wallet
            | Self::WithdrawalInTransit
            | Self::InReview
            | Self::Fee
            | Self::FxSpread
            | Self::FxRounding => false,
        }
    }
}

/// Whether money may go in and out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountState {
    /// Both.
    Open,
    /// Only in.
    Frozen,
    /// Neither.
    Closed,
}

impl AccountState {
    /// Whether money may leave the account.
    ///
    /// # Errors
    /// `USER_FROZEN`, `USER_CLOSED`.
    pub(crate) fn may_pay(self) -> Result<(), Refusal> {
        match self {
            Self::Open => Ok(()),
            Self::Frozen => Err(Code::UserFrozen.into()),
            Self::Closed => Err(Code::UserClosed.into()),
        }
    }
}

/// An account as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its owner.
    pub owner: UserId,
    /// What is in it and can be spent.
    pub balance: Money,
    /// Whether money may go in and out.
    pub state: AccountState,
    /// When it was opened.
    pub opened_at: Time,
}

impl From<account::Model> for Account {
    fn from(row: account::Model) -> Self {
        Self {
            owner: row.owner,
            balance: Money { minor: row.balance, currency: row.currency },
            state: row.state,
            opened_at: row.opened_at,
        }
    }
}

/// Opens the person's account in a currency, or finds it open already.
///
/// # Errors
/// `NOT_FOUND` for an unknown person.
pub async fn open(bank: &Bank, owner: UserId, currency: Currency) -> Result<Account> {
    wallet(bank, owner, currency).await?;
    find(&bank.db, owner, currency).await
}

/// The wallet account of a person in a currency, made if need be.
pub(crate) async fn wallet(bank: &Bank, owner: UserId, currency: Currency) -> Result<AccountId> {
    Ok(ensure(bank, owner, Purpose::Wallet, currency).await?.id)
}

/// The wallet account of a person in a currency, if there is one.
pub(crate) async fn known(bank: &Bank, owner: UserId, currency: Currency) -> Result<Option<AccountId>> {
    let named = bank.by_name.recall((owner, Purpose::Wallet, currency)).await?;
    Ok(named.map(|named| named.id))
}

/// The wallet account of a person in a currency, made if need be, and the first account that the person has.
pub(crate) async fn paying(bank: &Bank, owner: UserId, currency: Currency) -> Result<Named> {
    ensure(bank, owner, Purpose::Wallet, currency).await
}

/// The house's account for a purpose in a currency, made if need be.
pub(crate) async fn house(bank: &Bank, purpose: Purpose, currency: Currency) -> Result<AccountId> {
    Ok(ensure(bank, HOUSE, purpose, currency).await?.id)
}

/// What there is one account of.
type Name = (UserId, Purpose, Currency);

/// Which account has a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    pub(crate) id: AccountId,
    /// The first of its owner: it stays the first, since accounts are opened one after the other, behind the lock of the
    /// person's row.
    pub(crate) home: AccountId,
}

/// The question which account has a name. An account is never removed, nor do its owner, purpose and
/// currency change, so what was answered once is true for ever.
pub(crate) type ByName = Gather<Name, Named>;

/// Starts to answer which account has a name. So many are remembered.
pub(crate) fn by_name(db: Db, balances: Known, remembered: usize) -> ByName {
    Gather::start(remembered, move |names| Box::pin(met(db.clone(), balances.clone(), names)))
}

/// Whoever asks for a name is about to move money, so the ledger gets to know the balances.
async fn met(db: Db, balances: Known, names: Vec<Name>) -> Answers<Name, Named> {
    let (found, rows) = named(db.connection(), names.into_iter().map(|(owner, _, _)| owner)).await?;
    rows.into_iter().for_each(|row| balances.meet(row.id, row.into()));
    Ok(found)
}

/// All accounts of the owners: a person has few, and the house is asked for once.
async fn named(
    db: &impl ConnectionTrait,
    owners: impl IntoIterator<Item = UserId>,
) -> std::result::Result<(HashMap<Name, Named>, Vec<account::Model>), Fault> {
    let owners = owners.into_iter().map(|owner| owner.0);
    let query = account::Entity::find().filter(one_of(db, account::Column::Owner, owners));
    let rows = query.order_by_asc(account::Column::Id).all(db).await?;
    let (mut found, mut homes) = (HashMap::new(), HashMap::new());
    for row in &rows {
        let home = *homes.entry(row.owner).or_insert(row.id);
        found.insert((row.owner, row.purpose, row.currency), Named { id: row.id, home });
    }
    Ok((found, rows))
}

async fn ensure(bank: &Bank, owner: UserId, purpose: Purpose, currency: Currency) -> Result<Named> {
    match bank.by_name.recall((owner, purpose, currency)).await? {
        Some(id) => Ok(id),
        // Boxed, like whatever else is large and rare on the way of a payment: every payment carries the room for it.
        None => Box::pin(make(bank, owner, purpose, currency)).await,
    }
}

async fn make(bank: &Bank, owner: UserId, purpose: Purpose, currency: Currency) -> Result<Named> {
    let tx = bank.db.begin().await?;
    let state = if owner == HOUSE { AccountState::Open } else { state_for(&tx, owner).await? };
    let row = account::ActiveModel {
        id: NotSet,
        owner: Set(owner),
        purpose: Set(purpose),
        currency: Set(currency),
        state: Set(state),
        balance: Set(0),
        seq: Set(0),
        unasked: Set(0),
        unasked_count: Set(0),
        spent_on: Set(0),
        spent_day: Set(0),
        spent_month: Set(0),
        revocations: Set(0),
        opened_at: Set(bank.clock.now()),
    };
    account::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(&tx)
        .await?;
    let named = named(&tx, [owner]).await?.0.remove(&(owner, purpose, currency));
    tx.commit().await?;
    named.ok_or(Fault::Corrupt("an account that was just opened is missing").into())
}

/// The state that a new account of this person has, with the person locked against a change.
async fn state_for(tx: &DatabaseTransaction, owner: UserId) -> Result<AccountState> {
    let owner = user::Entity::find_by_id(owner).lock_exclusive().one(tx).await?;
    let owner = owner.ok_or(Code::NotFound)?;
    Ok(match owner.state {
        UserState::Active => AccountState::Open,
        UserState::Frozen => AccountState::Frozen,
        UserState::Closed => AccountState::Closed,
    })
}

/// A person's account in a currency.
///
/// # Errors
/// `NOT_FOUND` where none was opened.
pub async fn find(db: &Db, owner: UserId, currency: Currency) -> Result<Account> {
    let found = of_owner(owner).filter(account::COLUMN.currency.eq(currency));
    let row = found.one(db.connection()).await?.ok_or(Code::NotFound)?;
    Ok(row.into())
}

/// All accounts of a person, by currency code.
///
/// # Errors
/// Only faults.
pub async fn list(db: &Db, owner: UserId) -> Result<Vec<Account>> {
    let rows = of_owner(owner).order_by_asc(account::Column::Currency).all(db.connection()).await?;
    Ok(rows.into_iter().map(Account::from).collect())
}

fn of_owner(owner: UserId) -> sea_orm::Select<account::Entity> {
    account::Entity::find()
        .filter(account::COLUMN.owner.eq(owner))
        .filter(account::COLUMN.purpose.eq(Purpose::Wallet))
}

/// What a person has sent away lately, as its first account says.
pub(crate) async fn spent(db: &Db, owner: UserId) -> Result<Spent> {
    let first = of_owner(owner).order_by_asc(account::Column::Id).one(db.connection()).await?;
    Ok(first.as_ref().map(Spent::from).unwrap_or_default())
}

/// Freezes or opens every account of a person, in the transaction that does the same to the
/// person. The rows are taken in the ledger's order, so that neither waits for the other.
pub(crate) async fn set_state(tx: &DatabaseTransaction, owner: UserId, state: AccountState) -> Result<()> {
    let ids: Vec<AccountId> = account::Entity::find()
        .select_only()
        .column(account::Column::Id)
        .filter(account::COLUMN.owner.eq(owner))
        .order_by_asc(account::Column::Id)
        .lock_exclusive()
        .into_tuple()
        .all(tx)
        .await?;
    account::Entity::update_many()
        .col_expr(account::Column::State, state.into())
        .filter(account::Column::Id.is_in(ids))
        .exec(tx)
        .await?;
    Ok(())
}
