//! Campaigns, briefs and creators.

use mcmp_core::account::Platform;
use mcmp_core::agency::{Plan, PlanTier};
use mcmp_core::campaign::{CampaignStatus, Deliverable};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::member::Role;
use mcmp_core::portal::{BriefDraft, CampaignDraft, CampaignEdit, CreatorDraft, TaskDraft};
use mcmp_core::post::PostKind;
use mcmp_core::store::EntityKind;
use mcmp_core::value::InvalidCode;
use mcmp_core::{Error, ErrorKind};

use super::fixture::{World, name};

fn deliverable(platform: Platform, count: u32) -> Deliverable {
    Deliverable { creator_id: None, platform, kind: PostKind::Feed, count, due_on: None, fee: None }
}

#[tokio::test]
async fn an_edit_of_what_has_changed_since_is_a_conflict() {
    let world = World::new().await;
    let session = world.admin().await;
    let draft = CampaignDraft::new(world.a.id, name("Launch"));
    let seen = session.campaigns().create(draft).await.unwrap();
    let edit = |text| CampaignEdit { name: Some(name(text)), ..Default::default() };
    let edited = session.campaigns().edit(seen.id, seen.version, edit("Spring")).await.unwrap();
    let refused = session.campaigns().edit(seen.id, seen.version, edit("Summer")).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    let refused = session.campaigns().delete(seen.id, seen.version).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(session.campaigns().get(seen.id).await.unwrap(), edited);
}

#[tokio::test]
async fn a_campaign_is_kept_while_posts_are_part_of_it() {
    let world = World::new().await;
    let session = world.admin().await;
    let draft = CampaignDraft::new(world.a.id, name("Launch"));
    let campaign = session.campaigns().create(draft).await.unwrap();
    for _ in 0..3 {
        let mut post = world.draft(&world.a, None);
        post.campaign_id = Some(campaign.id);
        world.put(post).await;
    }
    match session.campaigns().delete(campaign.id, campaign.version).await.unwrap_err() {
        Error::StillUsed { by: EntityKind::Post, count: 3, .. } => {}
        other => panic!("{other}"),
    }
    let done = CampaignStatus::Completed;
    let campaign = session.campaigns().set_status(campaign.id, done).await.unwrap();
    assert_eq!(campaign.status, done);
}

#[tokio::test]
async fn what_is_named_must_be_of_the_same_client() {
    let world = World::new().await;
    let session = world.admin().await;
    let creator = CreatorDraft {
        client_id: world.b.id,
        name: name("Ann"),
        user_id: None,
        email: None,
        accounts: Vec::new(),
        tags: Vec::new(),
        notes: None,
    };
    let stranger = session.creators().create(creator.clone()).await.unwrap();
    let draft = CampaignDraft::new(world.a.id, name("Launch"));
    let campaign = session.campaigns().create(draft).await.unwrap();
    let asked = Deliverable { creator_id: Some(stranger.id), ..deliverable(Platform::X, 1) };
    let brief = BriefDraft {
        campaign_id: campaign.id,
        title: name("Brief"),
        description: None,
        deliverables: vec![asked],
    };
    match session.briefs().create(brief).await.unwrap_err() {
        Error::Invalid(refused) => {
            assert_eq!(refused.code, InvalidCode::Unknown);
            assert_eq!(refused.field, "deliverables[0].creator_id");
        }
        other => panic!("{other}"),
    }
    let (elsewhere, _) = world.member(&[(Role::Creator, &[&world.a])]).await;
    let refused = CreatorDraft { user_id: Some(elsewhere), ..creator };
    let refused = session.creators().create(refused).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_brief_has_come_as_far_as_its_tasks_posts_are_live() {
    let world = World::new().await;
    let session = world.admin().await;
    let draft = CampaignDraft::new(world.a.id, name("Launch"));
    let campaign = session.campaigns().create(draft).await.unwrap();
    let brief = BriefDraft {
        campaign_id: campaign.id,
        title: name("Brief"),
        description: None,
        deliverables: vec![deliverable(Platform::TIKTOK, 3), deliverable(Platform::X, 1)],
    };
    let brief = session.briefs().create(brief).await.unwrap();
    let tiktok = world.account(&world.a, Platform::TIKTOK).await;
    let x = world.account(&world.a, Platform::X).await;
    for status in [PostStatus::Published, PostStatus::Published, PostStatus::Scheduled] {
        let mut post = world.draft(&world.a, None);
        post.status = status;
        post.variants = vec![world.variant(&tiktok), world.variant(&x)];
        let post = world.put(post).await;
        let mut task = TaskDraft::new(world.a.id, name("Shoot"));
        task.brief_id = Some(brief.id);
        task.post_id = Some(post.id);
        let task = session.tasks().create(task).await.unwrap();
        assert_eq!(task.campaign_id, Some(campaign.id), "a task is part of its brief's campaign");
    }
    let progress = session.briefs().progress(brief.id).await.unwrap();
    let progress: Vec<_> = progress.iter().map(|row| (row.done, row.total)).collect();
    assert_eq!(progress, [(2, 3), (1, 1)]);
    match session.briefs().delete(brief.id, brief.version).await.unwrap_err() {
        Error::StillUsed { by: EntityKind::Task, count: 3, .. } => {}
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_plan_without_campaigns_says_who_has_them() {
    let world = World::with(plan_without_campaigns(), chrono_tz::UTC).await;
    let draft = CampaignDraft::new(world.a.id, name("Launch"));
    match world.admin().await.campaigns().create(draft).await.unwrap_err() {
        Error::FeatureMissing(missing) => {
            assert_eq!(missing.offered_by, Some(PlanTier::Agency));
        }
        other => panic!("{other}"),
    }
}

fn plan_without_campaigns() -> Plan {
    let features = Plan::of(PlanTier::Creator).features;
    Plan { features, ..Plan::of(PlanTier::Enterprise) }
}
