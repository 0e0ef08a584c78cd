//! What a real site does too seldom to wait for.

use mcmp_core::account::SocialAccount;
use mcmp_core::id::PostId;
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::post::WordPressOptions;
use mcmp_core::publishing::{ErrorClass, HoldReason, Publisher, RemoteRef};
use mcmp_core::value::{Label, Slug};

use super::desk::Desk;
use super::fake::{FakeTerm, FakeWordPress, Trouble, USER, When, error, html};
use crate::fake_server::{FakeServer, Reply};

struct Setting {
    site: FakeWordPress,
    desk: Desk,
    account: SocialAccount,
}

impl Setting {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&FakeWordPress)) -> Self {
        let (site, desk) = (FakeWordPress::start().await, Desk::new().await);
        change(&site);
        let account = desk.connect(&site.url(), USER, &site.password()).await;
        Self { site, desk, account }
    }

    async fn scheduled(&self, title: &str, options: WordPressOptions) -> PostId {
        self.desk.scheduled(self.account.id, title, "Text", &[], options).await
    }
}

fn plain() -> WordPressOptions {
    WordPressOptions::default()
}

#[tokio::test]
async fn each_answer_to_the_visible_call_has_its_class() {
    let set = Setting::new().await;
    let id = set.scheduled("Title", plain()).await;
    let (job, outgoing) = (set.desk.job(id).await, set.desk.outgoing(id).await);
    let warned = "<b>Warning</b>: x in /a.php\n{\"id\":7,\"link\":\"https://a.example/7\"}";
    let moved = |status| html(status, "Moved").header("location", "https://new.example/");
    let sorry = "Sorry.";
    use ErrorClass::{InvalidContent, Permission, Reconnect, UnknownOutcome};
    for (reply, class) in [
        (html(403, "Blocked by a firewall"), UnknownOutcome),
        (html(500, "Internal Server Error"), UnknownOutcome),
        (html(503, "Maintenance").header("retry-after", "60"), UnknownOutcome),
        (html(408, "Request Timeout"), UnknownOutcome),
        (moved(302), UnknownOutcome),
        (error(500, "db_insert_error", "Could not insert post into the database."), UnknownOutcome),
        (error(500, "rest_cannot_create", sorry), UnknownOutcome),
        (Reply::text(201, warned), UnknownOutcome),
        (Reply::text(201, "{\"id\":\"seven\"}"), UnknownOutcome),
        (Reply::text(200, ""), UnknownOutcome),
        (html(200, "Please sign in"), UnknownOutcome),
        (moved(301), Reconnect),
        (html(401, "Authorization Required"), Reconnect),
        (error(401, "rest_cannot_create", sorry), Reconnect),
        (error(501, "application_passwords_disabled", sorry), UnknownOutcome),
        (error(403, "application_passwords_disabled_for_user", sorry), Reconnect),
        (error(403, "rest_cannot_publish", sorry), Permission),
        (error(404, "rest_no_route", sorry), Permission),
        (html(404, "Not Found"), Permission),
        (error(400, "rest_invalid_param", sorry), InvalidContent),
        (error(400, "some_plugin", sorry), InvalidContent),
        (html(413, "Request Entity Too Large"), InvalidContent),
    ] {
        let told = format!("{reply:?}");
        set.site.script(When::Visible(0), Trouble::SayInstead(reply));
        let publisher = &set.desk.wordpress;
        let refused = set
            .desk
            .with_context(&job, &outgoing, async |cx| publisher.go_live(cx).await.unwrap_err())
            .await;
        assert_eq!(refused.class, class, "{told}: {refused:?}");
        assert!(refused.code.is_some(), "{told}");
    }
    let limited = html(429, "Too Many Requests").header("retry-after", "120");
    set.site.script(When::Visible(0), Trouble::SayInstead(limited));
    let publisher = &set.desk.wordpress;
    let refused = set
        .desk
        .with_context(&job, &outgoing, async |cx| publisher.go_live(cx).await.unwrap_err())
        .await;
    let until = Some(set.desk.now() + chrono::TimeDelta::minutes(2));
    assert_eq!(refused.class, ErrorClass::RateLimited { until });
    assert!(set.site.seen().is_empty());
}

#[tokio::test]
async fn an_answer_that_echoes_the_password_does_not_give_it_away() {
    let set = Setting::new().await;
    let id = set.scheduled("Title", plain()).await;
    let password = set.site.password();
    let echo = format!("bad login {USER}:{password}");
    let refusal = error(403, "rest_cannot_create", &echo);
    set.site.script(When::Visible(0), Trouble::SayInstead(refusal));
    set.desk.run_at_its_time().await;
    let job = set.desk.job(id).await;
    assert_eq!(set.desk.post(id).await.status, PostStatus::Failed);
    assert!(!format!("{job:?}").contains(&password));
    assert!(job.last_error.unwrap().message.contains("bad login"));
}

#[tokio::test]
async fn a_picture_whose_smaller_sizes_failed_is_not_uploaded_again() {
    let set = Setting::new().await;
    set.site.with_store(|store| store.fail_at_sizes = true);
    let picture = set.desk.picture("a.png", "Alt").await;
    let id = set.desk.scheduled(set.account.id, "Title", "Text", &[picture], plain()).await;
    set.desk.run_at_its_time().await;
    set.desk.published(id).await;
    let calls = set.site.received();
    let uploads = |part: &str| {
        let to = |target: &str| target.split('?').next().unwrap().ends_with(part);
        calls.iter().filter(|call| call.method == "POST" && to(&call.target)).count()
    };
    assert_eq!((uploads("/media"), uploads("/post-process")), (1, 1));
    assert_eq!(set.site.seen()[0].files[0].alt_text, "Alt");
}

#[tokio::test]
async fn a_file_that_lost_its_answer_is_found_by_its_name() {
    let set = Setting::new().await;
    let picture = set.desk.picture("Größe 1.PNG", "Alt").await;
    let id = set.desk.scheduled(set.account.id, "Title", "Text", &[picture], plain()).await;
    set.site.script(When::Next("POST", "/media"), Trouble::CutAfter);
    set.desk.run_at_its_time().await;
    set.desk.run_for(5).await;
    set.desk.published(id).await;
    let names = set.site.with_store(|store| {
        store.files.values().map(|file| file.file_name.clone()).collect::<Vec<_>>()
    });
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(names[0].starts_with("grosse-1-") && names[0].ends_with(".png"), "{names:?}");
    assert_eq!(set.site.seen()[0].files[0].alt_text, "Alt");
}

#[tokio::test]
async fn terms_are_used_again_under_the_names_they_are_stored_with() {
    let set = Setting::new().await;
    let term = |id, taxonomy: &str, name: &str| FakeTerm {
        id,
        taxonomy: taxonomy.to_owned(),
        name: name.to_owned(),
    };
    set.site.with_store(|store| {
        store.terms = vec![
            term(901, "tags", "Bread &amp; Butter"),
            term(902, "tags", "Breads &amp; Butters"),
            term(903, "categories", "NEWS"),
            // The site's search does not find it under the name that is asked for.
            term(904, "tags", "a&amp;amp;b"),
        ];
    });
    let labels = |names: &[&str]| {
        names.iter().map(|name| Label::new("label", name).unwrap()).collect::<Vec<_>>()
    };
    let options = WordPressOptions {
        tags: labels(&["Bread & Butter", "bread & butter", "Fresh <today>"]),
        categories: labels(&["News"]),
        ..plain()
    };
    let id = set.scheduled("Title", options).await;
    set.desk.run_at_its_time().await;
    let remote = set.desk.published(id).await;
    let post = set.site.with_store(|store| store.posts[&remote.id.parse().unwrap()].clone());
    assert_eq!(post.categories, [903]);
    assert_eq!(post.tags.len(), 2, "one that was there, and a new one");
    assert_eq!(post.tags[0], 901);
}

#[tokio::test]
async fn what_is_to_be_deleted_is_gone_on_every_kind_of_host() {
    for host in ["ordinary", "without a trash", "without DELETE", "neither"] {
        let set = Setting::with(|site| {
            site.with_store(|store| {
                store.has_no_trash = matches!(host, "without a trash" | "neither");
                store.blocks_delete = matches!(host, "without DELETE" | "neither");
            });
        })
        .await;
        let id = set.scheduled("Title", plain()).await;
        set.desk.run_at_its_time().await;
        let remote = set.desk.published(id).await;
        for _ in 0..2 {
            let publisher = &set.desk.wordpress;
            let account = set.account.id;
            set.desk
                .about(account, async |cx| publisher.delete(cx, &remote).await)
                .await
                .unwrap_or_else(|error| panic!("{host}: {error:?}"));
            assert!(set.site.seen().is_empty(), "{host}");
        }
        let odd = RemoteRef { id: "7?force=true".to_owned(), url: None };
        let publisher = &set.desk.wordpress;
        let refused = set
            .desk
            .about(set.account.id, async |cx| publisher.delete(cx, &odd).await.unwrap_err())
            .await;
        assert_eq!(refused.code.as_deref(), Some("bad_remote_id"));
    }
}

#[tokio::test]
async fn without_its_marker_only_a_slug_of_its_own_proves_a_post() {
    for (slug, is_proved) in [(None, true), (Slug::new("slug", "my-own").ok(), false)] {
        let set = Setting::with(|site| site.with_store(|store| store.drops_comments = true)).await;
        let id = set.scheduled("Title", WordPressOptions { slug, ..plain() }).await;
        set.site.script(When::Visible(0), Trouble::CutAfter);
        set.desk.run_at_its_time().await;
        set.desk.run_for(30).await;
        let job = set.desk.job(id).await;
        if is_proved {
            set.desk.published(id).await;
        } else {
            // A person is asked, and nothing is sent again.
            assert_eq!(job.hold_reason, Some(HoldReason::UnknownOutcome), "{job:#?}");
        }
        assert_eq!(set.site.seen().len(), 1);
        assert_eq!(set.site.calls().1, 1, "sent once");
    }
}

#[tokio::test]
async fn a_change_of_what_lies_in_the_trash_is_refused() {
    let set = Setting::new().await;
    let id = set.scheduled("Title", plain()).await;
    set.desk.run_at_its_time().await;
    let remote = set.desk.published(id).await;
    let publisher = &set.desk.wordpress;
    let (job, outgoing) = (set.desk.job(id).await, set.desk.outgoing(id).await);
    set.desk.about(set.account.id, async |cx| publisher.delete(cx, &remote).await).await.unwrap();
    let refused = set
        .desk
        .with_context(&job, &outgoing, async |cx| publisher.edit(cx, &remote).await.unwrap_err())
        .await;
    assert_eq!(refused.code.as_deref(), Some("in_trash"));
}

#[tokio::test]
async fn a_site_is_found_whether_it_tells_of_its_api_or_not() {
    for (hides_its_link, is_plain) in [(false, false), (true, false), (false, true), (true, true)] {
        let set = Setting::with(|site| {
            site.with_store(|store| {
                store.hides_its_link = hides_its_link;
                store.is_plain = is_plain;
            });
        })
        .await;
        let id = set.scheduled("Title", plain()).await;
        set.desk.run_at_its_time().await;
        set.desk.published(id).await;
        assert_eq!(set.site.seen().len(), 1);
    }
}

#[tokio::test]
async fn nobody_is_taken_to_another_host() {
    let desk = Desk::new().await;
    let other = FakeWordPress::start().await;
    let api = format!("<{}/wp-json/>; rel=\"https://api.w.org/\"", other.url());
    let elsewhere =
        FakeServer::start(move |_| html(200, "A site").header("link", api.clone())).await;
    let home = format!("{}/", other.url());
    let redirects = FakeServer::start(move |_| Reply::status(301).header("location", &home)).await;
    let before = other.received().len();
    for site in [elsewhere.url("/"), redirects.url("/")] {
        let refused = desk.wordpress.find(&site, desk.now()).await.unwrap_err();
        assert_eq!(refused.code.as_deref(), Some("other_host"), "{refused:?}");
        assert!(refused.message.contains(&other.url()), "{refused}");
    }
    assert!(other.received()[before..].iter().all(|call| call.header("authorization").is_none()));
}

#[tokio::test]
async fn what_is_no_wordpress_is_not_taken_for_one() {
    let desk = Desk::new().await;
    for reply in [
        html(200, "A shop"),
        html(404, "Not found"),
        Reply::json(200, &serde_json::json!({ "name": "x", "namespaces": ["oembed/1.0"] })),
        error(404, "rest_no_route", "No route was found matching the URL and request method."),
        Reply::status(204),
    ] {
        let told = format!("{reply:?}");
        let server = FakeServer::start(move |_| reply.clone()).await;
        let refused = desk.wordpress.find(&server.url("/"), desk.now()).await.unwrap_err();
        assert_eq!(refused.code.as_deref(), Some("no_rest_api"), "{told}: {refused:?}");
    }
    // One that is closed to guests is connected with a login all the same.
    let server = FakeServer::start(|request| match request.method.as_str() {
        "HEAD" => html(200, "A site"),
        _ => error(401, "rest_login_required", "REST API restricted to authenticated users."),
    })
    .await;
    let found = desk.wordpress.find(&server.url("/"), desk.now()).await.unwrap();
    assert_eq!(found.authorize, None);
    // A server that fails says nothing about the site.
    let server = FakeServer::start(|_| html(503, "Maintenance")).await;
    let refused = desk.wordpress.find(&server.url("/"), desk.now()).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Transient, "{refused:?}");
}
