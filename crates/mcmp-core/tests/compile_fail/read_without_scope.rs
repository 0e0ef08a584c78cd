//! A query that forgets the tenant does not compile.

use mcmp_core::id::PostId;
use mcmp_core::post::Post;
use mcmp_core::store::{Query, Read, Store, StoreExt};

async fn all(store: &dyn Store, id: PostId) {
    let _: Option<Post> = store.find(id).await.unwrap();
    let _ = Read::<Post>::list(store, &Query::new(Default::default())).await;
}

fn main() {
    let _ = all;
}
