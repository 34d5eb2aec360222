//! Where a request came from, through the proxies that are trusted, and whose page has sent it.

use entity::origin::Origin;
use ipnet::IpNet;
use poem::Request;
use poem::http::header;
use std::net::IpAddr;

/// Whom the api believes.
pub(crate) struct Trusted {
    /// Proxies that say where a request came from.
    pub(crate) proxies: Vec<IpNet>,
    /// Origins whose pages may use the API.
    pub(crate) origins: Vec<String>,
}

impl Trusted {
    /// Whether a page may open a WebSocket: browsers ask nobody before they do, so the server has to look whose page it is
    /// (RFC 6455, section 10.2). Its own may, those that are allowed, and whoever is no page.
    pub(crate) fn may_connect(&self, request: &Request) -> bool {
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let Some(origin) = request.headers().get(header::ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        let is_own = origin.split_once("://").is_some_and(|(_, host)| text(header::HOST) == Some(host));
        is_own || self.origins.iter().any(|allowed| allowed == origin)
    }
}

/// The origin of a request. Each trusted proxy adds the address that it heard from to the end of
/// `X-Forwarded-For`, so that it is read from there; what an untrusted client has put before is ignored.
pub(crate) fn of(request: &Request, trusted: &[IpNet]) -> Origin {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let peer = request.remote_addr().as_socket_addr().map(|peer| peer.ip());
    let forwarded = text(header::HeaderName::from_static("x-forwarded-for"));
    let address = peer.map(|peer| client(peer, forwarded, trusted));
    Origin::new(address, text(header::USER_AGENT))
}

fn client(peer: IpAddr, forwarded: Option<&str>, trusted: &[IpNet]) -> IpAddr {
    let is_trusted =
        |address: IpAddr| trusted.iter().any(|network| network.contains(&address.to_canonical()));
    let mut address = peer;
    for hop in forwarded.into_iter().flat_map(|hops| hops.rsplit(',')) {
        if !is_trusted(address) {
            break;
        }
        match hop.trim().parse() {
            Ok(before) => address = before,
            Err(_) => break,
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let seen = |peer: &str, hops: Option<&str>| client(peer.parse().unwrap(), hops, &trusted).to_string();
        assert_eq!(seen("192.0.2.1", None), "192.0.2.1");
        assert_eq!(seen("192.0.2.1", Some("198.51.100.7")), "192.0.2.1");
        assert_eq!(seen("10.0.0.1", Some("198.51.100.7")), "198.51.100.7");
        assert_eq!(seen("10.0.0.1", Some("203.0.113.9, 198.51.100.7, 10.0.0.2")), "198.51.100.7");
        assert_eq!(seen("10.0.0.1", Some("nonsense")), "10.0.0.1");
    }
}
