//! Tokens end and are renewed; posts are neither lost nor doubled over it.

use super::direct::Direct;
use super::fault::{At, Fault, Scripted};
use super::harness::{Applied, Kit, NotHere};
use super::posts::{ANY, RICH};
use super::refusals::settle_reconnect;
use super::stage::Stage;
use crate::portal::RefreshOutcome;
use crate::publishing::{ErrorClass, JobState};

fn happens(scripted: &Scripted, what: &str) -> Applied {
    match scripted {
        Scripted::NotOnThisPlatform => Err(NotHere(what.to_owned())),
        _ => Ok(()),
    }
}

fn can_refresh(stage: &Stage) -> Applied {
    if stage.capabilities().refresh { Ok(()) } else { Err(NotHere("refresh".to_owned())) }
}

pub(super) async fn an_ended_token_loses_and_doubles_nothing(kit: &Kit) -> Applied {
    // It ends after none, one, two … steps.
    for steps in 0.. {
        let stage = kit.stage().await;
        let planned = stage.planned(RICH).await?;
        stage.the_time_comes();
        for _ in 0..steps {
            stage.the_next_step_comes(&planned).await;
            stage.one_step().await;
        }
        if stage.job(&planned).await.state.is_final() {
            break;
        }
        happens(&stage.platform.expire_token().await, "token that ends")?;
        let job = stage.run(&planned).await;
        settle_reconnect(&stage, &planned, &job).await;
    }
    Ok(())
}

pub(super) async fn a_refresh_gives_tokens_that_work(kit: &Kit) -> Applied {
    let stage = kit.stage().await;
    can_refresh(&stage)?;
    let planned = stage.planned(ANY).await?;
    happens(&stage.platform.expire_token().await, "token that ends")?;
    let direct = Direct::new(&stage, &planned).await;
    let tokens = direct
        .publisher()
        .refresh_tokens(&direct.account_context())
        .await
        .expect("the refresh token is good");
    assert!(!tokens.access.is_empty(), "an access token");
    assert_ne!(tokens.access.expose(), direct.tokens.access.expose(), "a new access token");
    assert!(tokens.access_expires_at.is_none_or(|end| end > stage.now()), "one that lasts");
    let session = stage.systems().await;
    let outcome = RefreshOutcome::Refreshed { tokens, granted_scopes: None };
    session.grants().record_refresh(stage.account.id, &direct.tokens, outcome).await.unwrap();
    stage.the_time_comes();
    let job = stage.run(&planned).await;
    assert_eq!(job.state, JobState::Published, "with the new tokens: {job:#?}");
    stage.assert_published(&planned).await;
    Ok(())
}

pub(super) async fn trouble_at_a_refresh_leaves_the_grant(kit: &Kit) -> Applied {
    let faults = [
        Fault::Unavailable,
        Fault::LoseRequest,
        Fault::Hang,
        Fault::Garbage,
        Fault::RateLimit { retry_after: None },
    ];
    for fault in faults {
        let stage = kit.stage().await;
        can_refresh(&stage)?;
        let planned = stage.planned(ANY).await?;
        if let Err(not_here) = stage.script(At::Call(0), fault).await {
            drop(not_here);
            continue;
        }
        let direct = Direct::new(&stage, &planned).await;
        let answer = direct.publisher().refresh_tokens(&direct.account_context()).await;
        let error = answer.err().unwrap_or_else(|| panic!("{fault:?} is no answer with tokens"));
        let is_temporary =
            matches!(error.class, ErrorClass::Transient | ErrorClass::RateLimited { .. });
        assert!(is_temporary, "{fault:?} says nothing about the grant: {error:#?}");
    }
    Ok(())
}

pub(super) async fn a_refused_grant_asks_for_a_person(kit: &Kit) -> Applied {
    let stage = kit.stage().await;
    let planned = stage.planned(ANY).await?;
    happens(&stage.platform.revoke().await, "grant that can be taken back")?;
    if stage.capabilities().refresh {
        let direct = Direct::new(&stage, &planned).await;
        let answer = direct.publisher().refresh_tokens(&direct.account_context()).await;
        let class = answer.err().map(|error| error.class);
        assert_eq!(class, Some(ErrorClass::Reconnect), "a clear refusal of the grant");
    }
    stage.the_time_comes();
    let job = stage.run(&planned).await;
    assert_eq!(job.state, JobState::Held, "nobody has granted anything: {job:#?}");
    assert!(stage.platform.live().await.is_empty(), "nothing is live");
    settle_reconnect(&stage, &planned, &job).await;
    Ok(())
}
