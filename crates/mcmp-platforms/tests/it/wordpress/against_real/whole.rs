//! Everything a post can have, from the draft to its end.

use chrono::TimeDelta;
use mcmp_core::account::AccountStatus;
use mcmp_core::post::WordPressOptions;
use mcmp_core::publishing::{Progress, Publisher};
use mcmp_platforms::http::Method;
use serde_json::{Value, json};

use super::{labels, plain, unique};
use crate::wordpress::desk::Desk;
use crate::wordpress::proxy::Proxy;
use crate::wordpress::real_site::RealSite;

#[tokio::test]
async fn a_post_goes_out_with_everything_and_is_changed_and_deleted() {
    let Some(site) = RealSite::find("a_post_goes_out_with_everything") else { return };
    let desk = Desk::new().await;
    let account = desk.connect(&site.url, &site.editor.name, &site.editor.password).await;
    assert_eq!(account.status, AccountStatus::Connected);
    assert_eq!(account.handle.as_deref(), Some(site.editor.name.as_str()));
    assert_eq!(account.external_id.as_str(), site.address());
    let told = format!("{account:?}");
    assert!(!told.contains(&site.editor.password), "the password is sealed");

    let word = unique(&desk, "rye");
    let bread = desk.picture(&format!("bread-{word}.png"), "Rye bread & \"butter\"").await;
    let oven = desk.picture(&format!("oven-{word}.png"), "The oven").await;
    let tag = format!("Bread & {word}");
    let options = WordPressOptions {
        categories: labels(&["Uncategorized", &format!("News {word}")]),
        tags: labels(&[&tag, "seven"]),
        excerpt: Some("In <short> & sweet".to_owned()),
        ..plain()
    };
    let title = format!("Fresh {word} & <warm>");
    let text =
        "From 7 o'clock: c:\\new <b>\"hot\"</b> & naïve 👩‍🍳\n\nMore: https://acme.example/?a=1&b=2";
    let id = desk.scheduled(account.id, &title, text, &[bread, oven], options.clone()).await;
    assert!(site.with_text("posts", &word).await.is_empty(), "not before its time");
    desk.run_at_its_time().await;

    let remote = desk.published(id).await;
    assert_eq!(site.with_text("posts", &word).await, [remote.id.parse::<u64>().unwrap()]);
    let post = site.read(&format!("posts/{}?context=edit", remote.id)).await;
    assert_eq!(post["status"], "publish");
    assert_eq!(post["link"].as_str(), remote.url.as_deref());
    assert_eq!(post["title"]["raw"], format!("Fresh {word} &amp; &lt;warm&gt;"));
    assert_eq!(post["excerpt"]["raw"], "In &lt;short&gt; &amp; sweet");
    assert!(post["slug"].as_str().unwrap().starts_with(&format!("fresh-{word}-warm-")));
    let raw = post["content"]["raw"].as_str().unwrap();
    assert!(raw.contains("c:\\new &lt;b&gt;&quot;hot&quot;&lt;/b&gt; &amp; naïve 👩‍🍳"), "{raw}");
    assert!(raw.contains(&format!("<!-- mcmp:{}", desk.job(id).await.id)), "{raw}");
    assert_eq!(raw.matches("<img").count(), 1, "the featured picture stands above: {raw}");

    let featured = post["featured_media"].as_u64().unwrap();
    let picture = site.read(&format!("media/{featured}?context=edit")).await;
    assert_eq!(picture["alt_text"], "Rye bread & \"butter\"");
    assert_eq!(picture["mime_type"], "image/png");
    let mut names = Vec::new();
    for tag in post["tags"].as_array().unwrap() {
        names.push(site.read(&format!("tags/{tag}")).await["name"].clone());
    }
    assert_eq!(names.len(), 2);
    assert!(names.contains(&Value::from(format!("Bread &amp; {word}"))), "{names:?}");
    assert_eq!(post["categories"].as_array().unwrap().len(), 2);
    let page = site.page(remote.url.as_ref().unwrap()).await;
    assert!(
        page.contains("href=\"https://acme.example/?a=1&#038;b=2\"")
            || page.contains("href=\"https://acme.example/?a=1&amp;b=2\""),
        "{page}"
    );
    assert!(page.contains(&format!("bread-{word}")) && page.contains("alt=\"The oven\""), "{page}");

    // The same terms are used again, not made again.
    let more = desk.scheduled(account.id, &format!("Again {word}"), "More", &[], options).await;
    desk.run_at_its_time().await;
    let again = desk.published(more).await;
    let again = site.read(&format!("posts/{}?context=edit", again.id)).await;
    assert_eq!((&again["tags"], &again["categories"]), (&post["tags"], &post["categories"]));

    // Its numbers, a change, its end.
    let publisher = &desk.wordpress;
    let numbers =
        desk.about(account.id, async |cx| publisher.metrics(cx, &remote).await).await.unwrap();
    assert_eq!(numbers.comments, Some(0));
    let number: u64 = remote.id.parse().unwrap();
    site.write("comments", json!({ "post": number, "content": "Yum" })).await;
    let numbers =
        desk.about(account.id, async |cx| publisher.metrics(cx, &remote).await).await.unwrap();
    assert_eq!(numbers.comments, Some(1));

    let mut outgoing = desk.outgoing(id).await;
    outgoing.text = "Sold out".to_owned();
    outgoing.media.remove(0);
    let job = desk.job(id).await;
    let changed = desk
        .with_context(&job, &outgoing, async |cx| publisher.edit(cx, &remote).await)
        .await
        .unwrap();
    assert_eq!(changed, remote, "it stays where it was");
    let post = site.read(&format!("posts/{}?context=edit", remote.id)).await;
    assert!(post["content"]["raw"].as_str().unwrap().contains("<p>Sold out</p>"));
    assert_ne!(post["featured_media"], featured, "the other picture is the first one now");
    assert_eq!(site.with_text("media", &format!("oven-{word}")).await.len(), 1, "uploaded once");

    outgoing.media.clear();
    desk.with_context(&job, &outgoing, async |cx| publisher.edit(cx, &remote).await).await.unwrap();
    let post = site.read(&format!("posts/{}?context=edit", remote.id)).await;
    assert_eq!(post["featured_media"], 0);
    assert_eq!(post["tags"].as_array().unwrap().len(), 2, "its terms stay");

    for _ in 0..2 {
        desk.about(account.id, async |cx| publisher.delete(cx, &remote).await).await.unwrap();
    }
    assert_eq!(site.read(&format!("posts/{}?context=edit", remote.id)).await["status"], "trash");
    let erased = format!("posts/{}?force=true", remote.id);
    assert!(site.call(Method::DELETE, &erased, None).await.is_success());
    desk.about(account.id, async |cx| publisher.delete(cx, &remote).await).await.unwrap();
}

#[tokio::test]
async fn each_step_is_kept_and_taken_once() {
    let Some(site) = RealSite::find("each_step") else { return };
    let proxy = Proxy::before(site.address()).await;
    let desk = Desk::new().await;
    let account = desk.connect(&proxy.url(), &site.editor.name, &site.editor.password).await;
    let word = unique(&desk, "steps");
    let one = desk.picture(&format!("one-{word}.png"), "One").await;
    let two = desk.picture(&format!("two-{word}.png"), "Two").await;
    let options = WordPressOptions { tags: labels(&[&word]), ..plain() };
    let id = desk.scheduled(account.id, &word, "Text", &[one, two], options).await;
    let outgoing = desk.outgoing(id).await;
    let mut job = desk.job(id).await;
    let publisher = desk.wordpress.clone();
    let mut steps = 0;
    loop {
        // Each step is taken twice from the same checkpoint, as after a crash.
        let step = async || {
            desk.with_context(&job, &outgoing, async |cx| publisher.prepare(cx).await.unwrap())
                .await
        };
        let (first, second) = (step().await, step().await);
        assert_eq!(first, second, "the second time comes to the same");
        match first {
            Progress::Continue { checkpoint, resume_in } => {
                assert_eq!(resume_in, TimeDelta::zero());
                assert!(!checkpoint.to_string().contains(&site.editor.password));
                job.checkpoint = Some(checkpoint);
                steps += 1;
            }
            Progress::Ready { checkpoint } => {
                job.checkpoint = checkpoint;
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(steps, 5, "two files, two descriptions, the terms");
    assert_eq!(site.with_text("media", &word).await.len(), 2, "each file is there once");
    assert!(site.with_text("posts", &word).await.is_empty(), "and nothing is visible");
    let before = proxy.calls("", "");
    desk.with_context(&job, &outgoing, async |cx| publisher.go_live(cx).await.unwrap()).await;
    assert_eq!(proxy.calls("", "") - before, 1, "one call makes it visible");
}
#[tokio::test]
async fn a_large_file_goes_out_in_pieces() {
    let Some(site) = RealSite::find("a_large_file") else { return };
    let desk = Desk::new().await;
    let account = desk.connect(&site.url, &site.author.name, &site.author.password).await;
    let word = unique(&desk, "film");
    let mut film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
    film.resize(36 * 1024 * 1024, 7);
    let size = film.len();
    let film = desk.file(&format!("{word}.mp4"), "video/mp4", film, "The oven at work").await;
    let id = desk.scheduled(account.id, &word, "Look", &[film], plain()).await;
    desk.run_at_its_time().await;
    let remote = desk.published(id).await;
    let post = site.read(&format!("posts/{}?context=edit", remote.id)).await;
    let raw = post["content"]["raw"].as_str().unwrap();
    assert!(raw.contains("<video controls src=\""), "{raw}");
    assert_eq!(site.with_text("media", &word).await.len(), 1);
    let url = raw.split("<video controls src=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(site.length(url).await, size, "all of it arrived");
}
