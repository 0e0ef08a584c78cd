//! Places in a column: numbers with room between them.

/// The room left between two cards where there is plenty: a card can be put between the same two
/// neighbours 32 times before others have to make room.
const SPACING: i128 = 1 << 32;

/// `count` places, in order, below the one at `above` and above the one at `below`; `None` is the
/// end of the list on that side. No answer means that there is no room: ask for more places, with
/// the next neighbour as `below`, and move those in between as well.
#[must_use]
pub fn places(above: Option<i64>, count: usize, below: Option<i64>) -> Option<Vec<i64>> {
    let (above, below) = (above.map(i128::from), below.map(i128::from));
    let count = i128::try_from(count).ok()?;
    // The room, with both ends excluded.
    let start = above.unwrap_or(i128::from(i64::MIN) - 1);
    let end = below.unwrap_or(i128::from(i64::MAX) + 1);
    let step = match (above, below) {
        (Some(_), Some(_)) => (end - start) / (count + 1),
        _ => SPACING.min((end - start) / (count + 1)),
    };
    if step < 1 {
        return None;
    }
    let before_first = match (above, below) {
        (Some(above), _) => above,
        (None, Some(below)) => below - step * (count + 1),
        (None, None) => -step,
    };
    (1..=count).map(|i| i64::try_from(before_first + step * i).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_card_leaves_room_on_both_sides() {
        assert_eq!(places(None, 1, None), Some(vec![0]));
    }

    #[test]
    fn neighbours_without_room_say_so() {
        assert_eq!(places(Some(4), 1, Some(5)), None);
        assert_eq!(places(Some(5), 1, Some(5)), None);
        assert_eq!(places(Some(i64::MAX), 1, None), None);
        assert_eq!(places(None, 1, Some(i64::MIN)), None);
        assert_eq!(places(Some(4), 1, Some(6)), Some(vec![5]));
    }

    proptest! {
        #[test]
        fn places_lie_in_order_between_their_neighbours(
            above in prop::option::of(any::<i64>()),
            room in prop::option::of(0_u64..1_000),
            count in 1_usize..20,
        ) {
            let below = room.and_then(|room| above.unwrap_or(7).checked_add_unsigned(room));
            match places(above, count, below) {
                Some(found) => {
                    prop_assert_eq!(found.len(), count);
                    let all: Vec<i64> = above.into_iter().chain(found).chain(below).collect();
                    prop_assert!(all.is_sorted_by(|a, b| a < b), "{:?}", all);
                }
                None => {
                    let end = below.map_or(i128::from(i64::MAX) + 1, i128::from);
                    let start = above.map_or(i128::from(i64::MIN) - 1, i128::from);
                    prop_assert!(end - start <= i128::try_from(count).unwrap(), "there was room");
                }
            }
        }
    }
}
