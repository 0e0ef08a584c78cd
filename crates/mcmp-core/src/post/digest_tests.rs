//! A digest changes exactly when what would go out changes.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use super::{
    Digest, Outgoing, OutgoingMedia, OutgoingPart, PlatformOptions, Poll, PostKind, WebsiteOptions,
    XOptions, XReplySettings,
};
use crate::account::Platform;
use crate::asset::{AssetKind, Checksum, FileName, MediaFacts, Mime, StorageKey};
use crate::id::{AccountId, Id};
use crate::value::WebUrl;

fn id<I: Id>(n: u8) -> I {
    I::from_uuid(Uuid::from_u128(u128::from(n)))
}

/// Few and easily confused texts, so that two random items are often equal, and those that are not
/// differ by where a text ends and the next one begins.
fn text() -> impl Strategy<Value = String> {
    select(vec!["", "a", "b", "ab", "aa", "a\0", "\u{1}a", "é", "e\u{301}"]).prop_map(str::to_owned)
}

fn media() -> impl Strategy<Value = OutgoingMedia> {
    (0_u8..2, select(vec!["image/png", "image/jpeg"]), option::of(text()), any::<u8>()).prop_map(
        |(bytes, mime, alt_text, unseen)| OutgoingMedia {
            asset_id: id(unseen),
            kind: AssetKind::Image,
            mime: Mime::new("mime", mime).unwrap(),
            file_name: FileName::new("file_name", "picture").unwrap(),
            storage_key: StorageKey::new("storage_key", format!("pictures/{unseen}")).unwrap(),
            size_bytes: u64::from(unseen),
            checksum: Checksum::new("checksum", format!("{bytes:064x}")).unwrap(),
            alt_text,
            facts: MediaFacts { width: Some(u32::from(unseen)), ..MediaFacts::default() },
        },
    )
}

fn part() -> impl Strategy<Value = OutgoingPart> {
    (text(), vec(media(), 0..2)).prop_map(|(text, media)| OutgoingPart { text, media })
}

fn options() -> impl Strategy<Value = PlatformOptions> {
    let value = prop_oneof![
        text().prop_map(serde_json::Value::from),
        select(vec![0_i64, 1]).prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
        vec(text(), 0..2).prop_map(serde_json::Value::from),
    ];
    let fields = prop::collection::btree_map(text(), value, 0..3);
    prop_oneof![
        Just(PlatformOptions::None),
        (any::<bool>(), any::<bool>(), option::of(vec(text(), 0..3))).prop_map(
            |(made_with_ai, following, poll)| {
                PlatformOptions::X(XOptions {
                    reply_settings: following.then_some(XReplySettings::Following),
                    poll: poll.map(|options| Poll { options, duration_minutes: 60 }),
                    made_with_ai,
                    ..XOptions::default()
                })
            }
        ),
        fields.prop_map(|fields| {
            PlatformOptions::Website(WebsiteOptions { fields, ..WebsiteOptions::default() })
        }),
    ]
}

fn item() -> impl Strategy<Value = Outgoing> {
    let form = (
        select(vec![Platform::X, Platform::WEBSITE]),
        select(vec![PostKind::Feed, PostKind::Thread]),
        option::of(select(vec!["https://a.example", "https://b.example"])),
    );
    let words = (text(), text(), option::of(text()));
    (any::<u8>(), form, words, vec(media(), 0..3), vec(part(), 0..3), options()).prop_map(
        |(
            variant,
            (platform, kind, link),
            (title, text, first_comment),
            media,
            thread,
            options,
        )| {
            Outgoing {
                variant_id: id(variant),
                account_id: id(0),
                platform,
                kind,
                title,
                text,
                media,
                link: link.map(|link| WebUrl::new("link", link).unwrap()),
                first_comment,
                thread,
                options,
            }
        },
    )
}

/// One item per account.
fn outgoing() -> impl Strategy<Value = Vec<Outgoing>> {
    prop::collection::btree_map(0_u8..4, item(), 0..3).prop_map(|items| {
        items
            .into_iter()
            .map(|(account, item)| Outgoing { account_id: id(account), ..item })
            .collect()
    })
}

/// Takes one property of an item over from another one.
fn take_over(item: &mut Outgoing, other: &Outgoing, property: u8) {
    match property % 11 {
        0 => item.platform = other.platform.clone(),
        1 => item.kind = other.kind,
        2 => item.title = other.title.clone(),
        3 => item.text = other.text.clone(),
        4 => item.media = other.media.clone(),
        5 => item.link = other.link.clone(),
        6 => item.first_comment = other.first_comment.clone(),
        7 => item.thread = other.thread.clone(),
        8 => item.options = other.options.clone(),
        9 => std::mem::swap(&mut item.title, &mut item.text),
        _ => item.media.reverse(),
    }
}

type Canonical = BTreeMap<AccountId, Outgoing>;

/// What counts, by account: all that is not sent is made the same.
fn canonical(outgoing: &[Outgoing]) -> Canonical {
    fn plain(media: &mut [OutgoingMedia]) {
        for file in media {
            file.asset_id = id(0);
            file.kind = AssetKind::Image;
            file.storage_key = StorageKey::new("storage_key", "x").unwrap();
            file.size_bytes = 0;
            file.facts = MediaFacts::default();
        }
    }
    outgoing
        .iter()
        .cloned()
        .map(|mut item| {
            item.variant_id = id(0);
            plain(&mut item.media);
            item.thread.iter_mut().for_each(|part| plain(&mut part.media));
            (item.account_id, item)
        })
        .collect()
}

fn agrees(one: &[Outgoing], other: &[Outgoing]) -> Result<(), TestCaseError> {
    let same = canonical(one) == canonical(other);
    prop_assert_eq!(Digest::of(one) == Digest::of(other), same);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn two_digests_are_equal_exactly_if_the_same_would_go_out(
        one in outgoing(),
        other in outgoing(),
    ) {
        agrees(&one, &other)?;
    }

    #[test]
    fn a_single_change_counts_exactly_if_it_is_one(
        before in outgoing(),
        others in vec((item(), any::<u8>(), any::<prop::sample::Index>()), 1..3),
    ) {
        let mut after = before.clone();
        for (other, property, at) in &others {
            if !after.is_empty() {
                let at = at.index(after.len());
                take_over(&mut after[at], other, *property);
            }
        }
        agrees(&before, &after)?;
    }

    #[test]
    fn what_is_not_sent_does_not_count(before in outgoing(), unseen in any::<u8>()) {
        let mut after = before.clone();
        after.reverse();
        for item in &mut after {
            item.variant_id = id(unseen);
            for file in &mut item.media {
                file.asset_id = id(unseen);
                file.size_bytes = u64::from(unseen);
                file.storage_key = StorageKey::new("storage_key", format!("moved/{unseen}")).unwrap();
            }
        }
        prop_assert_eq!(Digest::of(&before), Digest::of(&after));
    }

    #[test]
    fn an_account_more_or_less_counts(before in outgoing()) {
        if !before.is_empty() {
            prop_assert_ne!(Digest::of(&before), Digest::of(&before[1..]));
        }
    }
}
