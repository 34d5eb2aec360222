//! The IDE at `/`: GraphiQL, with a tour of the wallet in its tabs.
//!
//! Guarantees: where `npm ci` was run in `api/ide` before the build, the page asks no other host
//! for anything; elsewhere it loads GraphiQL and React from a CDN, held to pinned hashes. No script
//! runs that is not one of these files, and no other page can frame this one. Nothing is stored in
//! the browser. Refuses clients that don't take gzip, as the files are kept in no other form.
//!
//! Costs: 400 kB in the binary with GraphiQL and React, 4 kB without (`build.rs` decides). A
//! browser loads the files once a version: their paths change with them.

use poem::http::{HeaderMap, StatusCode, header};
use poem::web::Path;
use poem::{Request, Response, Route, get, handler};

include!(concat!(env!("OUT_DIR"), "/ide.rs"));

/// The page itself.
const PAGE: &str = include_str!(concat!(env!("OUT_DIR"), "/ide.html"));

/// A file that the page needs, compressed.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    gzip: &'static [u8],
}

/// The page and its files, to be nested at `/`. Not to be wrapped in `Compression`, which would compress them again.
pub(crate) fn routes() -> Route {
    Route::new().at("/", get(page)).at("/ide/:version/:name", get(asset))
}

#[handler]
fn page() -> Response {
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::CONTENT_SECURITY_POLICY, policy())
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(PAGE)
}

/// What the page may load and do. The editor styles its lines in place, and its icons and fonts are `data:`.
fn policy() -> String {
    format!(
        "default-src 'self'; \
         script-src 'self'{FOREIGN_SCRIPTS}; \
         style-src 'self' 'unsafe-inline'{FOREIGN_STYLES}; \
         img-src 'self' data:; \
         font-src 'self' data:; \
         frame-ancestors 'none'; \
         base-uri 'none'; \
         form-action 'none'"
    )
}

#[handler]
fn asset(request: &Request, Path((version, name)): Path<(String, String)>) -> Response {
    let found = ASSETS.iter().find(|asset| asset.name == name && version == VERSION);
    let Some(asset) = found else {
        return StatusCode::NOT_FOUND.into();
    };
    let response = Response::builder().header(header::VARY, "accept-encoding");
    if !takes_gzip(request.headers()) {
        return response
            .status(StatusCode::NOT_ACCEPTABLE)
            .body("This file is sent compressed with gzip only.");
    }
    response
        .content_type(asset.media_type)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .header(header::CONTENT_ENCODING, "gzip")
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(asset.gzip)
}

/// Whether a client takes gzip (RFC 9110, section 12.5.3): one that says nothing takes everything.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let mut said =
        headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).peekable();
    if said.peek().is_none() {
        return true;
    }
    let mut anything = false;
    for item in said.flat_map(|value| value.split(',')) {
        let (coding, weight) = item.split_once(';').unwrap_or((item, "q=1"));
        // A weight of zero, a refusal, is the only one without any of these digits.
        let wanted = weight.contains(|digit| matches!(digit, '1'..='9'));
        match coding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return wanted,
            "*" => anything = wanted,
            _ => {}
        }
    }
    anything
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::test::TestClient;

    #[test]
    fn gzip_is_sent_only_to_those_who_take_it() {
        let takes = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            takes_gzip(&headers)
        };
        assert!(takes_gzip(&HeaderMap::new()));
        for value in ["gzip", "br, GZIP;q=0.5", "deflate , x-gzip", "*", "identity;q=0, *;q=0.001"] {
            assert!(takes(value), "{value}");
        }
        for value in ["", "identity", "br", "gzip;q=0", "gzip; q=0.000", "*, gzip;q=0", "*;q=0"] {
            assert!(!takes(value), "{value}");
        }
    }

    #[tokio::test]
    async fn every_file_that_the_page_names_is_served_compressed_and_forever() {
        let client = TestClient::new(Route::new().nest("/", routes()));
        let named = PAGE.split('"').filter(|part| part.starts_with("ide/"));
        let named: Vec<_> = named.map(|path| format!("/{path}")).collect();
        assert_eq!(named.len(), ASSETS.len());
        for path in named {
            let response = client.get(&path).header(header::ACCEPT_ENCODING, "gzip, br").send().await;
            response.assert_status_is_ok();
            response.assert_header(header::CONTENT_ENCODING, "gzip");
            response.assert_header(header::CACHE_CONTROL, "public, max-age=31536000, immutable");
            let refused = client.get(&path).header(header::ACCEPT_ENCODING, "identity").send().await;
            refused.assert_status(StatusCode::NOT_ACCEPTABLE);
        }
        client.get("/ide/other/boot.js").send().await.assert_status(StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn the_page_runs_no_script_that_it_does_not_name() {
        let response = TestClient::new(Route::new().nest("/", routes())).get("/").send().await;
        response.assert_status_is_ok();
        response.assert_header(header::CONTENT_SECURITY_POLICY, policy());
        assert!(!policy().split_once("; style-src").unwrap().0.contains("unsafe"));
        // Whatever comes from elsewhere is held to a hash.
        assert_eq!(PAGE.matches("https://").count(), PAGE.matches("integrity=\"sha384-").count());
        assert!(PAGE.split("<script").skip(1).all(|tag| tag.starts_with(" src=")));
    }
}
