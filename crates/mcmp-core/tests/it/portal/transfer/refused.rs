//! Files that were cut off, changed or made up.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use mcmp_core::agency::Agency;
use mcmp_core::duty::Duty;
use mcmp_core::id::ClientId;
use mcmp_core::member::User;
use mcmp_core::portal::PauseScope;
use mcmp_core::store::{EventPosition, MemoryStore, Outbox, Read};
use mcmp_core::time::ManualClock;
use mcmp_core::transfer::{LineKind, MAX_LINE, Selection, TransferError};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{read, system, write};
use crate::portal::desk::Desk;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

fn empty() -> MemoryStore {
    MemoryStore::new(Arc::new(ManualClock::new("2026-11-02T09:00:00Z".parse().unwrap())))
}

struct Files {
    everything: String,
    client: String,
    other: ClientId,
}

fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        runtime().block_on(async {
            let desk = Desk::new().await;
            let other = desk.client("other").await.id;
            desk.scheduled("Whole").await;
            let client = write(&desk.store, desk.paused().await).await.unwrap();
            desk.portal.pause(PauseScope::Everything).await.unwrap();
            let everything = write(&desk.store, Selection::Everything).await.unwrap();
            let text = |file| String::from_utf8(file).unwrap();
            Files { everything: text(everything), client: text(client), other }
        })
    })
}

/// The lines between manifest and trailer, with both made anew.
fn sealed(manifest: &Value, lines: &[String]) -> String {
    let mut counts = BTreeMap::<String, u64>::new();
    let mut file = format!("{manifest}\n");
    for line in lines {
        let value: Value = serde_json::from_str(line).unwrap_or_default();
        if let Some(kind) = value["kind"].as_str() {
            *counts.entry(kind.to_owned()).or_default() += 1;
        }
        file.push_str(line);
        file.push('\n');
    }
    let sha256: String = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
    let trailer = json!({ "kind": "trailer", "counts": counts, "sha256": sha256 });
    format!("{file}{trailer}\n")
}

/// Manifest and lines of a file, to be changed and sealed again.
fn opened(file: &str) -> (Value, Vec<String>) {
    let mut lines: Vec<String> = file.lines().map(str::to_owned).collect();
    lines.pop();
    let manifest = serde_json::from_str(&lines.remove(0)).unwrap();
    (manifest, lines)
}

fn refusal(file: &[u8]) -> TransferError {
    runtime().block_on(async {
        let store = empty();
        let error = read(&store, file).await.expect_err("it is refused");
        let events = store.events_after(&system(), EventPosition::START, 1).await.unwrap();
        assert!(events.is_empty());
        let scope = system();
        let agencies = Read::<Agency>::count(&store, &scope, &Default::default()).await.unwrap();
        let users = Read::<User>::count(&store, &scope, &Default::default()).await.unwrap();
        let duties = Read::<Duty>::count(&store, &scope, &Default::default()).await.unwrap();
        assert_eq!((agencies, users, duties), (0, 0, 0), "nothing is written");
        error
    })
}

#[derive(Debug, Clone)]
enum Damage {
    Cut(usize),
    Byte(usize, u8),
    Drop(usize),
    Twice(usize),
    Swap(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<usize>();
    prop_oneof![
        place.prop_map(Damage::Cut),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        any::<usize>().prop_map(Damage::Drop),
        any::<usize>().prop_map(Damage::Twice),
        any::<usize>().prop_map(Damage::Swap),
    ]
}

fn damaged(file: &str, damage: &Damage) -> Vec<u8> {
    let mut bytes = file.as_bytes().to_vec();
    let mut lines: Vec<&str> = file.split_inclusive('\n').collect();
    let line = |at: &usize| at % (lines.len() - 1);
    match damage {
        Damage::Cut(at) => bytes.truncate(at % bytes.len()),
        Damage::Byte(at, byte) => {
            let at = at % bytes.len();
            bytes[at] = *byte;
        }
        Damage::Drop(at) => {
            lines.remove(line(at));
            bytes = lines.concat().into_bytes();
        }
        Damage::Twice(at) => {
            let at = line(at);
            lines.insert(at, lines[at]);
            bytes = lines.concat().into_bytes();
        }
        Damage::Swap(at) => {
            let at = line(at);
            lines.swap(at, at + 1);
            bytes = lines.concat().into_bytes();
        }
    }
    bytes
}

/// Puts something else where `at` leads to.
fn changed(value: &mut Value, mut at: usize, to: &Value) {
    let inner: Vec<&mut Value> = match value {
        Value::Object(fields) => fields.iter_mut().map(|(_, value)| value).collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => Vec::new(),
    };
    let count = inner.len();
    if count == 0 || at % 7 == 6 {
        *value = to.clone();
        return;
    }
    let which = at % count;
    at /= count.max(2);
    if let Some(inner) = inner.into_iter().nth(which) {
        changed(inner, at, to);
    }
}

fn odd() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(-1),
        json!(0),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("+262143-12-31T23:59:59.999Z"),
        json!("-262144-01-01T00:00:00Z"),
        json!("00000000-0000-0000-0000-000000000000"),
        json!("x".repeat(300_000)),
        json!([]),
        json!({}),
        json!([[[[{"$ref": [null]}]]]]),
        json!(true),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_damaged_file_writes_nothing(damage in damage()) {
        let file = &files().everything;
        let damaged = damaged(file, &damage);
        prop_assume!(damaged != file.as_bytes());
        refusal(&damaged);
    }

    #[test]
    fn a_made_up_file_never_panics(
        line in any::<usize>(),
        changes in prop::collection::vec((any::<usize>(), odd()), 1..3),
    ) {
        for file in [&files().everything, &files().client] {
            let (manifest, mut lines) = opened(file);
            let line = line % lines.len();
            let mut value: Value = serde_json::from_str(&lines[line]).unwrap();
            for (at, to) in &changes {
                changed(&mut value, *at, to);
            }
            lines[line] = value.to_string();
            runtime().block_on(async {
                let (store, file) = (empty(), sealed(&manifest, &lines));
                let first = read(&store, &file).await;
                let second = read(&store, &file).await;
                if first.is_ok() {
                    let again = second.expect("what worked works again");
                    assert!(again.written.is_empty(), "{:?}", again.written);
                }
            });
        }
    }
}

#[test]
fn a_file_that_is_sealed_again_is_taken() {
    for file in [&files().everything, &files().client] {
        let (manifest, lines) = opened(file);
        runtime().block_on(read(&empty(), sealed(&manifest, &lines))).unwrap();
    }
}

#[test]
fn a_file_of_a_later_version_is_refused() {
    let (manifest, lines) = opened(&files().client);
    for (field, value) in [
        ("format", json!("another")),
        ("format_version", json!(2)),
        ("mcmp_version", json!("999.0.0")),
        ("mcmp_version", json!("newest")),
    ] {
        let mut manifest = manifest.clone();
        manifest[field] = value;
        let error = refusal(sealed(&manifest, &lines).as_bytes());
        assert!(matches!(error, TransferError::Unsupported { .. }), "{field}: {error:?}");
    }
}

#[test]
fn a_clients_file_holds_that_client_alone() {
    let Files { everything, client, other } = files();
    let (mut manifest, lines) = opened(client);
    manifest["selection"] = json!({ "client": other });
    let error = refusal(sealed(&manifest, &lines).as_bytes());
    assert!(matches!(error, TransferError::Foreign { line: 3, .. }), "{error:?}");

    let (manifest, lines) = opened(client);
    let (_, all) = opened(everything);
    for kind in ["user", "duty", "meter", "agency", "membership"] {
        let foreign = all.iter().find(|line| line.contains(&format!(r#""kind":"{kind}""#)));
        let mut lines = lines.clone();
        lines.insert(2, foreign.unwrap().clone());
        let error = refusal(sealed(&manifest, &lines).as_bytes());
        let TransferError::Foreign { line: 4, kind: found } = error else { panic!("{error:?}") };
        assert_eq!(found.as_str(), kind);
    }
}

#[test]
fn errors_name_the_line() {
    let (manifest, lines) = opened(&files().everything);
    let with = |line: &str| {
        let mut lines = lines.clone();
        lines.insert(1, line.to_owned());
        sealed(&manifest, &lines)
    };
    for (line, expected) in [
        ("[]", "a JSON object with a kind"),
        ("", "a JSON object with a kind"),
        (r#"{"kind":"ghost"}"#, "of a kind that is known here"),
        (r#"{"kind":"user","entity":{}}"#, "an entity of its kind"),
        (r#"{"kind":"lane"}"#, "a lane"),
        (r#"{"kind":"manifest"}"#, "a manifest"),
    ] {
        let error = refusal(with(line).as_bytes());
        let TransferError::Malformed { line: 3, expected: found, .. } = error else {
            panic!("{line}: {error:?}")
        };
        assert_eq!(found, expected, "{line}");
    }
    let long = format!(r#"{{"kind":"user","entity":"{}"}}"#, "x".repeat(MAX_LINE));
    let error = refusal(with(&long).as_bytes());
    assert!(matches!(error, TransferError::LineTooLong { line: 3, .. }), "{error:?}");

    let whole = &files().everything;
    let miscounted = whole.replace(r#""post":1"#, r#""post":2"#);
    let error = refusal(miscounted.as_bytes());
    let TransferError::Count { kind, expected: 2, found: 1 } = error else { panic!("{error:?}") };
    assert_eq!(kind.as_str(), "post");
    assert_ne!(kind, LineKind::Trailer);
    let error = refusal(format!("{whole}{{}}\n").as_bytes());
    assert!(matches!(error, TransferError::Malformed { .. }), "{error:?}");
    let error = refusal(whole.replace("Whole", "Holes").as_bytes());
    assert!(matches!(error, TransferError::Checksum { .. }), "{error:?}");
}
