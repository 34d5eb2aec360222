//! What people are called, so far as they have said: the name that they signed up with, the full name of each application to
//! be known better, and in whose name their bank accounts are.
//!
//! The day of birth is that of the last application that is open or was approved. It belongs to the person's own names; the
//! holder of a bank account may be somebody else, so it belongs to that name only if it is one of the person's.

use super::hit::Field;
use super::name::Name;
use crate::bank::Bank;
use crate::db::one_of;
use crate::error::{Fault, Result};
use crate::id::UserId;
use crate::instrument::Instrument;
use crate::kyc::{self, Application, ApplicationState};
use crate::table::{instrument, kyc_application, user};
use crate::user::NAME;
use crate::vault::DataKey;
use chrono::NaiveDate;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};
use std::collections::HashMap;

/// A name of a person.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) field: Field,
    /// As it was written.
    pub(super) text: String,
    pub(super) name: Name,
    pub(super) born: Option<NaiveDate>,
}

/// A person and its names, each once.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) user: UserId,
    pub(super) names: Vec<Given>,
}

/// What is known of one, as it was read.
#[derive(Default)]
struct Said {
    applications: Vec<Application>,
    holders: Vec<String>,
}

/// The names of these people; of those that were forgotten nothing is left.
pub(super) async fn named(bank: &Bank, rows: Vec<user::Model>) -> Result<Vec<Person>> {
    let key = |row: &user::Model| row.data_key.as_ref().map(|sealed| bank.vault.data_key(row.id, sealed));
    let keys: HashMap<UserId, DataKey> = rows
        .iter()
        .filter_map(|row| Some(key(row)?.map(|key| (row.id, key))))
        .collect::<Result<_, Fault>>()?;
    let mut said = said(bank, &keys).await?;
    let mut people = Vec::new();
    for row in rows {
        let Some(key) = keys.get(&row.id) else { continue };
        let display = row.name.as_ref().map(|sealed| key.open_own(NAME, sealed)).transpose()?;
        people.push(person(row.id, display, said.remove(&row.id).unwrap_or_default()));
    }
    Ok(people)
}

async fn said(bank: &Bank, keys: &HashMap<UserId, DataKey>) -> Result<HashMap<UserId, Said>> {
    let db = bank.db.connection();
    let mut said: HashMap<UserId, Said> = HashMap::new();
    let these = one_of(db, kyc_application::Column::UserId, keys.keys().map(|user| user.0));
    let applications =
        kyc_application::Entity::find().filter(these).order_by_desc(kyc_application::Column::Id);
    for row in applications.all(db).await? {
        if let Some(key) = keys.get(&row.user_id) {
            said.entry(row.user_id).or_default().applications.push(kyc::read(key, &row)?);
        }
    }
    let these = one_of(db, instrument::Column::UserId, keys.keys().map(|user| user.0));
    let linked = instrument::Entity::find().filter(these).order_by_asc(instrument::Column::Id);
    for row in linked.all(db).await? {
        if let Some(key) = keys.get(&row.user_id) {
            said.entry(row.user_id).or_default().holders.push(Instrument::read(key, &row)?.holder);
        }
    }
    Ok(said)
}

fn person(user: UserId, display: Option<String>, said: Said) -> Person {
    let counts = |application: &&Application| match application.state {
        ApplicationState::Open | ApplicationState::Approved => true,
        ApplicationState::Rejected | ApplicationState::Withdrawn => false,
    };
    let born = said.applications.iter().find(counts).map(|application| application.form.profile.birth_date);
    let mut names: Vec<Given> = Vec::new();
    let mut add = |field, text: String, born: Option<NaiveDate>| {
        let name = Name::read(&text);
        let known = names
            .iter()
            .any(|given| given.name.key() == name.key() && (given.born == born || born.is_none()));
        if !known && !name.words.is_empty() {
            names.push(Given { field, text, name, born });
        }
    };
    for application in said.applications {
        let profile = application.form.profile;
        add(Field::FullName, profile.full_name, Some(profile.birth_date));
    }
    if let Some(display) = display {
        add(Field::DisplayName, display, born);
    }
    for holder in said.holders {
        add(Field::AccountHolder, holder, None);
    }
    Person { user, names }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn each_name_is_screened_once() {
        let user = UserId(Uuid::nil());
        let said = Said {
            applications: Vec::new(),
            holders: vec!["LOVELACE, Ada".into(), "Charles B.".into(), "…".into()],
        };
        let person = person(user, Some("Ada Lovelace".into()), said);
        let fields: Vec<_> = person.names.iter().map(|given| (given.field, given.text.as_str())).collect();
        assert_eq!(fields, [(Field::DisplayName, "Ada Lovelace"), (Field::AccountHolder, "Charles B.")]);
    }
}
