//! Sites, users, post types and words of every form.

use mcmp_core::lifecycle::PostStatus;
use mcmp_core::post::WordPressOptions;
use mcmp_core::publishing::{ErrorClass, Publisher};
use mcmp_core::testkit::publisher::AWKWARD_TEXT;
use mcmp_core::value::Slug;
use mcmp_platforms::http::HttpSettings;
use mcmp_platforms::wordpress::WordPress;

use super::{labels, plain, unique};
use crate::wordpress::desk::Desk;
use crate::wordpress::real_site::RealSite;

#[tokio::test]
async fn awkward_words_arrive_as_they_were_written() {
    let Some(site) = RealSite::find("awkward_words") else { return };
    let desk = Desk::new().await;
    let word = unique(&desk, "awkward");
    // An editor's HTML is taken as it is, an author's is filtered.
    for user in [&site.editor, &site.author] {
        let account = desk.connect(&site.url, &user.name, &user.password).await;
        let title = format!("{word} {} <b>7 > 6</b> & &amp; [gallery] 100%ab", user.name);
        let alt = "Bread & <butter> at 100%ab, \"R&D\" &lt; 7";
        let first = desk.picture(&format!("first-{word}-{}.png", user.name), alt).await;
        let second = desk.picture(&format!("second-{word}-{}.png", user.name), alt).await;
        let text = format!("{AWKWARD_TEXT} [gallery] <script>alert(1)</script> 100%ab &lt;");
        let id = desk.scheduled(account.id, &title, &text, &[first, second], plain()).await;
        desk.run_at_its_time().await;
        let remote = desk.published(id).await;
        let post = site.read(&format!("posts/{}?context=edit", remote.id)).await;
        let raw = post["content"]["raw"].as_str().unwrap();
        let paragraphs: Vec<String> = raw
            .split("<p>")
            .skip(1)
            .map(|rest| unescaped(&rest.split("</p>").next().unwrap().replace("<br>", "\n")))
            .collect();
        assert_eq!(paragraphs.join("\n\n"), text, "{}: {raw}", user.name);
        assert_eq!(unescaped(post["title"]["raw"].as_str().unwrap()), title);
        assert!(raw.contains("<!-- mcmp:"), "the marker stays: {raw}");
        // Both pictures are read out alike: the featured one by its entry in the library.
        let page = site.page(remote.url.as_ref().unwrap()).await;
        let read_out: Vec<String> = page
            .split(" alt=\"")
            .skip(1)
            .map(|rest| unescaped(rest.split('"').next().unwrap()))
            .collect();
        assert_eq!(read_out, [alt, alt], "{page}");
        assert!(!page.contains("<script>alert"), "{page}");
    }
}

/// As a browser reads entities.
fn unescaped(html: &str) -> String {
    let signs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#091;", "["),
        ("&#093;", "]"),
        ("&#91;", "["),
        ("&#93;", "]"),
        ("&#37;", "%"),
        ("&#037;", "%"),
        ("&#038;", "&"),
        ("&amp;", "&"),
    ];
    signs.iter().fold(html.to_owned(), |text, (entity, sign)| text.replace(entity, sign))
}

#[tokio::test]
async fn sites_of_every_form() {
    let Some(site) = RealSite::find("sites_of_every_form") else { return };
    let desk = Desk::new().await;
    let found = desk.wordpress.find(&site.url, desk.now()).await.unwrap();
    let page = found.authorize.unwrap();
    assert!(page.path().ends_with("/wp-admin/authorize-application.php"), "{page}");

    // Without pretty permalinks everything goes as well.
    let account = desk.connect(&site.plain_url, &site.author.name, &site.author.password).await;
    let root = account.metadata["wordpress_api_root"].as_str().unwrap().to_owned();
    assert!(root.contains("rest_route="), "{root}");
    let word = unique(&desk, "plain");
    let picture = desk.picture(&format!("{word}.png"), "Alt").await;
    let options = WordPressOptions { tags: labels(&[&word]), ..plain() };
    let id = desk.scheduled(account.id, &word, "Text", &[picture], options).await;
    desk.run_at_its_time().await;
    let remote = desk.published(id).await;
    assert!(remote.url.unwrap().contains("?p="));
    let post = site.read(&format!("posts/{}?context=edit", remote.id)).await;
    let raw = post["content"]["raw"].as_str().unwrap();
    assert!(raw.contains("<!-- mcmp:"), "an author's marker stays: {raw}");

    // An author may not make categories: said so, and the post can be changed and tried again.
    let missing = WordPressOptions { categories: labels(&[&format!("New {word}")]), ..plain() };
    let id = desk.scheduled(account.id, &format!("{word} two"), "Text", &[], missing).await;
    desk.run_at_its_time().await;
    let job = desk.job(id).await;
    assert_eq!(desk.post(id).await.status, PostStatus::Failed);
    let error = job.last_error.unwrap();
    assert_eq!(
        (error.class, error.code.as_deref()),
        (ErrorClass::Permission, Some("rest_cannot_create"))
    );

    // Custom post types.
    let account = desk.connect(&site.url, &site.editor.name, &site.editor.password).await;
    let kind = |name: &str| WordPressOptions { post_type: Slug::new("slug", name).ok(), ..plain() };
    for (name, base) in [("stories", "stories"), ("mcmp-notice", "mcmp_notice")] {
        let label = format!("{base}{word}");
        let picture = desk.picture(&format!("{label}.png"), "Alt").await;
        let id = desk.scheduled(account.id, &label, "Text", &[picture], kind(name)).await;
        desk.run_at_its_time().await;
        let remote = desk.published(id).await;
        assert!(remote.id.starts_with(&format!("{base}/")), "{remote:?}");
        let post = site.read(&format!("{}?context=edit", remote.id)).await;
        let shown = post["content"]["raw"].as_str().unwrap().contains("<img");
        assert_eq!(
            shown,
            base == "mcmp_notice",
            "without a featured picture it stands in the text"
        );
        let publisher = &desk.wordpress;
        desk.about(account.id, async |cx| publisher.delete(cx, &remote).await).await.unwrap();
        assert_eq!(site.read(&format!("{}?context=edit", remote.id)).await["status"], "trash");
    }
    for (options, code) in [
        (kind("no-such-type"), "unknown_post_type"),
        (WordPressOptions { tags: labels(&["x"]), ..kind("mcmp-notice") }, "option_unsupported"),
    ] {
        let id = desk.scheduled(account.id, &format!("{code} {word}"), "Text", &[], options).await;
        desk.run_at_its_time().await;
        let error = desk.job(id).await.last_error.unwrap();
        assert_eq!((error.class, error.code.as_deref()), (ErrorClass::InvalidContent, Some(code)));
    }

    // What the site does not take says so in its words.
    let script = desk.file(&format!("{word}.php"), "text/x-php", b"<?php".to_vec(), "").await;
    let id =
        desk.scheduled(account.id, &format!("script {word}"), "Text", &[script], plain()).await;
    desk.run_at_its_time().await;
    let error = desk.job(id).await.last_error.unwrap();
    assert_eq!(error.class, ErrorClass::InvalidContent, "{error:?}");
    assert!(error.message.contains("not allowed to upload this file type"), "{error}");

    // Where nobody listens there is no site; neither is one that is not public, unless the
    // operator allows it.
    assert!(desk.wordpress.find("http://127.0.0.1:1", desk.now()).await.is_err());
    assert!(
        WordPress::new(&HttpSettings::new()).unwrap().find(&site.url, desk.now()).await.is_err()
    );
}
