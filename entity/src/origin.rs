//! Where a request came from: the address and the program of the client.

use crate::secret::Secret;
use std::net::{IpAddr, Ipv6Addr};

/// Letters of a client's name that are kept.
const AGENT: usize = 120;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The address of the client; none, where it is not known.
    pub address: Option<IpAddr>,
    /// How the client's program calls itself.
    pub agent: String,
    /// The token of the device, if the client has shown one.
    pub device: Option<Secret>,
}

impl Origin {
    /// A client at an address, as its program calls itself (`User-Agent`).
    pub fn new(address: Option<IpAddr>, agent: Option<&str>) -> Self {
        let printable = agent.unwrap_or_default().chars().filter(|letter| !letter.is_control());
        Self { address, agent: printable.take(AGENT).collect(), device: None }
    }

    /// The same with the token of its device.
    #[must_use]
    pub fn on(self, device: Option<String>) -> Self {
        Self { device: device.map(Secret::new), ..self }
    }

    /// What is counted as one address: who has an IPv6 address has all of its /64. None for clients on
    /// this machine, which are whoever runs the house.
    pub(crate) fn counted(&self) -> Option<IpAddr> {
        let address = self.address?.to_canonical();
        if address.is_loopback() {
            return None;
        }
        Some(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }

    /// The address as people read it.
    pub(crate) fn shown(&self) -> String {
        self.address.map(|address| address.to_canonical().to_string()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_an_ipv6_network_are_counted_as_one() {
        let counted = |text: &str| Origin::new(Some(text.parse().unwrap()), None).counted();
        assert_eq!(counted("2001:db8::1"), counted("2001:db8:0:0:ffff::2"));
        assert_ne!(counted("2001:db8::1"), counted("2001:db8:0:1::1"));
        assert_eq!(counted("::ffff:192.0.2.1"), counted("192.0.2.1"));
        assert_eq!((counted("127.0.0.1"), counted("::1")), (None, None));
    }
}
