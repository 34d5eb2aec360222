//! Breached passwords: a file of the SHA-1 of passwords that were found in breaches, as the downloader of Have I
//! Been Pwned writes it: a line `HASH:COUNT` each, sorted by hash.
//!
//! Guarantees: no password and no part of its hash leaves the house (ASVS 5.0, 6.2.12). A password is looked up by
//! halves, in some forty short reads of a file of forty gigabytes, of which nothing is kept in memory. Where the
//! file can't be read, no new password is taken. SHA-1 is the name of a line here and guards nothing.

use crate::error::Fault;
use sha1::{Digest, Sha1};
use std::cmp::Ordering;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// Bytes of a line at most: forty digits, a colon, a count, and the end of the line.
const LINE: u64 = 64;

type Hash = [u8; 20];

/// See the module. Clones share the open file.
#[derive(Clone, Debug)]
pub struct Breaches {
    file: Arc<File>,
    length: u64,
}

/// A line: where it begins, where the next one does, and what it says.
struct Line {
    begin: u64,
    end: u64,
    hash: Hash,
}

impl Breaches {
    /// Opens the file, and looks at its ends.
    ///
    /// # Errors
    /// A text that says what is wrong with it.
    pub fn open(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let length = file.metadata().map_err(|error| error.to_string())?.len();
        let breaches = Self { file: Arc::new(file), length };
        let expected = || "expected lines HASH:COUNT, sorted by hash".to_owned();
        let first = breaches.line(0).map_err(|_| expected())?;
        let last = breaches.line(length.saturating_sub(1)).map_err(|_| expected())?;
        let sorted = first.hash < last.hash || first.begin == last.begin;
        if sorted { Ok(breaches) } else { Err(expected()) }
    }

    /// Whether the file has a password. It reads: not for an async thread.
    pub(crate) fn have(&self, password: &str) -> Result<bool, Fault> {
        let wanted: Hash = Sha1::digest(password.as_bytes()).into();
        let (mut from, mut to) = (0, self.length);
        while from < to {
            let line = self.line(from.midpoint(to))?;
            match line.hash.cmp(&wanted) {
                Ordering::Equal => return Ok(true),
                Ordering::Less => from = line.end,
                Ordering::Greater => to = line.begin,
            }
        }
        Ok(false)
    }

    /// The line that a byte is in.
    fn line(&self, at: u64) -> Result<Line, Fault> {
        let broken = Fault::Corrupt("the file of breached passwords can't be read");
        let from = at.saturating_sub(LINE);
        let length = at.saturating_add(LINE).min(self.length).saturating_sub(from);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        self.file.read_exact_at(&mut bytes, from).map_err(|_| broken.clone())?;
        let inside = usize::try_from(at.saturating_sub(from)).unwrap_or_default();
        let (before, after) = bytes.split_at_checked(inside).ok_or(broken.clone())?;
        let begin = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end.saturating_add(1));
        let end = after.iter().position(|byte| *byte == b'\n').map(|end| end.saturating_add(1));
        let end = end.unwrap_or(after.len()).saturating_add(inside);
        let text = bytes.get(begin..end).and_then(|line| std::str::from_utf8(line).ok());
        let hash = text.and_then(hash_of).ok_or(broken)?;
        let place = |offset: usize| from.saturating_add(u64::try_from(offset).unwrap_or_default());
        Ok(Line { begin: place(begin), end: place(end), hash })
    }
}

/// The hash of a line.
fn hash_of(line: &str) -> Option<Hash> {
    let (digits, count) = line.trim_end().split_once(':')?;
    count.parse::<u64>().ok()?;
    crate::keys::unhex(digits)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(text: &str) -> (Result<Breaches, String>, std::path::PathBuf) {
        let path = std::env::temp_dir().join(format!("breaches_{}", uuid::Uuid::new_v4().simple()));
        File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        (Breaches::open(&path), path)
    }

    fn lines(count: u32, end: &str) -> String {
        let mut hashes: Vec<String> = (0..count)
            .map(|number| crate::keys::hex(&Sha1::digest(format!("password {number}"))).to_uppercase())
            .collect();
        hashes.sort();
        let counted = hashes.iter().zip((0..12).cycle());
        let lines = counted.map(|(hash, power)| format!("{hash}:{}", 7_u64.pow(power)));
        lines.collect::<Vec<_>>().join(end)
    }

    #[test]
    fn every_line_is_found_and_nothing_else() {
        for (count, end, last) in [(1, "\n", ""), (2, "\n", "\n"), (1_000, "\r\n", "\r\n"), (999, "\n", "")] {
            let (breaches, path) = file(&format!("{}{last}", lines(count, end)));
            let breaches = breaches.unwrap();
            for number in 0..count {
                assert!(breaches.have(&format!("password {number}")).unwrap(), "{number} of {count}");
                assert!(!breaches.have(&format!("another {number}")).unwrap());
            }
            std::fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn what_is_no_such_file_is_refused_at_the_start() {
        let sorted = lines(3, "\n");
        let backwards: Vec<&str> = sorted.lines().rev().collect();
        for bad in ["", "\n", "password\n", "0123:1\n", &backwards.join("\n"), &"x".repeat(500)] {
            let (breaches, path) = file(bad);
            assert!(breaches.is_err(), "{bad}");
            std::fs::remove_file(path).unwrap();
        }
        assert!(Breaches::open(Path::new("/nowhere")).is_err());
    }
}
