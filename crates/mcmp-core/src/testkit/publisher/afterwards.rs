//! What can be done about what is live.

use super::direct::Direct;
use super::draft::SampleFile;
use super::harness::{Applied, Kit, NotHere};
use super::posts::RICH;
use super::stage::{Planned, Stage};
use crate::publishing::{ErrorClass, PublishError, RemoteRef};

async fn published(kit: &Kit) -> Result<(Stage, Planned), NotHere> {
    let stage = kit.stage().await;
    let planned = stage.planned(RICH).await?;
    stage.the_time_comes();
    stage.run(&planned).await;
    stage.assert_published(&planned).await;
    Ok((stage, planned))
}

fn remote(direct: &Direct<'_>) -> RemoteRef {
    direct.job.remote.clone().expect("it is live")
}

fn has(can: bool, what: &str) -> Applied {
    if can { Ok(()) } else { Err(NotHere(what.to_owned())) }
}

pub(super) async fn what_is_live_can_be_changed(kit: &Kit) -> Applied {
    let (stage, planned) = published(kit).await?;
    has(stage.capabilities().edit, "way to change what is live")?;
    let mut direct = Direct::new(&stage, &planned).await;
    let words = "Other words & \"signs\" <after> the fact";
    direct.outgoing.text = words.to_owned();
    let before = remote(&direct);
    let after = direct.publisher().edit(&direct.context(), &before).await.expect("it is changed");
    let live = stage.platform.live().await;
    let [live] = live.as_slice() else { panic!("live once: {live:#?}") };
    assert_eq!((live.text.as_str(), &live.id), (words, &after.id), "what a reader sees");
    let expected: Vec<_> = planned.draft.media.iter().map(SampleFile::checksum).collect();
    let there: Vec<_> = live.media.iter().map(|media| media.checksum.clone()).collect();
    assert_eq!(there, expected, "its files stay");
    Ok(())
}

pub(super) async fn what_is_deleted_is_gone_and_can_be_deleted_again(kit: &Kit) -> Applied {
    let (stage, planned) = published(kit).await?;
    has(stage.capabilities().delete, "way to delete")?;
    let direct = Direct::new(&stage, &planned).await;
    for time in ["first", "second"] {
        let gone = direct.publisher().delete(&direct.account_context(), &remote(&direct)).await;
        assert_eq!(gone, Ok(()), "deleted for the {time} time");
        let live = stage.platform.live().await;
        assert!(live.is_empty(), "it is still there: {live:#?}");
    }
    Ok(())
}

pub(super) async fn numbers_are_told(kit: &Kit) -> Applied {
    let (stage, planned) = published(kit).await?;
    has(stage.capabilities().metrics, "numbers")?;
    let direct = Direct::new(&stage, &planned).await;
    let numbers = direct.publisher().metrics(&direct.account_context(), &remote(&direct)).await;
    assert!(numbers.is_ok(), "{numbers:?}");
    assert_eq!(stage.platform.live().await.len(), 1, "nothing else happened");
    Ok(())
}

pub(super) async fn what_it_can_not_do_it_says(kit: &Kit) -> Applied {
    let (stage, planned) = published(kit).await?;
    let can = stage.capabilities();
    let direct = Direct::new(&stage, &planned).await;
    let (publisher, remote, cx) = (direct.publisher(), remote(&direct), direct.account_context());
    let mut refusals = Vec::new();
    if !can.edit {
        refusals.push(publisher.edit(&direct.context(), &remote).await.map(drop));
    }
    if !can.delete {
        refusals.push(publisher.delete(&cx, &remote).await);
    }
    if !can.metrics {
        refusals.push(publisher.metrics(&cx, &remote).await.map(drop));
    }
    for refusal in refusals {
        let error = refusal.expect_err("it says that it can't");
        assert_eq!(error.code.as_deref(), Some(PublishError::NOT_SUPPORTED), "{error:#?}");
    }
    if !can.refresh {
        let error = publisher.refresh_tokens(&cx).await.expect_err("there is no refresh");
        assert_eq!(error.class, ErrorClass::Reconnect, "{error:#?}");
    }
    stage.assert_published(&planned).await;
    Ok(())
}
