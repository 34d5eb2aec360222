//! Countries: where in the world an address is, by a file in the MaxMind DB format, such as MaxMind, DB-IP and IPinfo publish
//! it. It is read with the crate `maxminddb`, by the authors of the format's port, and kept in memory as a whole, some ten megabytes.
//!
//! Guarantees: no address leaves the house to be looked up. Where there is no file, or it does not know an address, there
//! is no country, and nothing is thought of it. A person is known in a country from its first session there. Costs a row for each
//! session that is opened, and nothing for a payment.

use crate::clock::Time;
use crate::error::Result;
use crate::id::UserId;
use crate::origin::Origin;
use crate::table::known_country::{Entity, Model};
use maxminddb::{PathElement, Reader};
use sea_orm::sea_query::OnConflict;
use sea_orm::{DatabaseTransaction, EntityTrait, IntoActiveModel};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where files say the code of a country (ISO 3166-1 alpha-2): MaxMind and DB-IP, and IPinfo.
const PLACES: [&[PathElement<'static>]; 2] =
    [&[PathElement::Key("country"), PathElement::Key("iso_code")], &[PathElement::Key("country_code")]];

/// See the module. Clones share the file.
#[derive(Clone, Default)]
pub struct Countries(Option<Arc<Reader<Vec<u8>>>>);

impl fmt::Debug for Countries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Countries" } else { "no countries" })
    }
}

impl Countries {
    /// Reads the file.
    ///
    /// # Errors
    /// Why it can't be read, in words.
    pub fn open(path: &Path) -> Result<Self, String> {
        let reader = Reader::open_readfile(path).map_err(|error| error.to_string())?;
        Ok(Self(Some(Arc::new(reader))))
    }

    /// The country that somebody is in.
    pub(crate) fn of(&self, origin: &Origin) -> Option<String> {
        let found = self.0.as_ref()?.lookup(origin.address?.to_canonical()).ok()?;
        let code = |place: &&[PathElement<'_>]| found.decode_path::<String>(place).ok().flatten();
        PLACES.iter().find_map(code).filter(|code| code.len() == 2)
    }
}

/// Gets to know somebody in a country.
pub(crate) async fn meet(tx: &DatabaseTransaction, user: UserId, country: &str, now: Time) -> Result<()> {
    let row = Model { user_id: user, country: country.to_owned(), first_seen_at: now };
    let insert =
        Entity::insert(row.into_active_model()).on_conflict(OnConflict::new().do_nothing().to_owned());
    insert.exec_without_returning(tx).await?;
    Ok(())
}
