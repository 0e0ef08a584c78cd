//! The few text codings that secrets need.

use std::mem;

use zeroize::Zeroizing;

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0xf] {
            text.extend(DIGITS.get(usize::from(nibble)));
        }
    }
    text
}

/// What [`hex`] wrote, and nothing else: upper case is refused, so one value has one text.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    // It may be a key: the full capacity from the start, so that no copy is left behind by growing,
    // and wiped if a later digit is wrong.
    let mut bytes = Zeroizing::new(Vec::with_capacity(pairs.len()));
    for [high, low] in pairs {
        bytes.push(nibble(*high)? << 4 | nibble(*low)?);
    }
    Some(mem::take(&mut *bytes))
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Crockford's base 32 in lower case, without the letters that are mistaken for one another;
/// the last digit is filled up with zero bits. <https://www.crockford.com/base32.html>
pub(super) fn base32(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let mut pending: u16 = 0;
    let mut bits = 0;
    let mut push = |value: u16| {
        text.extend(DIGITS.get(usize::from(value & 0x1f)).map(|digit| char::from(*digit)));
    };
    for byte in bytes {
        pending = pending << 8 | u16::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(pending >> bits);
        }
        pending &= (1 << bits) - 1;
    }
    if bits > 0 {
        push(pending << (5 - bits));
    }
    text
}

/// CRC-32 as in zip and PNG, <https://www.w3.org/TR/png-3/#5CRC-algorithm>.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 }
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(hex(&[0x00, 0x9f, 0xff]), "009fff");
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(base32(b""), "");
        assert_eq!(base32(&[0xff]), "zw");
        assert_eq!(base32(b"foobar"), "csqpyrk1e8");
    }

    proptest! {
        #[test]
        fn hex_reads_back_and_has_one_text(bytes: Vec<u8>, text in "[0-9a-fA-F]{0,9}|.{0,6}") {
            prop_assert_eq!(from_hex(&hex(&bytes)), Some(bytes));
            if let Some(read) = from_hex(&text) {
                prop_assert_eq!(hex(&read), text);
            }
        }

        #[test]
        fn base32_keeps_every_bit(bytes: [u8; 10], other: [u8; 10]) {
            let value = |bytes: [u8; 10]| bytes.iter().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
            let read = base32(&bytes).bytes().fold(0_u128, |sum, digit| {
                let at = b"0123456789abcdefghjkmnpqrstvwxyz".iter().position(|d| *d == digit).unwrap();
                sum << 5 | u128::try_from(at).unwrap()
            });
            prop_assert_eq!(read, value(bytes));
            prop_assert_eq!(base32(&bytes) == base32(&other), bytes == other);
        }
    }
}
