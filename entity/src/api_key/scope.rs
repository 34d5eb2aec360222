//! Scopes: what a key may. Whatever is not named here, no key may.

use crate::error::Fault;
use crate::refusal::{Code, Refusal};
use sea_orm::{ActiveEnum, DeriveActiveEnum, EnumIter, Iterable};

/// Something that a key may be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scope {
    /// To read who the person is, the accounts and their balances, and linked bank accounts.
    ReadAccounts,
    /// To read the history and single transactions.
    ReadTransactions,
    /// To send money to people.
    Transfer,
    /// To pay out to linked bank accounts.
    Withdraw,
    /// To top up from linked bank accounts.
    Deposit,
    /// To put private notes and tags on transactions.
    Annotate,
}

impl Scope {
    fn bit(self) -> u8 {
        match self {
            Self::ReadAccounts => 1,
            Self::ReadTransactions => 2,
            Self::Transfer => 4,
            Self::Withdraw => 8,
            Self::Deposit => 16,
            Self::Annotate => 32,
        }
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// At least one.
    ///
    /// # Errors
    /// `SCOPES_INVALID`.
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, Refusal> {
        match scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()) {
            0 => Err(Code::ScopesInvalid.at("scopes")),
            bits => Ok(Self(bits)),
        }
    }

    /// Whether this one is among them.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// All of them, in one order.
    pub fn all(self) -> impl Iterator<Item = Scope> {
        Scope::iter().filter(move |scope| self.contains(*scope))
    }

    /// Whether money can leave by them.
    pub(super) fn can_pay(self) -> bool {
        self.contains(Scope::Transfer) || self.contains(Scope::Withdraw)
    }

    /// As the database has them: names with a space between.
    pub(super) fn to_text(self) -> String {
        self.all().map(|scope| scope.to_value()).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        let scope = |name: &str| Scope::iter().find(|scope| scope.to_value() == name);
        let scopes: Option<Vec<_>> = text.split(' ').map(scope).collect();
        scopes.and_then(|scopes| Self::of(scopes).ok()).ok_or(Fault::Corrupt("scopes can't be read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_read_back_as_what_it_holds_and_nothing_else() {
        for scope in Scope::iter() {
            let only = Scopes::of([scope, scope]).unwrap();
            assert_eq!(Scopes::read(&only.to_text()).unwrap(), only);
            assert_eq!(only.all().collect::<Vec<_>>(), [scope]);
        }
        let all = Scopes::of(Scope::iter()).unwrap();
        assert_eq!(Scopes::read(&all.to_text()).unwrap(), all);
        assert_eq!(Scopes::of([]).unwrap_err().code, Code::ScopesInvalid);
        for text in ["", "EVERYTHING", "TRANSFER EVERYTHING", "TRANSFER  DEPOSIT"] {
            assert!(Scopes::read(text).is_err(), "{text}");
        }
    }
}
