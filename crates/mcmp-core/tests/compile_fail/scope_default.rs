//! There is no scope to start from.

use mcmp_core::access::Scope;

fn main() {
    let _ = Scope::default();
}
