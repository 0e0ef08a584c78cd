//! The steps before the visible call.

use super::direct::Direct;
use super::draft::{Form, SampleFile};
use super::harness::{Applied, Kit, NotHere};
use super::posts::ANY;

/// More steps than any post takes.
const MOST_STEPS: usize = 200;

pub(super) async fn nothing_is_visible_before_the_visible_call(kit: &Kit) -> Applied {
    each_form(kit, false).await
}

pub(super) async fn every_step_can_be_repeated(kit: &Kit) -> Applied {
    each_form(kit, true).await
}

async fn each_form(kit: &Kit, twice: bool) -> Applied {
    let mut tried = false;
    for form in ANY {
        tried |= one_form(kit, *form, twice).await.is_ok();
    }
    if tried { Ok(()) } else { Err(NotHere(format!("post of the form {ANY:?}"))) }
}

async fn one_form(kit: &Kit, form: Form, twice: bool) -> Applied {
    let stage = kit.stage().await;
    let planned = stage.planned(&[form]).await?;
    stage.the_time_comes();
    let mut direct = Direct::new(&stage, &planned).await;
    let mut steps = 0;
    loop {
        let more = if twice { direct.prepare_twice().await } else { direct.prepare().await };
        let live = stage.platform.live().await;
        assert!(live.is_empty(), "visible after {} steps: {live:#?}", steps + 1);
        assert_eq!(stage.visible_calls(), 0, "visible calls after {} steps", steps + 1);
        if !more {
            break;
        }
        steps += 1;
        assert!(steps < MOST_STEPS, "after {MOST_STEPS} steps it is not ready");
    }
    let remote = direct.go_live().await;
    let live = stage.platform.live().await;
    let [live] = live.as_slice() else { panic!("live once, after {steps} steps: {live:#?}") };
    assert_eq!(live.id, remote.id, "the id that came back");
    let expected: Vec<_> = planned.draft.media.iter().map(SampleFile::checksum).collect();
    let arrived: Vec<_> = live.media.iter().map(|media| media.checksum.clone()).collect();
    assert_eq!(arrived, expected, "the files that arrived, in order, by their SHA-256");
    Ok(())
}
