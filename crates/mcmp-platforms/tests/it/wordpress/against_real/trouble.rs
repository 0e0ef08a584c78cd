//! What goes wrong between us and the site.

use mcmp_core::account::AccountStatus;
use mcmp_core::lifecycle::{PostAction, PostStatus};
use mcmp_core::post::{WordPressOptions, WordPressStatus};
use mcmp_core::publishing::{ErrorClass, HoldReason, JobState};
use mcmp_core::secret::SecretText;
use mcmp_core::value::Slug;
use mcmp_platforms::http::Method;
use serde_json::json;

use super::{plain, unique};
use crate::wordpress::desk::Desk;
use crate::wordpress::proxy::Proxy;
use crate::wordpress::real_site::RealSite;

#[tokio::test]
async fn a_refused_password_waits_for_a_person_and_then_goes_on() {
    let Some(site) = RealSite::find("a_refused_password") else { return };
    let desk = Desk::new().await;
    let mine = "users/me/application-passwords";
    let made = site.write(mine, json!({ "name": unique(&desk, "mcmp ") })).await;
    let password = made["password"].as_str().unwrap();
    let account = desk.connect(&site.url, &site.editor.name, password).await;
    let word = unique(&desk, "revoked");
    let id = desk.scheduled(account.id, &word, "Text", &[], plain()).await;
    let revoked = format!("{mine}/{}", made["uuid"].as_str().unwrap());
    assert!(site.call(Method::DELETE, &revoked, None).await.is_success());

    desk.run_at_its_time().await;
    let job = desk.job(id).await;
    assert_eq!(desk.post(id).await.status, PostStatus::Held, "{job:#?}");
    assert_eq!(job.hold_reason, Some(HoldReason::Reconnect));
    let error = job.last_error.clone().unwrap();
    assert_eq!(error.class, ErrorClass::Reconnect);
    assert!(!format!("{job:?}").contains(password));
    let seen = desk.account(account.id).await;
    assert_eq!(seen.status, AccountStatus::Expired, "{seen:?}");
    assert!(seen.status_detail.is_some());
    assert!(site.with_text("posts", &word).await.is_empty());

    let offered = desk.agency.posts().allowed_actions(id).await.unwrap();
    assert!(offered.contains(&PostAction::Retry), "{offered:?}");

    // Connected again with a password that works, the post goes on by itself.
    let again = desk.connect(&site.url, &site.editor.name, &site.editor.password).await;
    assert_eq!((again.id, again.status), (account.id, AccountStatus::Connected));
    desk.run_for(1).await;
    desk.published(id).await;
    assert_eq!(site.with_text("posts", &word).await.len(), 1);

    // What is wrong from the beginning is said before anything is connected.
    let found = desk.wordpress.find(&site.url, desk.now()).await.unwrap();
    let connect = async |user: &str, password: &str| {
        let password = SecretText::new(password);
        desk.wordpress.connect(&found, user, &password, desk.now()).await.unwrap_err()
    };
    assert_eq!(connect(&site.editor.name, password).await.class, ErrorClass::Reconnect);
    assert_eq!(connect("nobody-here", password).await.class, ErrorClass::Reconnect);
    let reader = connect(&site.reader.name, &site.reader.password).await;
    assert_eq!(reader.class, ErrorClass::Permission);
    assert!(reader.message.contains("publish_posts"), "{reader}");
    // Shown in groups of four.
    let groups = site.editor.password.chars().collect::<Vec<_>>();
    let groups: Vec<String> = groups.chunks(4).map(|four| four.iter().collect()).collect();
    desk.connect(&site.url, &site.editor.name, &groups.join(" ")).await;
}

#[tokio::test]
async fn a_site_that_is_down_is_tried_again_until_it_is_up() {
    let Some(site) = RealSite::find("a_site_that_is_down") else { return };
    let mut proxy = Proxy::before(site.address()).await;
    let desk = Desk::new().await;
    let account = desk.connect(&proxy.url(), &site.editor.name, &site.editor.password).await;
    let word = unique(&desk, "down");
    let picture = desk.picture(&format!("{word}.png"), "Down").await;
    let id = desk.scheduled(account.id, &word, "Text", &[picture], plain()).await;
    proxy.stop();
    desk.run_at_its_time().await;
    desk.run_for(10).await;
    let job = desk.job(id).await;
    assert_eq!(job.state, JobState::Scheduled, "{job:#?}");
    assert!(job.failures > 2, "{job:#?}");
    assert_eq!(job.last_error.unwrap().class, ErrorClass::Transient);
    assert_eq!(desk.account(account.id).await.status, AccountStatus::Connected);
    proxy.start().await;
    desk.run_for(20).await;
    desk.published(id).await;
    assert_eq!(site.with_text("posts", &word).await.len(), 1);
    assert_eq!(site.with_text("media", &word).await.len(), 1);
}

#[tokio::test]
async fn a_lost_answer_ends_in_exactly_one_post() {
    let Some(site) = RealSite::find("a_lost_answer") else { return };
    let proxy = Proxy::before(site.address()).await;
    let desk = Desk::new().await;
    let word = unique(&desk, "lost");
    for user in [&site.editor, &site.author] {
        let account = desk.connect(&proxy.url(), &user.name, &user.password).await;
        let taken = format!("taken-{word}");
        let own_slug = || Slug::new("slug", &taken).ok();
        for (case, options) in [
            ("plain", plain()),
            // A slug that somebody else's post has: the site makes it another one.
            ("taken", WordPressOptions { slug: own_slug(), ..plain() }),
            ("draft", WordPressOptions { status: WordPressStatus::Draft, ..plain() }),
            ("private", WordPressOptions { status: WordPressStatus::Private, ..plain() }),
        ] {
            let label = format!("{case}{word}{}", user.name);
            if case == "taken" {
                let body = json!({ "title": "Other", "slug": taken, "status": "publish" });
                site.write("posts", body).await;
            }
            let picture = desk.picture(&format!("{label}.png"), "Alt").await;
            let id = desk.scheduled(account.id, &label, "Text", &[picture], options).await;
            proxy.cut_answer_to("POST", "/posts");
            proxy.cut_answer_to("POST", "/media");
            let before = proxy.calls("POST", "/wp/v2/posts");
            desk.run_at_its_time().await;
            desk.run_for(3).await;
            let job = desk.job(id).await;
            assert_eq!(desk.post(id).await.status, PostStatus::Publishing, "{job:#?}");
            desk.run_for(30).await;
            let remote = desk.published(id).await;
            let found = site.with_text("posts", &label).await;
            assert_eq!(found, [remote.id.parse::<u64>().unwrap()], "{label}");
            assert_eq!(proxy.calls("POST", "/wp/v2/posts") - before, 1, "sent once: {label}");
            let pictures = site.with_text("media", &label).await;
            assert_eq!(pictures.len(), 1, "uploaded once: {label}");
            let post = site.read(&format!("posts/{}?context=edit", remote.id)).await;
            assert_eq!(post["featured_media"], pictures[0]);
            let picture = site.read(&format!("media/{}", pictures[0])).await;
            assert_eq!(picture["alt_text"], "Alt", "the second try describes it");
        }
    }
}
