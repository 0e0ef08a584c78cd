//! All that the application needs to publish with MCMP, its routes included.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use mcmp_core::id::{AgencyId, PostId};
use mcmp_core::portal::{PostDraft, Session, UserDraft, When};
use mcmp_core::post::Post;
use mcmp_core::store::{Page, PostFilter, Query};
use mcmp_core::{Error, Portal};

use crate::app::{App, SignedIn, User};

#[derive(Clone)]
pub(crate) struct Publishing {
    pub(crate) portal: Arc<Portal>,
    pub(crate) agency: AgencyId,
}

impl Publishing {
    /// What a user may do: the application says who it is, MCMP what follows.
    pub(crate) async fn session(&self, user: &User) -> Result<Session, Error> {
        let id = user.publishing_id.ok_or(Error::InvalidToken)?;
        self.portal.session(&self.portal.actor_for(id).await?, self.agency).await
    }
}

/// Makes a user of the application known; the id goes into its own table of users.
pub(crate) async fn admit(portal: &Portal, user: &mut User) -> Result<(), Error> {
    let draft = UserDraft { email: user.email.clone(), name: user.name.clone() };
    user.publishing_id = Some(portal.register_user(draft).await?.id);
    Ok(())
}

pub(crate) fn routes() -> axum::Router<App> {
    axum::Router::new()
        .route("/posts", get(list).post(create))
        .route("/posts/{id}/schedule", post(schedule))
}

type Answer<T> = Result<Json<T>, Failure>;

async fn list(State(app): State<App>, user: SignedIn) -> Answer<Page<Post>> {
    let session = app.publishing.session(&user.0).await?;
    Ok(Json(session.posts().list(&Query::new(PostFilter::default())).await?))
}

async fn create(State(app): State<App>, user: SignedIn, draft: Json<PostDraft>) -> Answer<Post> {
    Ok(Json(app.publishing.session(&user.0).await?.posts().create(draft.0).await?))
}

async fn schedule(
    (State(app), Path(id)): (State<App>, Path<PostId>),
    user: SignedIn,
    when: Json<When>,
) -> Answer<Post> {
    Ok(Json(app.publishing.session(&user.0).await?.posts().schedule(id, when.0).await?))
}

/// An error of MCMP knows its status, and has a code that stays the same.
pub(crate) struct Failure(Error);

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.kind().http_status()).unwrap_or_default();
        let body = serde_json::json!({ "code": self.0.code(), "message": self.0.to_string() });
        (status, Json(body)).into_response()
    }
}
