//! Which addresses belong to the public internet. Pure, and written out here because std's own answer is unstable.
//!
//! The tables follow IANA's special-purpose registries. An IPv6 address that carries an IPv4 one (mapped, NAT64,
//! 6to4) is as public as what it carries; the older ways to carry one are refused altogether.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks of IPv4 that are not public, the narrower before the wider.
const CLOSED_V4: [([u8; 4], u32, &str); 15] = [
    ([255, 255, 255, 255], 32, "broadcast"),
    ([0, 0, 0, 0], 8, "unspecified"),
    ([10, 0, 0, 0], 8, "private"),
    ([100, 64, 0, 0], 10, "shared within a carrier's network"),
    ([127, 0, 0, 0], 8, "loopback"),
    ([169, 254, 0, 0], 16, "link-local"),
    ([172, 16, 0, 0], 12, "private"),
    ([192, 0, 0, 0], 24, "reserved for protocols"),
    ([192, 0, 2, 0], 24, "for documentation"),
    ([192, 168, 0, 0], 16, "private"),
    ([198, 18, 0, 0], 15, "for benchmarks"),
    ([198, 51, 100, 0], 24, "for documentation"),
    ([203, 0, 113, 0], 24, "for documentation"),
    ([224, 0, 0, 0], 4, "multicast"),
    ([240, 0, 0, 0], 4, "reserved"),
];

/// Blocks of IPv6 that are not public; whatever lies outside `2000::/3` is reserved besides.
const CLOSED_V6: [([u16; 3], u32, &str); 9] = [
    ([0xfc00, 0, 0], 7, "unique local"),
    ([0xfe80, 0, 0], 10, "link-local"),
    ([0xfec0, 0, 0], 10, "site-local"),
    ([0xff00, 0, 0], 8, "multicast"),
    ([0x2001, 0x0002, 0], 48, "for benchmarks"),
    ([0x2001, 0, 0], 32, "a tunnel (Teredo)"),
    ([0x2001, 0, 0], 23, "reserved for protocols"),
    ([0x2001, 0x0db8, 0], 32, "for documentation"),
    ([0x3fff, 0, 0], 20, "for documentation"),
];

/// What an address is instead of public; `None` where it is public.
pub(super) fn closed(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => closed_v4(address),
        IpAddr::V6(address) => match carried(address) {
            Some(inner) => closed_v4(inner),
            None => closed_v6(address),
        },
    }
}

fn closed_v4(address: Ipv4Addr) -> Option<&'static str> {
    let hit = CLOSED_V4.iter().find(|(block, bits, _)| {
        let differing = address.to_bits() ^ Ipv4Addr::from(*block).to_bits();
        differing.leading_zeros() >= *bits
    });
    hit.map(|(_, _, what)| *what)
}

fn closed_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address.is_unspecified() {
        return Some("unspecified");
    }
    if address.is_loopback() {
        return Some("loopback");
    }
    let hit = CLOSED_V6
        .iter()
        .find(|(block, bits, _)| lies_in(address, *block, *bits));
    let reserved = || (!lies_in(address, [0x2000, 0, 0], 3)).then_some("reserved");
    hit.map(|(_, _, what)| *what).or_else(reserved)
}

/// The IPv4 address that traffic to this one ends at.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let inner = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match [a, b, c, d, e, f] {
        // Mapped, and NAT64's well-known prefix.
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => Some(inner(high, low)),
        // 6to4.
        [0x2002, high, low, _, _, _] => Some(inner(high, low)),
        _ => None,
    }
}

fn lies_in(address: Ipv6Addr, [a, b, c]: [u16; 3], bits: u32) -> bool {
    let block = Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0);
    (address.to_bits() ^ block.to_bits()).leading_zeros() >= bits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Option<&'static str> {
        closed(text.parse().unwrap_or_else(|e| panic!("{text}: {e}")))
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
            "2001:200::1",
            "2001:db7:ffff::1",
            "2001:db9::1",
            "2a00::1",
            "3ffe:ffff::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert_eq!(judged(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_of_a_network_of_its_own_are_not_public() {
        for (text, what) in [
            ("0.0.0.0", "unspecified"),
            ("0.255.255.255", "unspecified"),
            ("10.0.0.0", "private"),
            ("10.255.255.255", "private"),
            ("100.64.0.0", "shared within a carrier's network"),
            ("100.127.255.255", "shared within a carrier's network"),
            ("127.0.0.1", "loopback"),
            ("127.255.255.255", "loopback"),
            ("169.254.0.0", "link-local"),
            ("169.254.169.254", "link-local"),
            ("172.16.0.0", "private"),
            ("172.31.255.255", "private"),
            ("192.0.0.1", "reserved for protocols"),
            ("192.0.2.1", "for documentation"),
            ("192.168.0.0", "private"),
            ("192.168.255.255", "private"),
            ("198.18.0.0", "for benchmarks"),
            ("198.19.255.255", "for benchmarks"),
            ("198.51.100.7", "for documentation"),
            ("203.0.113.7", "for documentation"),
            ("224.0.0.1", "multicast"),
            ("239.255.255.255", "multicast"),
            ("240.0.0.1", "reserved"),
            ("255.255.255.254", "reserved"),
            ("255.255.255.255", "broadcast"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("::2", "reserved"),
            ("fc00::1", "unique local"),
            ("fdff:ffff::1", "unique local"),
            ("fe80::1", "link-local"),
            ("febf::1", "link-local"),
            ("fec0::1", "site-local"),
            ("ff02::1", "multicast"),
            ("100::1", "reserved"),
            ("2001::1", "a tunnel (Teredo)"),
            ("2001:2::1", "for benchmarks"),
            ("2001:20::1", "reserved for protocols"),
            ("2001:1ff:ffff::1", "reserved for protocols"),
            ("2001:db8::1", "for documentation"),
            ("3fff::1", "for documentation"),
            ("3fff:fff::1", "for documentation"),
            ("4000::1", "reserved"),
            ("5f00::1", "reserved"),
        ] {
            assert_eq!(judged(text), Some(what), "{text}");
        }
    }

    #[test]
    fn an_address_that_carries_another_is_no_more_public_than_that() {
        for (text, what) in [
            ("::ffff:127.0.0.1", "loopback"),
            ("::ffff:10.1.2.3", "private"),
            ("::ffff:169.254.169.254", "link-local"),
            ("64:ff9b::169.254.169.254", "link-local"),
            ("64:ff9b::192.168.0.1", "private"),
            ("2002:7f00:1::1", "loopback"),
            ("2002:a9fe:a9fe::", "link-local"),
            ("2002:c0a8:1::1", "private"),
            // Compatible, translated, and NAT64 of a network of its own: refused whatever they carry.
            ("::127.0.0.1", "reserved"),
            ("::8.8.8.8", "reserved"),
            ("::ffff:0:127.0.0.1", "reserved"),
            ("::ffff:0:8.8.8.8", "reserved"),
            ("64:ff9b:1::8.8.8.8", "reserved"),
        ] {
            assert_eq!(judged(text), Some(what), "{text}");
        }
    }
}
