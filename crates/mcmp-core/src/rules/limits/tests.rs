use toml::{Table, Value};

use super::book::FILES;
use super::layer::is_limit;
use super::*;
use crate::account::Platform;
use crate::post::PostKind;

fn bundled() -> LimitsBook {
    LimitsBook::bundled().unwrap_or_else(|error| panic!("{error}"))
}

fn feed<'a>(book: &'a LimitsBook, platform: &Platform, profile: Option<&str>) -> &'a KindLimits {
    &book.limits_for(platform, profile).unwrap().kinds[&PostKind::Feed]
}

/// Every plain value below `table`, with its path and the table it stands in.
fn each_value<'a>(table: &'a Table, path: &str, found: &mut dyn FnMut(&str, &'a Table, &'a Value)) {
    for (key, value) in table {
        let path = format!("{path}.{key}");
        match value {
            Value::Table(inner) => each_value(inner, &path, found),
            other => found(&path, table, other),
        }
    }
}

#[test]
fn there_is_one_file_for_every_bundled_platform() {
    let book = bundled();
    let mut wanted = Platform::BUNDLED.to_vec();
    wanted.sort();
    assert_eq!(book.platforms().cloned().collect::<Vec<_>>(), wanted);
    assert_eq!(FILES.len(), wanted.len());
    for platform in &wanted {
        let limits = book.limits_for(platform, None).unwrap();
        assert_eq!(&limits.platform, platform);
        assert!(limits.kinds.contains_key(&PostKind::Feed) || limits.kinds.len() > 1);
    }
}

#[test]
fn every_number_in_every_file_has_an_https_source() {
    for file in FILES {
        let file: Table = file.parse().unwrap();
        let name = file["platform"].as_str().unwrap();
        let sources = file["sources"].as_table().unwrap();
        let (mut numbers, mut used) = (0, std::collections::BTreeSet::new());
        each_value(&file, name, &mut |path, table, value| {
            let ratio = value.as_str().is_some_and(|text| text.parse::<Ratio>().is_ok());
            if value.is_integer() || value.is_float() || ratio || is_limit(table) {
                numbers += 1;
                assert!(is_limit(table), "{path} is a number outside a limit");
                let source = table.get("source").and_then(Value::as_str);
                let source = source.unwrap_or_else(|| panic!("{path} has no source"));
                let link = sources.get(source).and_then(Value::as_str);
                let link = link.unwrap_or_else(|| panic!("{path}: no source {source}"));
                assert!(link.starts_with("https://"), "{path}: {link}");
                used.insert(source);
            }
        });
        assert!(numbers > 0 && !used.is_empty(), "{name}");
        for key in sources.keys() {
            assert!(used.contains(key.as_str()), "{name}: source {key} is not used");
        }
    }
}

#[test]
fn an_operator_raises_a_limit_and_it_is_marked_as_theirs() {
    let patch = "[common.text]\nmax = { value = 4000 }";
    let book = bundled().with_override(&Platform::X, patch).unwrap();
    let max = feed(&book, &Platform::X, None).text.max.clone().unwrap();
    assert_eq!(max.value, 4000);
    assert_eq!(max.source, OPERATOR_SOURCE);
    assert!(!max.unverified);
    // A later patch lays over the earlier one.
    let book = book.with_override(&Platform::X, "common.text.advised = { value = 200 }").unwrap();
    let text = &feed(&book, &Platform::X, None).text;
    assert_eq!(text.max.as_ref().unwrap().value, 4000);
    assert_eq!(text.advised.as_ref().unwrap().value, 200);
    // Everything else is as it was.
    assert_eq!(feed(&book, &Platform::THREADS, None), feed(&bundled(), &Platform::THREADS, None));
}

#[test]
fn an_operator_takes_a_limit_away() {
    let patch = r#"
        [common]
        text = { max = { remove = true } }
        [kinds.feed.media.image]
        max_bytes = { remove = true }
        [kinds.thread]
        media = { video = { remove = true } }
    "#;
    let book = bundled().with_override(&Platform::X, patch).unwrap();
    let limits = book.limits_for(&Platform::X, None).unwrap();
    let (feed, thread) = (&limits.kinds[&PostKind::Feed], &limits.kinds[&PostKind::Thread]);
    assert_eq!(feed.text.max, None);
    assert_eq!(feed.media.image.as_ref().unwrap().max_bytes, None);
    assert!(thread.media.image.as_ref().unwrap().max_bytes.is_some());
    assert!(feed.media.video.is_some() && thread.media.video.is_none());

    let nothing = "[kinds.feed.text]\nmaxx = { remove = true }";
    assert_eq!(
        bundled().with_override(&Platform::X, nothing),
        Err(LimitsError::NothingToRemove {
            platform: "x".to_owned(),
            path: "kinds.feed.text.maxx".to_owned()
        })
    );
}

#[test]
fn profiles_patch_and_are_patched() {
    let book = bundled();
    assert_eq!(book.profiles(&Platform::X).collect::<Vec<_>>(), ["premium"]);
    let max = |book: &LimitsBook, profile| {
        feed(book, &Platform::X, profile).text.max.as_ref().unwrap().value
    };
    assert_eq!(max(&book, None), 280);
    assert_eq!(max(&book, Some("premium")), 25_000);
    assert_eq!(max(&book, Some("no_such_profile")), 280);
    let video = |profile| feed(&book, &Platform::X, profile).media.video.clone().unwrap();
    assert!(video(None).max_duration_ms.is_some());
    assert!(video(Some("premium")).max_duration_ms.is_none());

    let patch = "[profiles.premium.common.text]\nmax = { value = 10000 }\n\
                 [profiles.trial.kinds.feed.text]\nmax = { value = 100 }";
    let book = book.with_override(&Platform::X, patch).unwrap();
    assert_eq!(max(&book, None), 280);
    assert_eq!(max(&book, Some("premium")), 10_000);
    assert_eq!(max(&book, Some("trial")), 100);
}

#[test]
fn wrong_patches_are_refused_with_the_place() {
    let refused = |patch: &str| bundled().with_override(&Platform::X, patch).unwrap_err();
    for (patch, place) in [
        ("[common.text]\nmaxx = { value = 1 }", "common.text"),
        ("[kinds.feed.media.image]\nmax_byte = { value = 1 }", "kinds.feed.media.image"),
        ("[kinds.fed.text]\nmax = { value = 1 }", "kinds"),
        ("[profiles.premium.common]\ntxt = {}", "profiles.premium.common"),
        ("[common.text]\nmax = { value = \"many\" }", "common.text.max"),
        ("[common.text]\nmax = { value = -1 }", "common.text.max"),
        (
            "[common.media.video]\nmax_aspect = { value = \"wide\" }",
            "common.media.video.max_aspect",
        ),
        ("[common.text]\nmax = 5", "common.text.max"),
        ("colour = 1", "colour"),
    ] {
        let error = refused(patch);
        assert!(matches!(error, LimitsError::Shape { .. }), "{error:?}");
        assert!(error.to_string().contains(place), "{patch}: {error}");
    }
    assert!(matches!(refused("[common"), LimitsError::Syntax(_)));
    assert!(matches!(
        refused("[common.text]\nmax = { value = 1, source = \"rumour\" }"),
        LimitsError::UnknownSource { path, .. } if path == "common.text.max"
    ));
    for sources in ["rumour = \"http://example.com\"", "operator = \"https://example.com\""] {
        let error = refused(&format!("[sources]\n{sources}"));
        assert!(matches!(error, LimitsError::SourceNotHttps { .. }), "{error:?}");
    }
    assert!(matches!(refused("platform = \"threads\""), LimitsError::OtherPlatform { .. }));
    let outside = Platform::new("mastodon").unwrap();
    assert_eq!(
        bundled().with_override(&outside, ""),
        Err(LimitsError::UnknownPlatform(outside.clone()))
    );
}

#[test]
fn outside_platforms_bring_their_own_limits() {
    let file = r#"
        platform = "mastodon"
        name = "Mastodon"
        [sources]
        docs = "https://docs.joinmastodon.org/user/posting/"
        [common.text]
        unit = "grapheme"
        max = { value = 500, source = "docs" }
        [kinds.feed]
    "#;
    let mut book = bundled();
    let platform = book.insert_toml(file).unwrap();
    assert_eq!(platform.as_str(), "mastodon");
    let limits = book.limits_for(&platform, None).unwrap().clone();

    // The typed form comes in again and takes patches too.
    let mut other = LimitsBook::default();
    other.insert(limits.clone()).unwrap();
    assert_eq!(other.limits_for(&platform, None), Some(&limits));
    let other =
        other.with_override(&platform, "[kinds.feed.text]\nmax = { value = 5000 }").unwrap();
    assert_eq!(feed(&other, &platform, None).text.max.as_ref().unwrap().value, 5000);

    let mut unsourced = limits;
    unsourced.sources.clear();
    assert!(matches!(other.clone().insert(unsourced), Err(LimitsError::UnknownSource { .. })));
}

#[test]
fn every_bundled_platform_survives_its_typed_form() {
    let book = bundled();
    let mut again = LimitsBook::default();
    for platform in Platform::BUNDLED {
        let limits = book.limits_for(platform, None).unwrap();
        again.insert(limits.clone()).unwrap();
        assert_eq!(again.limits_for(platform, None), Some(limits));
        let json = serde_json::to_string(limits).unwrap();
        assert_eq!(&serde_json::from_str::<PlatformLimits>(&json).unwrap(), limits);
    }
}
