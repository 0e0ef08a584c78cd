//! What stores that keep JSON rely on, and the store in memory can't show.

use chrono::DateTime;

use super::{Maker, Place, Sample};
use crate::store::for_each_entity;

fn comes_back<E: Sample>(maker: &Maker, place: &Place) {
    for seq in 0..200 {
        let entity = E::sample(maker, place, seq);
        let text = serde_json::to_string(&entity).unwrap();
        let back: E = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{} {seq}: {error}: {text}", E::KIND));
        assert_eq!(back, entity, "{} {seq} as text", E::KIND);
        let back: E = serde_json::from_value(serde_json::to_value(&entity).unwrap()).unwrap();
        assert_eq!(back, entity, "{} {seq} as a value", E::KIND);
    }
}

#[test]
fn every_kind_comes_back_from_its_json() {
    let maker = Maker::new(DateTime::from_timestamp_millis(1_800_000_000_123).unwrap());
    let place = Place::new(&maker, maker.id(), maker.id(), maker.id());
    macro_rules! check {
        ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {
            $(comes_back::<$type>(&maker, &place);)+
        };
    }
    for_each_entity!(check);
}
