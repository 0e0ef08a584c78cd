//! What goes out is what was written.

use super::draft::Form;
use super::harness::{Applied, Kit};

/// The forms of one part, lightest first: what a rule takes that needs just any post.
pub(super) const ANY: &[Form] = &[Form::Text, Form::Image, Form::Video, Form::Images];

/// The forms of one part, those with the most steps first.
pub(super) const RICH: &[Form] = &[Form::Images, Form::Image, Form::Video, Form::Text];

/// The forms of several parts.
pub(super) const PARTS: &[Form] = &[Form::Thread, Form::FirstComment];

pub(super) async fn goes_out(kit: &Kit, forms: &[Form]) -> Applied {
    let stage = kit.stage().await;
    let planned = stage.planned(forms).await?;
    stage.the_time_comes();
    stage.run(&planned).await;
    stage.assert_published(&planned).await;
    Ok(())
}

pub(super) async fn a_text_goes_out_as_it_was_written(kit: &Kit) -> Applied {
    goes_out(kit, ANY).await
}

pub(super) async fn a_thread_goes_out_part_under_part(kit: &Kit) -> Applied {
    goes_out(kit, &[Form::Thread]).await
}

pub(super) async fn a_first_comment_goes_under_its_post(kit: &Kit) -> Applied {
    goes_out(kit, &[Form::FirstComment]).await
}

pub(super) async fn each_part_takes_one_visible_call(kit: &Kit) -> Applied {
    for forms in [ANY, &[Form::Thread], &[Form::FirstComment]] {
        let stage = kit.stage().await;
        let planned = match stage.planned(forms).await {
            Ok(planned) => planned,
            Err(_) if forms != ANY => continue,
            Err(not_here) => return Err(not_here),
        };
        assert_eq!(stage.platform.calls().total, 0, "nothing is sent before its time");
        stage.the_time_comes();
        stage.run(&planned).await;
        let parts = planned.draft.texts().len();
        assert_eq!(stage.visible_calls(), parts, "visible calls for {parts} parts");
        stage.clock.advance(chrono::TimeDelta::days(2));
        stage.one_step().await;
        assert_eq!(stage.visible_calls(), parts, "visible calls two days later");
    }
    Ok(())
}

pub(super) async fn capabilities_are_what_the_platform_has(kit: &Kit) -> Applied {
    let stage = kit.stage().await;
    let (can, has) = (stage.capabilities(), |form| stage.platform.draft(form).is_some());
    assert!(Form::ALL.iter().any(|form| has(*form)), "a draft of some form");
    assert_eq!(can.threads, has(Form::Thread), "threads, and a draft of one");
    assert_eq!(can.first_comment, has(Form::FirstComment), "first comments, and a draft of one");
    assert!(can.go_live_budget > chrono::TimeDelta::zero(), "time for the visible call");
    assert!(can.quiet >= chrono::TimeDelta::zero(), "a time after which it can be seen");
    let (publisher, connection) = (stage.platform.publisher(), stage.platform.connection());
    assert_eq!(*publisher.platform(), connection.platform, "the platform's name");
    if can.refresh {
        assert!(connection.tokens.refresh.is_some(), "something to refresh with");
    }
    Ok(())
}
