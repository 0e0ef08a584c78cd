//! What a look-up finds, and what it does not.

use mcmp_core::publishing::{ErrorClass, LookUp, PublishJob, Publisher};
use mcmp_platforms::http::Method;
use serde_json::json;

use super::{plain, unique};
use crate::wordpress::desk::Desk;
use crate::wordpress::real_site::RealSite;

#[tokio::test]
async fn what_is_looked_for_is_found_wherever_it_went_and_nothing_else() {
    let Some(site) = RealSite::find("what_is_looked_for") else { return };
    let desk = Desk::new().await;
    let account = desk.connect(&site.url, &site.editor.name, &site.editor.password).await;
    let word = unique(&desk, "seek");
    let id = desk.scheduled(account.id, &word, "Text", &[], plain()).await;
    let publisher = desk.wordpress.clone();
    let outgoing = desk.outgoing(id).await;
    let before = desk.job(id).await;
    let look_up = async |job: &PublishJob| {
        desk.with_context(job, &outgoing, async |cx| {
            publisher.look_up(cx, &desk.intent()).await.unwrap()
        })
        .await
    };
    assert_eq!(look_up(&before).await, LookUp::Absent);
    desk.run_at_its_time().await;
    let remote = desk.published(id).await;
    let job = desk.job(id).await;
    let LookUp::Found(found) = look_up(&job).await else { panic!("it is live") };
    assert_eq!(found, remote);
    let path = format!("posts/{}", remote.id);
    let raw = site.read(&format!("{path}?context=edit")).await["content"]["raw"].clone();

    // Somebody changed its address: the marker finds it.
    site.write(&path, json!({ "slug": format!("moved-{word}") })).await;
    assert!(matches!(look_up(&job).await, LookUp::Found(found) if found.id == remote.id));
    // Something took the marker out: the job's own slug finds it.
    let slug = job_slug(&word, &job);
    site.write(&path, json!({ "slug": slug, "content": "<p>Rewritten</p>" })).await;
    assert!(matches!(look_up(&job).await, LookUp::Found(found) if found.id == remote.id));
    // A copy that somebody made on the site is not it.
    let copy = json!({ "title": "Copy", "content": raw, "status": "draft" });
    let copy = site.write("posts", copy).await["id"].clone();
    site.write(&path, json!({ "slug": format!("moved-{word}"), "content": raw })).await;
    assert!(matches!(look_up(&job).await, LookUp::Found(found) if found.id == remote.id));
    site.call(Method::DELETE, &format!("posts/{copy}?force=true"), None).await;
    site.write(&path, json!({ "slug": slug, "content": "<p>Rewritten</p>" })).await;
    // In the trash, by either.
    site.call(Method::DELETE, &path, None).await;
    assert!(matches!(look_up(&job).await, LookUp::Found(found) if found.id == remote.id));
    site.write(&path, json!({ "content": raw, "slug": format!("gone-{word}") })).await;
    assert!(matches!(look_up(&job).await, LookUp::Found(found) if found.id == remote.id));
    // Another text of the same job is another thing.
    let mut other = job.clone();
    other.revision_digest = mcmp_core::post::Digest::of(&[]);
    assert_eq!(look_up(&other).await, LookUp::Absent);
    // Erased, it is not there.
    site.call(Method::DELETE, &format!("{path}?force=true"), None).await;
    assert_eq!(look_up(&job).await, LookUp::Absent);

    // With a login that is not accepted, nothing looks absent.
    let mine = "users/me/application-passwords";
    let made = site.write(mine, json!({ "name": unique(&desk, "mcmp ") })).await;
    let password = made["password"].as_str().unwrap();
    desk.connect(&site.url, &site.editor.name, password).await;
    let revoked = format!("{mine}/{}", made["uuid"].as_str().unwrap());
    site.call(Method::DELETE, &revoked, None).await;
    let refused = desk
        .with_context(&job, &outgoing, async |cx| {
            publisher.look_up(cx, &desk.intent()).await.unwrap_err()
        })
        .await;
    assert_eq!(refused.class, ErrorClass::Reconnect, "{refused:?}");
}

/// As the publisher makes it; that it is this one is asserted by finding the post with it.
fn job_slug(title: &str, job: &PublishJob) -> String {
    let id = job.id.to_string().replace('-', "");
    format!("{title}-{}", &id[id.len() - 10..])
}
