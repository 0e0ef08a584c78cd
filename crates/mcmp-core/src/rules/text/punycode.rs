//! How long a host label gets in ASCII (RFC 3492), without building it.

/// Labels beyond this never fit, and the algorithm is quadratic in the length.
const MOST: usize = 64;

/// Bytes of `label` in ASCII form, its ideographic full stops read as dots; `None` where it is too
/// long for any host.
pub(super) fn ascii_length(label: &str) -> Option<usize> {
    let mut total = 0;
    for (index, part) in label.split(['。', '．', '｡']).enumerate() {
        total += usize::from(index > 0);
        total += if part.is_ascii() { part.len() } else { encoded_length(part)? };
    }
    Some(total)
}

fn encoded_length(label: &str) -> Option<usize> {
    if label.chars().count() > MOST {
        return None;
    }
    let basic = label.chars().filter(char::is_ascii).count();
    let mut length = "xn--".len() + basic + usize::from(basic > 0);
    let (mut least, mut delta, mut bias) = (0x80_u32, 0_u32, 72_u32);
    let total = u32::try_from(label.chars().count()).ok()?;
    let first_count = u32::try_from(basic).ok()?;
    let mut handled = first_count;
    while handled < total {
        let next = label.chars().map(u32::from).filter(|code| *code >= least).min()?;
        delta = delta.checked_add((next - least).checked_mul(handled + 1)?)?;
        least = next;
        for code in label.chars().map(u32::from) {
            if code < least {
                delta = delta.checked_add(1)?;
            }
            if code == least {
                length += digits(delta, bias);
                bias = adapted(delta, handled + 1, handled == first_count);
                delta = 0;
                handled += 1;
            }
        }
        delta += 1;
        least += 1;
    }
    Some(length)
}

fn digits(mut value: u32, bias: u32) -> usize {
    let (mut count, mut step) = (1, 36);
    loop {
        let threshold = step.max(bias + 1).saturating_sub(bias).clamp(1, 26);
        if value < threshold {
            return count;
        }
        value = (value - threshold) / (36 - threshold);
        count += 1;
        step += 36;
    }
}

fn adapted(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut step = 0;
    while delta > 455 {
        delta /= 35;
        step += 36;
    }
    step + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_encoded_form() {
        for (label, encoded) in [
            ("bücher", "xn--bcher-kva"),
            ("münchen", "xn--mnchen-3ya"),
            ("рф", "xn--p1ai"),
            ("中国", "xn--fiqs8s"),
            ("みんな", "xn--q9jyb4c"),
            ("vermögensberatung", "xn--vermgensberatung-pwb"),
            ("சிங்கப்பூர்", "xn--clchc0ea0b2g2a9gcd"),
            ("plain-label", "plain-label"),
            ("あ。b", "xn--l8j.b"),
        ] {
            assert_eq!(ascii_length(label), Some(encoded.len()), "{label}");
        }
        assert_eq!(ascii_length(&"あ".repeat(300)), None);
    }
}
