use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::account::Platform;
use crate::client::Hashtag;
use crate::id::{Id, VariantId};
use crate::post::{PlatformOptions, PostKind};
use crate::time::TimeWindow;
use crate::value::InvalidCode;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn account(n: u128) -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(n))
}

fn post(n: u128) -> PostId {
    PostId::from_uuid(Uuid::from_u128(n))
}

fn saying(text: &str) -> Outgoing {
    Outgoing {
        variant_id: VariantId::from_uuid(Uuid::from_u128(9)),
        account_id: account(1),
        platform: Platform::FACEBOOK,
        kind: PostKind::Feed,
        title: String::new(),
        text: text.to_owned(),
        media: Vec::new(),
        link: None,
        first_comment: None,
        thread: Vec::new(),
        options: PlatformOptions::None,
    }
}

struct Case {
    rules: ClientRules,
    windows: PostingWindows,
    zone: Tz,
    planned_at: Option<DateTime<Utc>>,
    calendar: Vec<Planned>,
}

impl Case {
    fn of(fields: ClientRuleFields) -> Self {
        Self {
            rules: ClientRules::new(fields).unwrap(),
            windows: PostingWindows::always(),
            zone: Tz::Europe__Berlin,
            planned_at: None,
            calendar: Vec::new(),
        }
    }

    fn at(mut self, text: &str) -> Self {
        self.planned_at = Some(at(text));
        self
    }

    fn beside(mut self, others: &[&str]) -> Self {
        self.calendar = others
            .iter()
            .enumerate()
            .map(|(i, text)| Planned {
                post_id: post(100 + i as u128),
                account_id: account(1),
                at: at(text),
            })
            .collect();
        self
    }

    fn codes(&self, outgoing: &Outgoing) -> Vec<FindingCode> {
        self.report(outgoing).findings.iter().map(|finding| finding.code).collect()
    }

    fn report(&self, outgoing: &Outgoing) -> Report {
        let against = ClientCheck {
            rules: &self.rules,
            windows: &self.windows,
            zone: self.zone,
            post_id: post(1),
            planned_at: self.planned_at,
            assets: &Assets::new(),
            calendar: &self.calendar,
        };
        check(std::slice::from_ref(outgoing), &against)
    }
}

#[test]
fn banned_words_are_found_whole_in_any_case_and_every_text() {
    let case = Case::of(ClientRuleFields {
        banned_words: vec!["cheap".into(), "賭博".into()],
        ..Default::default()
    });
    assert!(case.report(&saying("Cheaper than ever")).is_clean());
    assert_eq!(case.codes(&saying("CHEAP! 違法賭博")), [FindingCode::BannedWord; 2]);
    let mut comment = saying("fine");
    comment.first_comment = Some("so cheap".into());
    let report = case.report(&comment);
    assert_eq!(report.findings[0].field, "first_comment");
    assert_eq!(report.findings[0].actual.as_deref(), Some("cheap"));
}

#[test]
fn required_hashtags_may_stand_in_the_first_comment() {
    let case = Case::of(ClientRuleFields {
        required_hashtags: vec![Hashtag::new("hashtag", "AcmeBakery").unwrap()],
        ..Default::default()
    });
    assert_eq!(case.codes(&saying("hello #acme")), [FindingCode::HashtagRequired]);
    assert!(case.report(&saying("hello #acmebakery")).is_clean());
    let mut comment = saying("hello");
    comment.first_comment = Some("#ACMEBAKERY".into());
    assert!(case.report(&comment).is_clean());
}

#[test]
fn one_of_the_disclosures_is_enough() {
    let case = Case::of(ClientRuleFields {
        disclosures: vec!["Anzeige".into(), "paid partnership".into()],
        ..Default::default()
    });
    assert_eq!(case.codes(&saying("buy this")), [FindingCode::DisclosureRequired]);
    assert!(case.report(&saying("ANZEIGE: buy this")).is_clean());
    assert!(case.report(&saying("Paid Partnership with us")).is_clean());
}

#[test]
fn links_follow_the_policy_with_subdomains_and_without_scheme() {
    let case = Case::of(ClientRuleFields {
        links: LinkPolicy {
            allowed_hosts: BTreeSet::from(["example.com".into()]),
            blocked_hosts: BTreeSet::from(["old.example.com".into()]),
            https_only: true,
        },
        ..Default::default()
    });
    assert!(case.report(&saying("see https://shop.example.com/x")).is_clean());
    for refused in [
        "see https://old.example.com/x",
        "see https://other.org",
        "see http://example.com",
        "see badexample.com",
        "see https://example.com.evil.net",
    ] {
        assert_eq!(case.codes(&saying(refused)), [FindingCode::LinkNotAllowed], "{refused}");
    }
}

#[test]
fn posting_windows_and_blackouts_are_in_the_clients_zone() {
    let mut case = Case::of(ClientRuleFields {
        blackouts: vec![Blackout {
            from: NaiveDate::from_ymd_opt(2026, 12, 24).unwrap(),
            until: NaiveDate::from_ymd_opt(2026, 12, 26).unwrap(),
            reason: None,
        }],
        ..Default::default()
    });
    let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap();
    let ten = NaiveTime::from_hms_opt(10, 0, 0).unwrap();
    case.windows =
        PostingWindows::new("windows", vec![TimeWindow::new(Weekday::Mon, nine, ten).unwrap()])
            .unwrap();
    // 08:30 UTC is 09:30 in Berlin in winter and 10:30 in summer.
    let case = case.at("2026-11-23T08:30:00Z");
    assert!(case.report(&saying("x")).is_clean());
    let case = case.at("2026-07-20T08:30:00Z");
    assert_eq!(case.codes(&saying("x")), [FindingCode::OutsidePostingWindows]);
    let mut case = case.at("2026-12-23T23:30:00Z");
    case.windows = PostingWindows::always();
    assert_eq!(case.codes(&saying("x")), [FindingCode::BlackoutDate], "already the 24th there");
}

#[test]
fn the_gap_and_the_caps_count_the_same_account_and_not_the_post_itself() {
    let fields = ClientRuleFields {
        min_gap_minutes: Some(60),
        max_per_day: Some(2),
        max_per_week: Some(3),
        ..Default::default()
    };
    let case = Case::of(fields).at("2026-11-25T12:00:00Z");
    let case = case.beside(&["2026-11-25T11:01:00Z"]);
    assert_eq!(case.codes(&saying("x")), [FindingCode::TooCloseToAnother]);
    let mut case = case.beside(&["2026-11-25T11:00:00Z", "2026-11-25T13:00:00Z"]);
    assert_eq!(case.codes(&saying("x")), [FindingCode::TooManyPerDay]);
    case.calendar[0].account_id = account(2);
    assert!(case.report(&saying("x")).is_clean(), "another account's posts do not count");
    case.calendar[0].account_id = account(1);
    case.calendar[0].post_id = post(1);
    assert!(case.report(&saying("x")).is_clean(), "nor does the post itself");
    let case =
        case.beside(&["2026-11-23T09:00:00Z", "2026-11-24T09:00:00Z", "2026-11-29T09:00:00Z"]);
    assert_eq!(case.codes(&saying("x")), [FindingCode::TooManyPerWeek]);
}

#[test]
fn rules_that_make_no_sense_are_refused_by_field() {
    let refused = |fields| ClientRules::new(fields).unwrap_err();
    let error = refused(ClientRuleFields { banned_words: vec![" ".into()], ..Default::default() });
    assert_eq!((error.code, error.field.as_str()), (InvalidCode::Required, "banned_words[0]"));
    let error = refused(ClientRuleFields { max_per_day: Some(0), ..Default::default() });
    assert_eq!((error.code, error.field.as_str()), (InvalidCode::OutOfRange, "max_per_day"));
    let links = LinkPolicy {
        allowed_hosts: BTreeSet::from(["https://example.com".into()]),
        ..Default::default()
    };
    let error = refused(ClientRuleFields { links, ..Default::default() });
    assert_eq!(error.field, "links.allowed_hosts");
    assert!(serde_json::from_str::<ClientRules>(r#"{"min_gap_minutes": 0}"#).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), word in "\\PC{1,20}", shift in -400i64..400) {
        prop_assume!(!word.trim().is_empty());
        let Ok(rules) = ClientRules::new(ClientRuleFields {
            banned_words: vec![word.clone()],
            disclosures: vec![word],
            links: LinkPolicy { https_only: true, ..Default::default() },
            alt_text_required: true,
            max_per_week: Some(1),
            ..Default::default()
        }) else { return Ok(()) };
        let mut case = Case::of(ClientRuleFields::default());
        case.rules = rules;
        case.planned_at = Some(at("2026-11-25T12:00:00Z") + TimeDelta::days(shift));
        case.report(&saying(&text));
    }

    #[test]
    fn a_looser_cap_never_finds_more(others in prop::collection::vec(-200i64..200, 0..12), cap in 1u32..6) {
        let base = at("2026-11-25T12:00:00Z");
        let found = |cap| {
            let mut case = Case::of(ClientRuleFields {
                max_per_day: Some(cap), max_per_week: Some(cap), ..Default::default()
            });
            case.planned_at = Some(base);
            case.calendar = others.iter().enumerate().map(|(i, hours)| Planned {
                post_id: post(100 + i as u128),
                account_id: account(1),
                at: base + TimeDelta::hours(*hours),
            }).collect();
            case.report(&saying("x")).findings.len()
        };
        prop_assert!(found(cap + 1) <= found(cap));
    }
}
