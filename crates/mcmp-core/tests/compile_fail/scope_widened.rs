//! A scope that somebody holds can't be made a wider one.

use mcmp_core::access::{Reach, Scope};

fn widen(scope: Scope) -> Scope {
    Scope { reach: Reach::Everything, ..scope }
}

fn main() {
    let _ = widen;
}
