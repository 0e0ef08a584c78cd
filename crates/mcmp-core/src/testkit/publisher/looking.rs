//! Looking on the platform for what may be live.

use chrono::TimeDelta;

use super::direct::Direct;
use super::harness::{Applied, Kit, NotHere};
use super::posts::{ANY, RICH};
use super::stage::Stage;
use crate::publishing::{JobState, LookUp};

async fn stage(kit: &Kit) -> Result<Stage, NotHere> {
    let stage = kit.stage().await;
    if stage.capabilities().can_look_up { Ok(stage) } else { Err(NotHere("look-up".to_owned())) }
}

async fn look_up(direct: &mut Direct<'_>) -> LookUp {
    let intent = direct.job.intent.clone().unwrap_or_else(|| direct.intent());
    direct.job.state = JobState::Unknown;
    direct.job.intent = Some(intent.clone());
    direct.publisher().look_up(&direct.context(), &intent).await.expect("the platform can be asked")
}

pub(super) async fn looking_changes_nothing(kit: &Kit) -> Applied {
    let stage = stage(kit).await?;
    let planned = stage.planned(RICH).await?;
    stage.the_time_comes();
    let mut direct = Direct::new(&stage, &planned).await;
    direct.prepare_all().await;
    let remote = direct.go_live().await;
    let (live, visible) = (stage.platform.live().await, stage.visible_calls());
    for _ in 0..2 {
        stage.clock.advance(TimeDelta::minutes(3));
        match look_up(&mut direct).await {
            LookUp::Found(found) => assert_eq!(found.id, remote.id, "what was found"),
            other => panic!("it is live, and was not found: {other:?}"),
        }
        assert_eq!(stage.platform.live().await, live, "what is live after a look-up");
        assert_eq!(stage.visible_calls(), visible, "visible calls of a look-up");
    }
    Ok(())
}

pub(super) async fn what_is_not_there_is_not_found(kit: &Kit) -> Applied {
    let stage = stage(kit).await?;
    let planned = stage.planned(RICH).await?;
    stage.the_time_comes();
    let mut direct = Direct::new(&stage, &planned).await;
    direct.prepare_all().await;
    is_absent(&mut direct).await;
    let live = stage.platform.live().await;
    assert!(live.is_empty(), "a look-up made it live: {live:#?}");
    Ok(())
}

async fn is_absent(direct: &mut Direct<'_>) {
    let answer = look_up(direct).await;
    assert_eq!(answer, LookUp::Absent, "nothing was sent");
}

pub(super) async fn an_older_post_with_the_same_text_is_not_its_own(kit: &Kit) -> Applied {
    is_not_its_own(kit, TimeDelta::hours(2)).await
}

pub(super) async fn another_post_with_the_same_text_is_not_its_own(kit: &Kit) -> Applied {
    let stage = stage(kit).await?;
    if !stage.platform.knows_its_own() {
        return Err(NotHere("mark by which a job's own post is known".to_owned()));
    }
    is_not_its_own(kit, TimeDelta::zero()).await
}

/// The same words went out `later` before, as another post.
async fn is_not_its_own(kit: &Kit, later: TimeDelta) -> Applied {
    let stage = stage(kit).await?;
    let first = stage.planned(ANY).await?;
    stage.the_time_comes();
    stage.run(&first).await;
    stage.assert_published(&first).await;
    stage.clock.advance(later);
    let second = stage.planned(ANY).await?;
    let mut direct = Direct::new(&stage, &second).await;
    direct.prepare_all().await;
    is_absent(&mut direct).await;
    let remote = direct.go_live().await;
    match look_up(&mut direct).await {
        LookUp::Found(found) => assert_eq!(found.id, remote.id, "its own was found"),
        other => panic!("it is live, and was not found: {other:?}"),
    }
    assert_eq!(stage.platform.live().await.len(), 2, "both are live");
    Ok(())
}
