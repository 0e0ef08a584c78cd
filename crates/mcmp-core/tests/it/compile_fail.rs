//! What does not compile: a scope made outside the access module, and a read without one.

#[test]
fn a_scope_can_not_be_made_and_nothing_is_read_without_one() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
