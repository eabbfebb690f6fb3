//! Networks from which a key may be used.

use std::{collections::BTreeSet, fmt, net::IpAddr, str::FromStr};

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use crate::Error;

#[cfg(any(test, feature = "openapi"))]
mod pattern;

/// The most networks that a key may have.
pub const MAX_NETWORKS: usize = 50;

/// A network of IPv4 or IPv6: an address and the number of its leading bits that count.
///
/// Kept in its shortest form: host bits are cleared, and an IPv4 network that is written as an
/// IPv4-mapped IPv6 one is the IPv4 one, so that equal networks are equal values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "openapi",
    derive(schemars::JsonSchema),
    schemars(
        description = "An IP address, or a network such as 192.0.2.0/24 or 2001:db8::/32.",
        extend("pattern" = pattern::of_networks())
    )
)]
#[serde(into = "String", try_from = "String")]
pub struct Cidr(IpNet);

/// The text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an IP address or a network such as 192.0.2.0/24 or 2001:db8::/32")]
pub struct BadCidr;

impl Cidr {
    /// Tells whether an address lies in the network; an IPv4-mapped IPv6 address is the IPv4 one.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// Sorts and deduplicates networks. Refuses an empty list, and more than [`MAX_NETWORKS`].
pub fn checked(networks: Vec<Cidr>) -> Result<Vec<Cidr>, Error> {
    let networks: BTreeSet<Cidr> = networks.into_iter().collect();
    if (1..=MAX_NETWORKS).contains(&networks.len()) {
        Ok(networks.into_iter().collect())
    } else {
        let rule =
            format!("must be 1 to {MAX_NETWORKS} networks; leave it out, or set null, for any address");
        Err(Error::invalid("allowed_cidrs", rule))
    }
}

/// Tells whether every address of `inner` is in `outer`. `None` means any address.
#[must_use]
pub fn within(inner: Option<&[Cidr]>, outer: Option<&[Cidr]>) -> bool {
    let (inner, outer) = match (inner, outer) {
        (_, None) => return true,
        (None, Some(_)) => return false,
        (Some(inner), Some(outer)) => (inner, outer),
    };
    // Two halves of a network hold all of it, so that the networks are joined first.
    let joined = IpNet::aggregate(&outer.iter().map(|network| network.0).collect());
    inner.iter().all(|network| joined.iter().any(|one| one.contains(&network.0)))
}

/// The bits in front of the IPv4 address in an IPv4-mapped IPv6 address.
const MAPPED_BITS: u8 = 96;

fn shortest(network: IpNet) -> IpNet {
    match network {
        IpNet::V6(v6) if v6.prefix_len() >= MAPPED_BITS => match v6.addr().to_ipv4_mapped() {
            Some(v4) => Ipv4Net::new(v4, v6.prefix_len() - MAPPED_BITS)
                .expect("96 to 128 bits less 96 are 0 to 32")
                .trunc()
                .into(),
            None => network.trunc(),
        },
        network => network.trunc(),
    }
}

/// Reads a number of bits. Zeros in front are refused, as they are in addresses: some programs read octal numbers then.
fn leading_bits(text: &str) -> Result<u8, BadCidr> {
    let is_plain = text.bytes().all(|c| c.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain).ok_or(BadCidr)
}

impl FromStr for Cidr {
    type Err = BadCidr;

    fn from_str(text: &str) -> Result<Self, BadCidr> {
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| BadCidr)?;
        let network = match bits {
            None => address.into(),
            Some(bits) => IpNet::new(address, leading_bits(bits)?).map_err(|_| BadCidr)?,
        };
        Ok(Self(shortest(network)))
    }
}

impl TryFrom<String> for Cidr {
    type Error = BadCidr;

    fn try_from(text: String) -> Result<Self, BadCidr> {
        text.parse()
    }
}

impl From<Cidr> for String {
    fn from(cidr: Cidr) -> Self {
        cidr.to_string()
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_is_kept_in_its_shortest_form() {
        for (written, kept) in [
            ("192.0.2.1", "192.0.2.1/32"),
            ("192.0.2.77/24", "192.0.2.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:DB8::1", "2001:db8::1/128"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::ffff:192.0.2.1", "192.0.2.1/32"),
            ("::ffff:192.0.2.1/120", "192.0.2.0/24"),
            ("::ffff:192.0.2.1/96", "0.0.0.0/0"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(cidr(written).to_string(), kept, "{written}");
        }
        for text in [
            "",
            "192.0.2",
            "192.0.2.0/33",
            "192.0.2.0/",
            "192.0.2.0/-1",
            "2001:db8::/129",
            "a",
            " ::1",
            "192.0.2.0/+8",
            "192.0.2.0/08",
            "192.0.02.0/8",
            "192.0.2.0/8/8",
            "::/00",
            "::ffff:192.0.02.1/128",
            "::/256",
        ] {
            assert!(text.parse::<Cidr>().is_err(), "{text}");
        }
    }

    #[test]
    fn networks_are_compared_as_networks() {
        for (network, address, inside) in [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.0/24", "::ffff:192.0.2.9", true),
            ("::ffff:192.0.2.0/120", "192.0.2.9", true),
            ("192.0.2.9", "192.0.2.90", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "192.0.2.1", false),
        ] {
            assert_eq!(cidr(network).contains(address.parse().unwrap()), inside, "{network} {address}");
        }
    }

    #[test]
    fn a_key_has_1_to_50_different_networks() {
        for (count, is_taken) in [(0, false), (1, true), (50, true), (51, false)] {
            let networks: Vec<_> = (0..count).map(|last| cidr(&format!("192.0.2.{last}"))).collect();
            assert_eq!(checked(networks.repeat(2)).is_ok(), is_taken, "{count}");
        }
    }

    /// Reads a network: its address, and how many leading bits count.
    fn read(text: &str) -> Option<(IpAddr, u8)> {
        let (address, bits) = text.split_once('/').unwrap_or((text, ""));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = if text.contains('/') {
            bits.parse().ok().filter(|read: &u8| read.to_string() == bits)?
        } else {
            most
        };
        (bits <= most).then_some((address, bits))
    }

    #[test]
    fn fuzzed_networks_hold_the_addresses_that_share_their_leading_bits() {
        fuzz::texts("cidr").play(|text| {
            let network = text.parse::<Cidr>();
            assert_eq!(network.is_ok(), read(text).is_some());
            let (Ok(network), Some((address, bits))) = (network, read(text)) else { return false };
            assert_eq!(network.to_string().parse(), Ok(network));
            let flipped = |bit: u8| match address {
                IpAddr::V4(address) => IpAddr::from((address.to_bits() ^ 1 << (31 - bit)).to_be_bytes()),
                IpAddr::V6(address) => IpAddr::from((address.to_bits() ^ 1 << (127 - bit)).to_be_bytes()),
            };
            // An IPv4-mapped address is the IPv4 one, and that lies in no network of IPv6.
            let is_mapped = |address: IpAddr| address.to_canonical() != address;
            if !is_mapped(address) || bits >= 96 {
                assert!(network.contains(address));
            }
            for bit in 0..if address.is_ipv4() { 32 } else { 128 } {
                let other = flipped(bit);
                if is_mapped(other) == is_mapped(address) && (!is_mapped(address) || bits >= 96) {
                    assert_eq!(network.contains(other), bit >= bits, "{other}");
                }
            }
            true
        });
    }

    proptest! {
        #[test]
        fn what_fits_the_pattern_is_a_network(
            text in pattern::of_networks().trim_start_matches('^').trim_end_matches('$'),
        ) {
            prop_assert!(text.parse::<Cidr>().is_ok(), "{}", text);
        }

        #[test]
        fn a_network_reads_back_and_holds_the_address_it_was_written_with(
            address in any::<IpAddr>(), bits in 0..=128_u8,
        ) {
            let most = if address.is_ipv4() { 32 } else { 128 };
            let network: Cidr = format!("{address}/{}", bits.min(most)).parse().unwrap();
            prop_assert_eq!(network.to_string().parse(), Ok(network));
            let mapped_into_all = address.is_ipv6() && address.to_canonical().is_ipv4() && bits < MAPPED_BITS;
            prop_assert!(network.contains(address) || mapped_into_all);
        }
    }
}
