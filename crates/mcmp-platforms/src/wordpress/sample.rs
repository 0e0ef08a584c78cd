//! Posts and files for the tests of this module.
#![allow(clippy::unwrap_used, reason = "samples for tests")]

use mcmp_core::account::Platform;
use mcmp_core::asset::{Checksum, FileName, MediaFacts, Mime, StorageKey};
use mcmp_core::id::{AccountId, AssetId, Id, JobId, VariantId};
use mcmp_core::post::{Outgoing, OutgoingMedia, PlatformOptions, PostKind};
use uuid::Uuid;

pub(super) fn job_id(number: u128) -> JobId {
    JobId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number))
}

pub(super) fn outgoing(text: &str) -> Outgoing {
    Outgoing {
        variant_id: VariantId::from_uuid(Uuid::from_u128(1)),
        account_id: AccountId::from_uuid(Uuid::from_u128(2)),
        platform: Platform::WORDPRESS,
        kind: PostKind::Feed,
        title: String::new(),
        text: text.to_owned(),
        media: Vec::new(),
        link: None,
        first_comment: None,
        thread: Vec::new(),
        options: PlatformOptions::None,
    }
}

pub(super) fn picture(name: &str, mime: &str, number: u8) -> OutgoingMedia {
    let mime = Mime::new("mime", mime).unwrap();
    OutgoingMedia {
        asset_id: AssetId::from_uuid(Uuid::from_u128(number.into())),
        kind: mime.kind(),
        mime,
        file_name: FileName::new("file_name", name).unwrap(),
        storage_key: StorageKey::new("key", format!("{number}")).unwrap(),
        size_bytes: 10,
        checksum: Checksum::new("checksum", format!("{number:02x}").repeat(32)).unwrap(),
        alt_text: None,
        facts: MediaFacts::default(),
    }
}
