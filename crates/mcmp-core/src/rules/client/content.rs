//! What a client wants said, shown and linked.

use std::cell::OnceCell;

use super::{ClientCheck, ClientRules, error};
use crate::asset::AssetKind;
use crate::client::Hashtag;
use crate::post::{Outgoing, OutgoingMedia};
use crate::rules::finding::{Finding, FindingCode};
use crate::rules::per_text::PerText;
use crate::rules::text::{Entities, WordMatch, extract, fold, same_tag};

pub(super) fn check(outgoing: &[Outgoing], against: &ClientCheck<'_>, findings: &mut Vec<Finding>) {
    let rules = against.rules.fields();
    let mut read = Texts { rules: against.rules, read: PerText::new() };
    for item in outgoing {
        check_words(item, &mut read, findings);
        check_hashtags(item, &mut read, findings);
        if !rules.disclosures.is_empty() && !read.of(&item.text, Reading::is_disclosed) {
            let message = format!("the text must say one of: {}", rules.disclosures.join(", "));
            findings.push(
                error(item, FindingCode::DisclosureRequired, "text", message)
                    .limit(rules.disclosures.join(", ")),
            );
        }
        check_links(item, &mut read, findings);
        check_media(item, against, findings);
    }
}

/// What was read from the texts so far.
struct Texts<'a> {
    rules: &'a ClientRules,
    read: PerText<'a, Reading<'a>>,
}

/// What a text holds, found when first asked for.
struct Reading<'a> {
    rules: &'a ClientRules,
    text: &'a str,
    banned: OnceCell<Vec<WordMatch>>,
    is_disclosed: OnceCell<bool>,
    entities: OnceCell<Entities<'a>>,
}

impl<'a> Texts<'a> {
    fn of<R>(&mut self, text: &'a str, ask: impl FnOnce(&Reading<'a>) -> R) -> R {
        let rules = self.rules;
        let read = |text| Reading {
            rules,
            text,
            banned: OnceCell::new(),
            is_disclosed: OnceCell::new(),
            entities: OnceCell::new(),
        };
        self.read.ask(text, read, ask)
    }
}

impl<'a> Reading<'a> {
    fn banned(&self) -> &[WordMatch] {
        self.banned.get_or_init(|| self.rules.banned().matches(self.text))
    }

    fn is_disclosed(&self) -> bool {
        let find = || !self.rules.disclosures().matches(self.text).is_empty();
        *self.is_disclosed.get_or_init(find)
    }

    fn entities(&self) -> &Entities<'a> {
        self.entities.get_or_init(|| extract(self.text))
    }

    fn has_hashtag(&self, wanted: &Hashtag) -> bool {
        self.entities().hashtags.iter().any(|span| same_tag(span.text, wanted.as_str()))
    }
}

/// The texts of a variant that people can read, each with its field.
fn texts(item: &Outgoing) -> impl Iterator<Item = (String, &str)> {
    let own = [("title", Some(item.title.as_str())), ("text", Some(item.text.as_str()))];
    let comment = [("first_comment", item.first_comment.as_deref())];
    let parts =
        item.thread.iter().enumerate().map(|(i, p)| (format!("thread[{i}].text"), p.text.as_str()));
    own.into_iter()
        .chain(comment)
        .filter_map(|(field, text)| Some((field.to_owned(), text?)))
        .chain(parts)
}

fn check_words<'a>(item: &'a Outgoing, read: &mut Texts<'a>, findings: &mut Vec<Finding>) {
    let words = &read.rules.fields().banned_words;
    for (field, text) in texts(item) {
        read.of(text, |reading| {
            for found in reading.banned() {
                let word = words.get(found.word).map_or("", String::as_str);
                let written = text.get(found.start..found.end).unwrap_or(word);
                let message = format!("“{written}” must not be used for this client");
                findings.push(
                    error(item, FindingCode::BannedWord, &field, message)
                        .limit(word)
                        .actual(written),
                );
            }
        });
    }
}

fn check_hashtags<'a>(item: &'a Outgoing, read: &mut Texts<'a>, findings: &mut Vec<Finding>) {
    for wanted in &read.rules.fields().required_hashtags {
        let places = [Some(item.text.as_str()), item.first_comment.as_deref()];
        let has_it = |text| read.of(text, |reading| reading.has_hashtag(wanted));
        if !places.into_iter().flatten().any(has_it) {
            let message = format!("the hashtag #{wanted} is missing");
            findings.push(
                error(item, FindingCode::HashtagRequired, "text", message)
                    .limit(format_args!("#{wanted}"))
                    .hint("it may also stand in the first comment"),
            );
        }
    }
}

fn check_links<'a>(item: &'a Outgoing, read: &mut Texts<'a>, findings: &mut Vec<Finding>) {
    let policy = &read.rules.fields().links;
    if policy.allowed_hosts.is_empty() && policy.blocked_hosts.is_empty() && !policy.https_only {
        return;
    }
    let mut check = |field: &str, link: &str| {
        let host = host_of(link);
        let refusal = if policy.https_only
            && link.get(..5).is_some_and(|s| s.eq_ignore_ascii_case("http:"))
        {
            Some("links must use https".to_owned())
        } else if policy.blocked_hosts.iter().any(|blocked| is_of(&host, blocked)) {
            Some(format!("links to {host} are not wanted for this client"))
        } else if !policy.allowed_hosts.is_empty()
            && !policy.allowed_hosts.iter().any(|allowed| is_of(&host, allowed))
        {
            Some(format!("{host} is not among the hosts that this client links to"))
        } else {
            None
        };
        if let Some(message) = refusal {
            findings.push(error(item, FindingCode::LinkNotAllowed, field, message).actual(link));
        }
    };
    if let Some(link) = &item.link {
        check("link", link.as_str());
    }
    for (field, text) in texts(item) {
        read.of(text, |reading| {
            reading.entities().urls.iter().for_each(|link| check(&field, link.text));
        });
    }
}

/// The host of a link as it stands in a text, where the scheme may be missing.
fn host_of(link: &str) -> String {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    fold(host.split(':').next().unwrap_or(host)).trim_end_matches('.').to_owned()
}

/// Whether `host` is `parent` or lies under it.
fn is_of(host: &str, parent: &str) -> bool {
    let parent = fold(parent);
    host.strip_suffix(parent.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn check_media(item: &Outgoing, against: &ClientCheck<'_>, findings: &mut Vec<Finding>) {
    let own = item.media.iter().enumerate().map(|(i, m)| (format!("media[{i}]"), m));
    let of_parts = item.thread.iter().enumerate().flat_map(|(p, part)| {
        part.media.iter().enumerate().map(move |(i, m)| (format!("thread[{p}].media[{i}]"), m))
    });
    for (place, media) in own.chain(of_parts) {
        if against.rules.fields().alt_text_required && needs_alt_text(media) {
            let message = format!("“{}” needs a description", media.file_name);
            findings.push(error(
                item,
                FindingCode::AltTextRequired,
                &format!("{place}.alt_text"),
                message,
            ));
        }
        check_rights(item, &place, media, against, findings);
    }
}

fn needs_alt_text(media: &OutgoingMedia) -> bool {
    matches!(media.kind, AssetKind::Image | AssetKind::Video)
        && media.alt_text.as_ref().is_none_or(|text| text.trim().is_empty())
}

fn check_rights(
    item: &Outgoing,
    place: &str,
    media: &OutgoingMedia,
    against: &ClientCheck<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some(at) = against.planned_at else { return };
    let day = at.with_timezone(&against.zone).date_naive();
    let rights_until = against.assets.get(&media.asset_id).and_then(|asset| asset.rights_until);
    if let Some(last) = rights_until.filter(|last| *last < day) {
        let message = format!("“{}” may be used until {last} only", media.file_name);
        findings
            .push(error(item, FindingCode::RightsExpired, place, message).limit(last).actual(day));
    }
}
