//! A scope does not come from outside.

use mcmp_core::access::Scope;

fn needs<T: serde::de::DeserializeOwned>() {}

fn main() {
    needs::<Scope>();
}
