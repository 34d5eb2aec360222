//! Sanctions lists: reads their files, and has people screened against them.
//!
//! Somebody else fetches the files, since that takes what each authority asks for (a token of the EU, a proxy out of the
//! house). A file is read again when its length or the time of its last change is another.
//!
//! Guarantees: a file that is missing, too long or malformed leaves the list before it in force; operators are told, once, and
//! the alert ends by itself when the file can be read again. It is put in place by a rename, or else is read halfway and
//! refused until the next minute.

use crate::context::{Context, Left};
use chrono::Duration;
use entity::alert::{self, AlertKind};
use entity::id::{SanctionListId, UserId};
use entity::outbox::Entry;
use entity::sanction::{self, Source, Taken};
use entity::{Bank, Error};
use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Bytes of a file: the longest list has a quarter of it.
const LONGEST: u64 = 128 * 1024 * 1024;

/// What a file looks like from outside.
type Look = (u64, Option<SystemTime>);

/// A file of a list, and what it looked like when it was read. Clones would read it twice.
#[derive(Debug)]
pub struct ListFile {
    source: Source,
    path: PathBuf,
    seen: Mutex<Option<Look>>,
}

impl ListFile {
    /// Reads a setting: `ofac=PATH`, `eu=PATH` or `un=PATH`. The file has to be there; what is in it is looked at later.
    ///
    /// # Errors
    /// The form expected, or why the file can't be read.
    pub fn parse(text: &str) -> Result<Arc<Self>, String> {
        let expected = "expected ofac=PATH, eu=PATH or un=PATH";
        let (name, path) = text.trim().split_once('=').ok_or(expected)?;
        let known = Source::ALL.into_iter().find(|(known, _)| *known == name);
        let (_, source) = known.ok_or_else(|| format!("{name} is no list: {expected}"))?;
        let file = Self { source, path: PathBuf::from(path), seen: Mutex::new(None) };
        file.look().map(|_| Arc::new(file))
    }

    fn look(&self) -> Result<Look, String> {
        let told = |error: std::io::Error| format!("{}: {error}", self.path.display());
        let about = File::open(&self.path).and_then(|file| file.metadata()).map_err(told)?;
        if about.is_file() {
            Ok((about.len(), about.modified().ok()))
        } else {
            Err(format!("{} is no file", self.path.display()))
        }
    }

    /// Its text, if it looks other than the last time.
    fn text_if_changed(&self) -> Result<Option<String>, String> {
        let look = self.look()?;
        if *self.seen.lock().unwrap_or_else(PoisonError::into_inner) == Some(look) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let file = File::open(&self.path).map_err(|error| error.to_string())?;
        file.take(LONGEST.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
            return Err(format!("it is longer than {LONGEST} bytes"));
        }
        let text = String::from_utf8(bytes).map_err(|_| "it is not in UTF-8".to_owned())?;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(look);
        Ok(Some(text))
    }

    /// It is read again the next time.
    fn forget(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Refuses two files of one list.
///
/// # Errors
/// A text that names the setting.
pub(crate) fn each_once(files: &[Arc<ListFile>]) -> Result<Vec<Arc<ListFile>>, String> {
    let mut sources = HashSet::new();
    match files.iter().find(|file| !sources.insert(file.source)) {
        Some(twice) => Err(format!("SANCTIONS_LISTS: there are two files of {}", twice.source.name())),
        None => Ok(files.to_vec()),
    }
}

/// Reads every list whose file has changed.
///
/// # Errors
/// Only faults.
pub(crate) async fn read_lists(context: &Context) -> Result<(), Error> {
    for file in &context.gateways.lists {
        let done = read(&context.bank, file).await;
        if done.is_err() {
            file.forget();
        }
        done?;
    }
    Ok(())
}

async fn read(bank: &Bank, file: &Arc<ListFile>) -> Result<(), Error> {
    let (name, reader) = (file.source.name(), file.clone());
    let text = tokio::task::spawn_blocking(move || reader.text_if_changed()).await;
    let taken = match text.unwrap_or_else(|_| Err("reading it crashed".to_owned())) {
        Ok(Some(text)) => sanction::take(bank, file.source, text).await?,
        Ok(None) => return Ok(()),
        Err(why) => Taken::Refused(why),
    };
    match taken {
        Taken::Refused(why) => {
            tracing::warn!(list = name, why, "a sanctions list can't be read");
            return alert::raise(bank, AlertKind::SanctionListFailing, name, &why).await;
        }
        Taken::New(entries) => tracing::info!(list = name, entries, "a sanctions list is in force"),
        Taken::Same => {}
    }
    alert::clear(bank.db.connection(), bank.clock.now(), AlertKind::SanctionListFailing, name).await
}

/// Screens a person.
pub(crate) async fn screen(context: &Context, entry: &Entry, user: UserId) -> Result<(), Left> {
    Ok(sanction::screen(&context.bank, user, entry.id).await?)
}

/// Screens everybody against a list, some at a time.
pub(crate) async fn screen_everybody(
    context: &Context,
    entry: &Entry,
    list: SanctionListId,
) -> Result<(), Left> {
    if sanction::screen_everybody(&context.bank, list, entry.id).await? {
        return Ok(());
    }
    Err(Left::Pending(Duration::zero()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_names_a_list_and_a_file_that_is_there() {
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let file = ListFile::parse(&format!("eu={own}")).unwrap();
        assert!(file.text_if_changed().unwrap().is_some());
        assert_eq!(file.text_if_changed(), Ok(None), "it has not changed");
        for (wrong, why) in [
            (own.to_owned(), "expected ofac=PATH"),
            (format!("uk={own}"), "uk is no list"),
            ("eu=/nowhere".to_owned(), "/nowhere: "),
            ("eu=/".to_owned(), "is no file"),
            (String::new(), "expected"),
        ] {
            let refused = ListFile::parse(&wrong).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
        assert!(each_once(&[file.clone(), file.clone()]).unwrap_err().contains("two files of EU"));
        assert_eq!(each_once(&[file]).map(|files| files.len()), Ok(1));
    }
}
