//! Links: the pages of an app where the codes of some messages are given in.
//!
//! A code stands in the fragment of the link, which no browser sends to a server (RFC 3986, section 3.5): it is in
//! no log on the way, and in no `Referer`. Neither link signs anybody in: the one about a forgotten password leads
//! to a page that asks for another one, and for the second factor where there is one; the other ends sessions.

use crate::secret::Secret;

/// See the module. What is not given is a code to be typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Where a forgotten password is replaced.
    pub reset: Option<String>,
    /// Where it is said of a sign-in that it was not one's own.
    pub not_me: Option<String>,
}

/// Refuses what is no address of a page that a code can be added to.
///
/// # Errors
/// The form expected.
pub fn check(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://");
    let host = host.or_else(|| text.strip_prefix("http://").filter(|host| host.starts_with("localhost")));
    match host {
        Some(host) if !host.is_empty() && host.chars().all(|it| it.is_ascii_graphic() && it != '#') => {
            Ok(text.to_owned())
        }
        Some(_) | None => Err("expected https://HOST/PATH without a fragment (#)".to_owned()),
    }
}

impl Links {
    /// Where a forgotten password is replaced with this token.
    pub(crate) fn reset(&self, token: &Secret) -> Option<String> {
        self.reset.as_ref().map(|page| with(page, token))
    }

    /// Where a sign-in is reported with this token.
    pub(crate) fn not_me(&self, token: &Secret) -> Option<String> {
        self.not_me.as_ref().map(|page| with(page, token))
    }
}

fn with(page: &str, token: &Secret) -> String {
    format!("{page}#token={}", token.reveal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_reached_by_tls_and_has_no_fragment_yet() {
        for good in
            ["https://wallet.example.com/reset", "https://a.example/?page=reset", "http://localhost:3000/"]
        {
            assert_eq!(check(good).as_deref(), Ok(good));
        }
        for bad in
            ["", "https://", "http://wallet.example.com/", "https://a/#b", "https://a/b c", "javascript:x"]
        {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
