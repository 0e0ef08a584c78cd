//! A scope has no constructors but those of the access module.

use mcmp_core::access::{ActorRef, Reach, Scope};

fn main() {
    let _ = Scope::new(ActorRef::System("me".to_owned()), Reach::Everything, None);
    let _ = Scope::of_system("me", None);
}
