use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::Index;
use uuid::Uuid;

use super::*;
use crate::entropy::{Entropy, EntropyError, SeededEntropy};
use crate::id::{AccountId, AgencyId, ClientId, Id, WebhookEndpointId};
use crate::value::InvalidCode;

#[derive(Debug)]
struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError::new("none here"))
    }
}

fn seeded(seed: u64) -> Arc<dyn Entropy> {
    Arc::new(SeededEntropy::new(seed))
}

fn key(byte: u8) -> SealKey {
    SealKey::from_bytes(&[byte; 32]).unwrap()
}

fn ring(id: &str, byte: u8) -> KeyRing {
    KeyRing::builder().active(id, key(byte)).build(seeded(1)).unwrap()
}

fn id<I: Id>(number: u128) -> I {
    I::from_uuid(Uuid::from_u128(number))
}

fn account_token() -> SealContext {
    SealContext::of_client(SealPurpose::ACCESS_TOKEN, id(1)).account(id(2))
}

/// Few values, so that two contexts are often equal.
fn contexts() -> impl Strategy<Value = SealContext> {
    let purposes = prop::sample::select(vec![
        SealPurpose::ACCESS_TOKEN,
        SealPurpose::REFRESH_TOKEN,
        SealPurpose::new(""),
        SealPurpose::new("client"),
    ]);
    let subject =
        prop::option::of((prop::sample::select(vec!["account", "webhook", ""]), 0..3_u128));
    (purposes, any::<bool>(), 0..3_u128, subject).prop_map(|(purpose, agency, owner, subject)| {
        let context = if agency {
            SealContext::of_agency(purpose, id::<AgencyId>(owner))
        } else {
            SealContext::of_client(purpose, id::<ClientId>(owner))
        };
        match subject {
            Some(("account", number)) => context.account(id(number)),
            Some((kind, number)) => context.subject(kind, id::<WebhookEndpointId>(number)),
            None => context,
        }
    })
}

proptest! {
    #[test]
    fn what_is_sealed_opens_again(
        secret: Vec<u8>, key: [u8; 32], context in contexts(), seed: u64,
    ) {
        let key = SealKey::from_bytes(&key).unwrap();
        let ring = KeyRing::builder().active("k1", key).build(seeded(seed)).unwrap();
        let sealed = ring.seal(&secret, &context).unwrap();
        let stored: Sealed = sealed.to_text().parse().unwrap();
        prop_assert_eq!(&stored, &sealed);
        let json = serde_json::to_string(&sealed).unwrap();
        prop_assert_eq!(serde_json::from_str::<Sealed>(&json).unwrap(), sealed);
        prop_assert_eq!(ring.open(&stored, &context), Ok(SecretBytes::new(secret)));
        prop_assert!(!ring.needs_reseal(&stored));
    }

    #[test]
    fn it_opens_under_its_own_context_alone(
        secret: Vec<u8>, context in contexts(), other in contexts(),
    ) {
        let ring = ring("k1", 1);
        let opened = ring.open(&ring.seal(&secret, &context).unwrap(), &other);
        if context == other {
            prop_assert_eq!(opened, Ok(SecretBytes::new(secret)));
        } else {
            prop_assert_eq!(opened, Err(SealError::Refused));
        }
        prop_assert_eq!(
            context.associated_data() == other.associated_data(), context == other
        );
    }

    #[test]
    fn no_changed_character_goes_unnoticed(secret: Vec<u8>, at: Index, to in any::<char>()) {
        let ring = KeyRing::builder().active("k1", key(1)).older("k2", key(2)).build(seeded(1)).unwrap();
        let text = ring.seal(&secret, &account_token()).unwrap().to_text();
        let at = at.index(text.len());
        let changed = format!("{}{to}{}", &text[..at], &text[at + 1..]);
        prop_assume!(changed != text);
        let opened = changed.parse().and_then(|sealed| ring.open(&sealed, &account_token()));
        prop_assert!(opened.is_err());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(v1|v2|)[.](k1|K|)[.][0-9a-f.]{0,120}|.*") {
        if let Ok(sealed) = text.parse::<Sealed>() {
            prop_assert_eq!(&sealed.to_text(), &text);
            prop_assert!(ring("k1", 1).open(&sealed, &account_token()).is_err());
        }
        let _ = text.parse::<TokenHash>();
        let _ = recognize(&SecretText::new(text.as_str()), "mcmp");
        let _ = KeyRing::parse(&SecretText::new(text), seeded(1));
    }

    /// The secrets hold no character that ids, field names, words in messages or hexadecimal
    /// digits are made of in such a row, so a hit is a leak.
    #[test]
    fn a_secret_shows_up_nowhere(secret in "[G-Z]{16,48}") {
        let text = SecretText::new(secret.as_str());
        let bytes = SecretBytes::new(secret.as_bytes());
        let ring = ring("k1", 1);
        let sealed = ring.seal(secret.as_bytes(), &account_token()).unwrap();
        let other = SealContext::of_client(SealPurpose::ACCESS_TOKEN, id(7));
        let refusals = [
            ring.open(&sealed, &other).unwrap_err(),
            self::ring("k2", 1).open(&sealed, &account_token()).unwrap_err(),
            secret.parse::<Sealed>().unwrap_err(),
            format!("v1.{secret}.00").parse::<Sealed>().unwrap_err(),
        ];
        let invalid = [
            secret.parse::<TokenHash>().unwrap_err(),
            KeyId::new(&secret).unwrap_err(),
            SealKey::from_hex(&text).unwrap_err(),
            KeyRing::parse(&text, seeded(1)).unwrap_err(),
            KeyRing::parse(&SecretText::new(format!("k1:{secret}")), seeded(1)).unwrap_err(),
            KeyRing::parse(&SecretText::new(format!("{secret}:{}", "00".repeat(32))), seeded(1)).unwrap_err(),
            SecretBytes::new([secret.as_bytes(), &[0xff]].concat()).to_text().unwrap_err(),
        ];
        let hash = TokenHash::of(&text);
        let json = |text: &str| serde_json::from_str::<SecretText>(text).unwrap_err().to_string();
        let mut shown = vec![
            format!("{text:?} {text:#?} {bytes:?} {ring:?} {sealed:?} {sealed:#?} {hash:?}"),
            format!("{:?}", recognize(&text, "mcmp")),
            sealed.to_text(),
            serde_json::to_string(&sealed).unwrap(),
            serde_json::to_string(&hash).unwrap(),
            json(&format!("[\"{secret}\"]")),
            json(&format!("{{\"{secret}\": 1}}")),
            serde_json::from_value::<Sealed>(secret.as_str().into()).unwrap_err().to_string(),
            serde_json::from_value::<TokenHash>(secret.as_str().into()).unwrap_err().to_string(),
        ];
        shown.extend(refusals.iter().map(|refusal| format!("{refusal} {refusal:?}")));
        shown.extend(invalid.iter().map(|refusal| {
            format!("{refusal} {refusal:?} {}", serde_json::to_string(refusal).unwrap())
        }));
        let in_hex = encoding::hex(secret.as_bytes());
        for line in shown {
            prop_assert!(!line.contains(&secret) && !line.contains(&in_hex), "{}", line);
        }
    }

    #[test]
    fn keys_show_up_nowhere(bytes: [u8; 32]) {
        let text = encoding::hex(&bytes);
        let key = || SealKey::from_bytes(&bytes).unwrap();
        let builder = KeyRing::builder().active("k1", key());
        let builder_shown = format!("{builder:?}");
        let ring = builder.build(seeded(1)).unwrap();
        let twice = KeyRing::builder().active("k1", key()).older("k1", key()).build(seeded(1)).unwrap_err();
        let reversed = KeyRing::parse(&SecretText::new(format!("{text}:k1")), seeded(1)).unwrap_err();
        for line in [format!("{:?}", key()), builder_shown, format!("{ring:?}"), format!("{twice:?}"), format!("{reversed:?}")] {
            prop_assert!(!line.contains(&text) && !line.contains(&format!("{bytes:?}")), "{}", line);
        }
    }

    #[test]
    fn equality_is_that_of_the_contents(one: String, two: String) {
        prop_assert_eq!(SecretText::new(one.as_str()) == SecretText::new(two.as_str()), one == two);
        prop_assert_eq!(SecretBytes::new(one.as_str()) == SecretBytes::new(two.as_str()), one == two);
        prop_assert_eq!(&SecretText::new(one.as_str()), &SecretText::new(one));
    }

    #[test]
    fn a_minted_token_is_recognized_and_a_typo_is_not(
        seed: u64, prefix in "[a-z0-9]{1,16}", at: Index, to in any::<char>(),
    ) {
        let (token, hash) = mint(&SeededEntropy::new(seed), &prefix).unwrap();
        let text = token.expose();
        prop_assert_eq!(text.len(), prefix.len() + 60);
        prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        prop_assert_eq!(recognize(&token, &prefix), Some(hash));
        prop_assert_eq!(recognize(&token, "other9"), None);

        let at = at.index(text.len());
        let typo = format!("{}{to}{}", &text[..at], &text[at + 1..]);
        prop_assume!(typo != text);
        prop_assert_ne!(TokenHash::of(&SecretText::new(typo.as_str())), hash);
        prop_assert_eq!(recognize(&SecretText::new(typo), &prefix), None);
    }

    #[test]
    fn a_hash_reads_back(bytes: [u8; 32], other: [u8; 32]) {
        let hash = TokenHash::from_bytes(bytes);
        prop_assert_eq!(hash.to_hex().parse::<TokenHash>().unwrap(), hash);
        let json = serde_json::to_string(&hash).unwrap();
        prop_assert_eq!(json.len(), 66);
        let read: TokenHash = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read.as_bytes(), &bytes);
        prop_assert_eq!(hash == TokenHash::from_bytes(other), bytes == other);
        prop_assert!(serde_json::from_str::<TokenHash>(&json[1..]).is_err());
    }
}

#[test]
fn every_single_bit_counts() {
    let ring = ring("k1", 1);
    let sealed = ring.seal(b"a token", &account_token()).unwrap();
    for bit in 0..sealed.body().len() * 8 {
        let mut body = sealed.body().to_vec();
        body[bit / 8] ^= 1 << (bit % 8);
        let changed = Sealed::new(sealed.key_id().clone(), body);
        assert_eq!(ring.open(&changed, &account_token()), Err(SealError::Refused), "bit {bit}");
    }
    for length in 0..sealed.body().len() {
        let cut = Sealed::new(sealed.key_id().clone(), sealed.body()[..length].to_vec());
        let expected = if length < 40 { SealError::Malformed } else { SealError::Refused };
        assert_eq!(ring.open(&cut, &account_token()), Err(expected), "{length} bytes");
    }
}

#[test]
fn another_key_under_the_same_id_and_the_same_key_under_another_id_are_refused() {
    let sealed = ring("k1", 1).seal(b"a token", &account_token()).unwrap();
    assert_eq!(ring("k1", 2).open(&sealed, &account_token()), Err(SealError::Refused));
    let renamed = Sealed::new(KeyId::new("k2").unwrap(), sealed.body().to_vec());
    assert_eq!(ring("k2", 1).open(&renamed, &account_token()), Err(SealError::Refused));
}

/// Made by an independent implementation that was checked against the vectors of
/// <https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-xchacha>. If this fails, nothing that
/// is stored anywhere opens any more.
#[test]
fn the_stored_form_never_changes() {
    let client = ClientId::from_uuid(Uuid::from_bytes([0x11; 16]));
    let account = AccountId::from_uuid(Uuid::from_bytes([0x22; 16]));
    let context = SealContext::of_client(SealPurpose::ACCESS_TOKEN, client).account(account);
    assert_eq!(
        encoding::hex(&context.associated_data()),
        "00000000000000146d636d702e7365616c2e636f6e746578742e763100000000000000146163636f\
         756e742e6163636573735f746f6b656e0000000000000006636c69656e7400000000000000101111\
         111111111111111111111111111100000000000000076163636f756e740000000000000010222222\
         22222222222222222222222222"
    );
    let key: Vec<u8> = (0x80..0xa0).collect();
    let key = SealKey::from_bytes(&key).unwrap();
    let ring = KeyRing::builder().active("2026-11", key).build(seeded(1)).unwrap();
    let stored = "v1.2026-11.404142434445464748494a4b4c4d4e4f5051525354555657b44d32b676849b319e7cd\
         f04a0ad99ebc172f8ca15a3aeb6d98d";
    assert_eq!(
        ring.open(&stored.parse().unwrap(), &context).unwrap().to_text().unwrap().expose(),
        "EAAB-token"
    );
}

#[test]
fn two_seals_of_one_secret_differ() {
    let ring = ring("k1", 1);
    let seal = || ring.seal(b"a token", &account_token()).unwrap();
    assert_ne!(seal(), seal());
}

#[test]
fn keys_rotate() {
    let before = ring("k1", 1);
    let sealed = before.seal(b"a token", &account_token()).unwrap();

    let during =
        KeyRing::builder().active("k2", key(2)).older("k1", key(1)).build(seeded(2)).unwrap();
    assert!(during.needs_reseal(&sealed));
    assert_eq!(during.open(&sealed, &account_token()).unwrap().expose(), b"a token");
    let elsewhere = SealContext::of_client(SealPurpose::ACCESS_TOKEN, id(9));
    assert_eq!(during.reseal(&sealed, &elsewhere), Err(SealError::Refused));
    let resealed = during.reseal(&sealed, &account_token()).unwrap();
    assert!(!during.needs_reseal(&resealed));
    assert_eq!(resealed.key_id(), during.active());

    let after = ring("k2", 2);
    assert_eq!(after.open(&resealed, &account_token()).unwrap().expose(), b"a token");
    let key_id = KeyId::new("k1").unwrap();
    assert_eq!(after.open(&sealed, &account_token()), Err(SealError::UnknownKey { key_id }));
}

#[test]
fn a_ring_is_checked_when_it_is_built() {
    let refused = |builder: KeyRingBuilder| builder.build(seeded(1)).unwrap_err().code;
    assert_eq!(refused(KeyRing::builder()), InvalidCode::Required);
    assert_eq!(refused(KeyRing::builder().older("k1", key(1))), InvalidCode::Required);
    let twice = KeyRing::builder().active("k1", key(1)).older("k1", key(2));
    assert_eq!(refused(twice), InvalidCode::Duplicate);
    assert_eq!(refused(KeyRing::builder().active("", key(1))), InvalidCode::Required);
    assert_eq!(refused(KeyRing::builder().active("k.1", key(1))), InvalidCode::Malformed);
    assert_eq!(refused(KeyRing::builder().active("k".repeat(33), key(1))), InvalidCode::TooLong);
    for length in [0, 16, 31, 33, 64] {
        assert!(SealKey::from_bytes(&vec![1; length]).is_err(), "{length} bytes");
    }

    let replaced = KeyRing::builder().active("k1", key(1)).active("k2", key(2));
    let replaced = replaced.build(seeded(1)).unwrap();
    assert_eq!(replaced.active().as_str(), "k2");
    assert_eq!(replaced.ids().map(KeyId::as_str).collect::<Vec<_>>(), ["k1", "k2"]);
}

#[test]
fn a_ring_reads_from_text() {
    let (one, two) = ("0A".repeat(32), "0b".repeat(32));
    let parse = |text: String| KeyRing::parse(&SecretText::new(text), seeded(1));
    let read = parse(format!(" k2:{two}, k1:{one}\n")).unwrap();
    assert_eq!(read.active().as_str(), "k2");
    let sealed = ring("k1", 10).seal(b"a token", &account_token()).unwrap();
    assert_eq!(read.open(&sealed, &account_token()).unwrap().expose(), b"a token");

    for (text, code, field) in [
        (" ".to_owned(), InvalidCode::Required, "active_key"),
        (format!("k1:{one},"), InvalidCode::Malformed, "keys[1]"),
        (format!("k1:{one},k2"), InvalidCode::Malformed, "keys[1]"),
        (format!("k1:{}", &one[1..]), InvalidCode::Malformed, "keys[0].key"),
        (format!("k1:{}", &one[2..]), InvalidCode::Malformed, "keys[0].key"),
        (format!("K:{one}"), InvalidCode::Malformed, "keys[0].key_id"),
        (format!("k1:{one},k1:{two}"), InvalidCode::Duplicate, "key_id"),
    ] {
        let refused = parse(text).unwrap_err();
        assert_eq!((refused.code, refused.field.as_str()), (code, field));
    }

    let generated = SealKey::generate(&SeededEntropy::new(1)).unwrap();
    assert_eq!(generated.expose().len(), 64);
    assert!(parse(format!("k1:{}", generated.expose())).is_ok());
}

#[test]
fn limits_and_a_dead_random_source_are_told() {
    let ring = ring("k1", 1);
    let longest = vec![1; KeyRing::SECRET_MAX];
    let sealed = ring.seal(&longest, &account_token()).unwrap();
    assert_eq!(ring.open(&sealed, &account_token()).unwrap().expose(), longest);
    assert_eq!(
        ring.seal(&vec![1; KeyRing::SECRET_MAX + 1], &account_token()),
        Err(SealError::TooLong { limit: 65_536, actual: 65_537 })
    );

    let dead = KeyRing::builder().active("k1", key(1)).build(Arc::new(NoEntropy)).unwrap();
    let none = || EntropyError::new("none here");
    assert_eq!(dead.seal(b"a token", &account_token()), Err(SealError::Entropy(none())));
    assert_eq!(mint(&NoEntropy, "mcmp").unwrap_err(), MintError::Entropy(none()));
    assert_eq!(SealKey::generate(&NoEntropy), Err(none()));
}

#[test]
fn a_prefix_is_checked() {
    for prefix in ["", "Mcmp", "mc mp", "mcmp_", "é", "a2345678901234567"] {
        let refused = mint(&SeededEntropy::new(1), prefix).unwrap_err();
        assert!(matches!(refused, MintError::Prefix(_)), "{prefix}");
    }
}

#[test]
fn a_sealer_is_object_safe() {
    let sealer: Arc<dyn Sealer> = Arc::new(ring("k1", 1));
    let sealed = sealer.seal(b"a token", &account_token()).unwrap();
    let resealed = sealer.reseal(&sealed, &account_token()).unwrap();
    assert_eq!(sealer.open(&resealed, &account_token()).unwrap().expose(), b"a token");
}

#[test]
fn secret_text_is_read_from_text_alone() {
    let read: SecretText = serde_json::from_str("\"pass\"").unwrap();
    assert_eq!(read.expose(), "pass");
    assert!(!read.is_empty() && SecretText::new("").is_empty());
    for wrong in ["4242424242", "true", "[1]", "null"] {
        let refused = serde_json::from_str::<SecretText>(wrong).unwrap_err().to_string();
        assert!(refused.starts_with("a secret must be text"), "{refused}");
    }
}
