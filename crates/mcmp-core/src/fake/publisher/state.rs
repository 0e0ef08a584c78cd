//! What a fake platform knows.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::{FakeCall, FakeFile, FakePost, OnGoLive};
use crate::account::Tokens;
use crate::analytics::Metrics;
use crate::publishing::{
    ErrorClass, Intent, LookUp, PublishContext, PublishError, RateLog, RateReport, RemoteRef,
};
use crate::secret::SecretText;

/// A post that is accepted and not live yet.
#[derive(Debug)]
struct Processing {
    polls_left: u32,
    rejection: Option<PublishError>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) posts: Vec<FakePost>,
    pub(super) script: VecDeque<OnGoLive>,
    pub(super) failures: BTreeMap<FakeCall, VecDeque<PublishError>>,
    pub(super) limited_until: Option<DateTime<Utc>>,
    pub(super) valid_token: Option<SecretText>,
    pub(super) metrics: BTreeMap<String, Metrics>,
    pub(super) calls: BTreeMap<FakeCall, u64>,
    pub(super) rates: Vec<RateReport>,
    valid_refresh: Option<SecretText>,
    processing: BTreeMap<String, Processing>,
    given_out: u64,
}

impl State {
    pub(super) fn admit(
        &mut self,
        call: FakeCall,
        token: &SecretText,
        now: DateTime<Utc>,
    ) -> Result<(), PublishError> {
        *self.calls.entry(call).or_default() += 1;
        if let Some(error) = self.failures.get_mut(&call).and_then(VecDeque::pop_front) {
            return Err(error);
        }
        if let Some(until) = self.limited_until.filter(|until| now < *until) {
            let class = ErrorClass::RateLimited { until: Some(until) };
            return Err(PublishError::new(class, "too many calls").code("http_429"));
        }
        if self.valid_token.as_ref().is_some_and(|valid| valid != token) {
            return Err(
                PublishError::new(ErrorClass::Reconnect, "the token has ended").code("http_401")
            );
        }
        Ok(())
    }

    pub(super) fn tell_rates(&self, log: &RateLog) {
        self.rates.iter().cloned().for_each(|report| log.note(report));
    }

    fn next_number(&mut self) -> u64 {
        self.given_out += 1;
        self.given_out
    }

    /// Keeps a part; a platform that knows keys answers with what it has under the same one.
    pub(super) fn accept(
        &mut self,
        cx: &PublishContext<'_>,
        files: &[FakeFile],
        live_from: Option<DateTime<Utc>>,
        knows_keys: bool,
    ) -> RemoteRef {
        let dedupe_key = cx.dedupe_key();
        let same = |post: &&FakePost| {
            knows_keys
                && post.account_id == cx.account.id
                && post.dedupe_key == dedupe_key
                && !self.was_turned_down(&post.remote.id)
        };
        let known = self.posts.iter().position(|post| same(&post));
        if let Some(known) = known.and_then(|known| self.posts.get_mut(known)) {
            // What was still being processed is done by now if the answer says that it is live.
            if known.live_from.is_none() && live_from.is_some() {
                known.live_from = live_from;
                self.processing.remove(&known.remote.id);
            }
            return known.remote.clone();
        }
        let id = format!("fake-{}", self.next_number());
        let url = Some(format!("https://fake.example/{}/{id}", cx.account.id));
        let remote = RemoteRef { id, url };
        self.posts.push(FakePost {
            account_id: cx.account.id,
            job_id: cx.job.id,
            part: cx.part,
            text: cx.text().to_owned(),
            media: files.len(),
            files: files.to_vec(),
            parent: cx.parent().cloned(),
            dedupe_key,
            remote: remote.clone(),
            accepted_at: cx.now,
            live_from,
        });
        remote
    }

    /// Whether it was taken and then refused: whoever sends it again sends something new.
    fn was_turned_down(&self, id: &str) -> bool {
        let is_over = |p: &Processing| p.polls_left == 0 && p.rejection.is_some();
        self.processing.get(id).is_some_and(is_over)
    }

    pub(super) fn process(
        &mut self,
        remote: &RemoteRef,
        polls_left: u32,
        rejection: Option<PublishError>,
    ) {
        self.processing.insert(remote.id.clone(), Processing { polls_left, rejection });
    }

    /// Where a post stands that was accepted; `None` if it is not being processed.
    pub(super) fn poll(&mut self, id: &str, now: DateTime<Utc>) -> Option<LookUp> {
        let processing = self.processing.get_mut(id)?;
        if let Some(left) = processing.polls_left.checked_sub(1) {
            processing.polls_left = left;
            return Some(LookUp::Pending { checkpoint: None, check_in: TimeDelta::seconds(5) });
        }
        if let Some(error) = &processing.rejection {
            return Some(LookUp::Rejected(error.clone()));
        }
        self.processing.remove(id);
        let post = self.posts.iter_mut().find(|post| post.remote.id == id)?;
        post.live_from = Some(now);
        Some(LookUp::Found(post.remote.clone()))
    }

    /// What a reader of the account finds: the key where the platform knows it, else the same text
    /// since shortly before the call.
    pub(super) fn find(
        &self,
        cx: &PublishContext<'_>,
        intent: &Intent,
        knows_keys: bool,
    ) -> LookUp {
        let dedupe_key = cx.dedupe_key();
        let found = self.posts.iter().find(|post| {
            post.account_id == cx.account.id
                && post.is_live(cx.now)
                && if knows_keys {
                    post.dedupe_key == dedupe_key
                } else {
                    post.text == cx.text() && intent.at - post.accepted_at <= TimeDelta::minutes(2)
                }
        });
        found.map_or(LookUp::Absent, |post| LookUp::Found(post.remote.clone()))
    }

    /// Gives out new tokens and takes no others from now on; each refresh token works once.
    pub(super) fn refresh(
        &mut self,
        refresh: Option<&SecretText>,
        now: DateTime<Utc>,
    ) -> Result<Tokens, PublishError> {
        let is_good = match (&self.valid_refresh, refresh) {
            (_, None) => false,
            (Some(valid), Some(given)) => valid == given,
            (None, Some(_)) => true,
        };
        if !is_good {
            return Err(PublishError::new(ErrorClass::Reconnect, "the grant has ended")
                .code("invalid_grant"));
        }
        let number = self.next_number();
        let access = SecretText::new(format!("access-{number}"));
        let refresh = SecretText::new(format!("refresh-{number}"));
        self.valid_token = Some(access.clone());
        self.valid_refresh = Some(refresh.clone());
        Ok(Tokens {
            access,
            refresh: Some(refresh),
            access_expires_at: now.checked_add_signed(TimeDelta::hours(1)),
            refresh_expires_at: None,
        })
    }
}
