//! A scope's fields are nobody's business.

use mcmp_core::access::{ActorRef, Reach, Scope};

fn main() {
    let _ = Scope {
        actor: ActorRef::System("me".to_owned()),
        reach: Reach::Everything,
        agency: None,
        everywhere: Default::default(),
        by_client: Default::default(),
    };
}
