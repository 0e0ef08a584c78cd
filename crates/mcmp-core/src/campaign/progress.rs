//! How far a brief has come.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Deliverable;
use crate::account::Platform;
use crate::id::{CreatorId, UserId};
use crate::post::PostKind;

/// How far one deliverable has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverableProgress {
    /// What was asked for.
    pub deliverable: Deliverable,
    /// How many of them are live.
    pub done: u32,
    /// How many were asked for.
    pub total: u32,
}

/// Something that went live for a brief: one variant of one post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveredPiece {
    /// Where.
    pub platform: Platform,
    /// In which form.
    pub kind: PostKind,
    /// Who had the task.
    pub made_by: Option<UserId>,
}

/// Divides what went live among what was asked for: each piece counts once, and nothing counts
/// beyond what was asked for.
///
/// A piece counts first for a deliverable of the creator who had its task; then for those of
/// creators without an account here (`users` has none for them), unless its maker is another
/// creator of the brief; and last for those that anybody could take.
#[must_use]
pub fn brief_progress(
    deliverables: &[Deliverable],
    users: &BTreeMap<CreatorId, UserId>,
    pieces: Vec<DeliveredPiece>,
) -> Vec<DeliverableProgress> {
    let user_of = |deliverable: &Deliverable| {
        deliverable.creator_id.and_then(|creator| users.get(&creator).copied())
    };
    let named: Vec<UserId> = deliverables.iter().filter_map(user_of).collect();
    let mut progress: Vec<_> = deliverables
        .iter()
        .map(|deliverable| DeliverableProgress {
            deliverable: deliverable.clone(),
            done: 0,
            total: deliverable.count,
        })
        .collect();
    let mut left = pieces;
    for turn in [Turn::Own, Turn::WithoutAccount, Turn::Anybody] {
        for row in &mut progress {
            let wanted = row.deliverable.clone();
            let own = user_of(&wanted);
            let is_turn = match turn {
                Turn::Own => own.is_some(),
                Turn::WithoutAccount => own.is_none() && wanted.creator_id.is_some(),
                Turn::Anybody => wanted.creator_id.is_none(),
            };
            left.retain(|piece| {
                let fits = is_turn
                    && piece.platform == wanted.platform
                    && piece.kind == wanted.kind
                    && match turn {
                        Turn::Own => piece.made_by == own,
                        Turn::WithoutAccount => {
                            piece.made_by.is_none_or(|maker| !named.contains(&maker))
                        }
                        Turn::Anybody => true,
                    };
                let taken = fits && row.done < row.total;
                if taken {
                    row.done += 1;
                }
                !taken
            });
        }
    }
    progress
}

/// Whose deliverables are served.
#[derive(Clone, Copy)]
enum Turn {
    Own,
    WithoutAccount,
    Anybody,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::id::Id;

    fn user(n: u8) -> UserId {
        UserId::from_uuid(Uuid::from_u128(u128::from(n)))
    }

    fn creator(n: u8) -> CreatorId {
        CreatorId::from_uuid(Uuid::from_u128(u128::from(n)))
    }

    fn deliverable(creator_id: Option<CreatorId>, platform: Platform, count: u32) -> Deliverable {
        Deliverable { creator_id, platform, kind: PostKind::Feed, count, due_on: None, fee: None }
    }

    fn piece(platform: Platform, made_by: Option<UserId>) -> DeliveredPiece {
        DeliveredPiece { platform, kind: PostKind::Feed, made_by }
    }

    #[test]
    fn a_piece_counts_for_its_maker_before_it_counts_for_anybody() {
        let asked = [
            deliverable(None, Platform::TIKTOK, 2),
            deliverable(Some(creator(1)), Platform::TIKTOK, 1),
            deliverable(Some(creator(2)), Platform::TIKTOK, 1),
        ];
        let users = BTreeMap::from([(creator(1), user(1))]);
        let made = vec![
            piece(Platform::TIKTOK, Some(user(1))),
            piece(Platform::TIKTOK, Some(user(1))),
            piece(Platform::TIKTOK, None),
            piece(Platform::X, None),
        ];
        let done: Vec<_> =
            brief_progress(&asked, &users, made).iter().map(|row| row.done).collect();
        assert_eq!(done, [1, 1, 1], "the maker's second piece is not another creator's");
    }

    proptest! {
        #[test]
        fn each_piece_counts_once_and_nothing_beyond_what_was_asked(
            asked in prop::collection::vec((prop::option::of(0_u8..4), any::<bool>(), 1_u32..4), 0..6),
            made in prop::collection::vec((prop::option::of(0_u8..4), any::<bool>()), 0..20),
        ) {
            let platform = |x| if x { Platform::X } else { Platform::THREADS };
            let asked: Vec<_> = asked
                .into_iter()
                .map(|(who, x, count)| deliverable(who.map(creator), platform(x), count))
                .collect();
            let users = BTreeMap::from([(creator(0), user(0)), (creator(1), user(1))]);
            let made: Vec<_> =
                made.into_iter().map(|(who, x)| piece(platform(x), who.map(user))).collect();
            let rows = brief_progress(&asked, &users, made.clone());
            prop_assert!(rows.iter().all(|row| row.done <= row.total));
            for x in [true, false] {
                let on = |row: &&DeliverableProgress| row.deliverable.platform == platform(x);
                let done: u32 = rows.iter().filter(on).map(|row| row.done).sum();
                let made = made.iter().filter(|piece| piece.platform == platform(x)).count();
                prop_assert!(usize::try_from(done).unwrap() <= made);
                // Where anybody may take it, no piece is left over while something is still open.
                let open = rows.iter().filter(on).any(|row| {
                    row.deliverable.creator_id.is_none() && row.done < row.total
                });
                prop_assert!(!open || usize::try_from(done).unwrap() == made);
            }
        }
    }
}
