//! Money in the schema. Decimals and big integers travel as strings: a JSON number may lose
//! digits on its way.

use crate::error::ApiResult;
use async_graphql::{InputObject, InputValueError, InputValueResult, Object, Scalar, ScalarType, Value};
use entity::money::{self, Amount};

macro_rules! text_scalar {
    ($(#[doc = $doc:literal])+ $name:ident) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub(crate) struct $name(pub(crate) String);

        $(#[doc = $doc])+
        #[Scalar]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                match value {
                    Value::String(text) => Ok(Self(text)),
                    other => Err(InputValueError::expected_type(other)),
                }
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }
    };
}

text_scalar! {
    /// An exact decimal number as a string of digits with an optional point, such as `"12.50"`.
    Decimal
}
text_scalar! {
    /// A currency code of ISO 4217 in capitals, such as `"EUR"`.
    Currency
}
text_scalar! {
    /// A whole number of up to 64 bits as a string, such as `"1250"`.
    BigInt
}

impl From<money::Currency> for Currency {
    fn from(currency: money::Currency) -> Self {
        Self(currency.code().to_owned())
    }
}

impl Currency {
    /// The currency, if it is one.
    pub(crate) fn parse_currency(&self) -> ApiResult<money::Currency> {
        Ok(money::Currency::parse(&self.0)?)
    }
}

/// A sum of money in one currency.
pub(crate) struct Money(pub(crate) money::Money);

/// A sum of money in one currency.
#[Object]
impl Money {
    /// The sum in major units, with exactly the digits of the currency.
    async fn amount(&self) -> Decimal {
        Decimal(self.0.decimal().to_string())
    }

    /// Its currency.
    async fn currency(&self) -> Currency {
        self.0.currency.into()
    }

    /// The same sum as a whole number of minor units, such as cents.
    async fn minor_units(&self) -> BigInt {
        BigInt(self.0.minor.to_string())
    }
}

/// A sum of money to be moved.
#[derive(InputObject)]
pub(crate) struct MoneyInput {
    /// How much, in major units: more than zero, with at most the digits of the currency. Nothing is rounded.
    amount: Decimal,
    /// In which currency.
    currency: Currency,
}

impl MoneyInput {
    /// The amount, if it is one.
    pub(crate) fn parse(&self) -> ApiResult<Amount> {
        Ok(Amount::parse(&self.amount.0, self.currency.parse_currency()?)?)
    }
}
