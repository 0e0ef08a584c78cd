//! Clients and whole installations that move from one store to another.

mod refused;

use std::io::Cursor;
use std::sync::Arc;

use chrono::TimeDelta;
use mcmp_core::Portal;
use mcmp_core::access::{Actor, Scope};
use mcmp_core::account::Platform;
use mcmp_core::agency::{Agency, Meter};
use mcmp_core::client::{Client, ClientStatus};
use mcmp_core::entropy::SeededEntropy;
use mcmp_core::fake::FakePublisher;
use mcmp_core::id::ClientId;
use mcmp_core::portal::{PauseScope, Session};
use mcmp_core::publishing::WorkerId;
use mcmp_core::secret::SecretText;
use mcmp_core::store::{
    ClaimRequest, Commit, EntityKind, JobQueue, MemoryStore, Store, StoreError, StoreExt,
};
use mcmp_core::testkit::{Skip, TestStore, transfer::round_trip};
use mcmp_core::time::{ManualClock, Month};
use mcmp_core::transfer::{
    Imported, LineKind, Selection, Summary, TransferError, export, import, verify,
};
use tokio::io::AsyncReadExt as _;

use super::desk::{Desk, channel};
use super::fixture::{key_ring, name};

fn system() -> Scope {
    Actor::system("test").own_scope().unwrap()
}

/// Hosts spawn such calls as tasks.
fn spawnable<T>(call: impl Future<Output = T> + Send) -> impl Future<Output = T> + Send {
    call
}

async fn write(store: &dyn Store, selection: Selection) -> Result<Vec<u8>, TransferError> {
    let mut file = Vec::new();
    spawnable(export(store, &system(), selection, &mut file)).await?;
    Ok(file)
}

async fn read(store: &dyn Store, file: impl AsRef<[u8]>) -> Result<Imported, TransferError> {
    spawnable(import(store, &system(), &mut Cursor::new(file.as_ref()))).await
}

/// Another installation: with the same keys, and with platforms that take the client's token alone.
struct There {
    store: MemoryStore,
    portal: Portal,
    facebook: Arc<FakePublisher>,
}

impl There {
    fn beside(desk: &Desk) -> Self {
        let store = MemoryStore::new(Arc::new(desk.clock.clone()));
        let facebook = Arc::new(FakePublisher::new(Platform::FACEBOOK));
        facebook.accept_only(&SecretText::new("ACCESS-1"));
        let portal = Portal::builder(Arc::new(store.clone()))
            .clock(Arc::new(desk.clock.clone()))
            .entropy(Arc::new(SeededEntropy::new(77)))
            .sealer(key_ring("a", &[]))
            .publisher(facebook.clone())
            .publisher(Arc::new(FakePublisher::new(Platform::THREADS)))
            .build()
            .unwrap();
        Self { store, portal, facebook }
    }

    async fn systems(&self, desk: &Desk) -> Session {
        self.portal.session(&Actor::system("test"), desk.agency.id).await.unwrap()
    }

    async fn run(&self) -> usize {
        self.portal.worker().unwrap().run_due().await.unwrap()
    }

    fn live(&self, desk: &Desk) -> usize {
        self.facebook.live_on(desk.page.id, desk.now()).len()
    }
}

impl Desk {
    async fn paused(&self) -> Selection {
        self.owners().await.clients().pause(self.client.id).await.unwrap();
        Selection::Client(self.client.id)
    }
}

#[tokio::test]
async fn memory_to_memory_and_back() {
    async fn memory() -> Result<TestStore, Skip> {
        let clock = ManualClock::new("2026-11-02T09:00:00.123Z".parse().unwrap());
        let store = MemoryStore::new(Arc::new(clock.clone()));
        Ok(TestStore::new(Arc::new(store), clock))
    }
    round_trip(memory, memory).await.unwrap();
}

#[tokio::test]
async fn a_client_that_moves_goes_out_there_once_and_only_when_it_is_resumed() {
    let desk = Desk::new().await;
    let there = There::beside(&desk);
    let other = desk.client("other").await;
    let owner = desk.owners().await;
    let page = channel(Platform::FACEBOOK, "page of others");
    let page = owner.accounts().connect(other.id, page).await.unwrap();
    let post = desk.scheduled("Moving house").await;

    let one = Selection::Client(desk.client.id);
    let error = write(&desk.store, one).await.expect_err("it is not paused");
    assert_eq!(error.code(), "not_paused");
    let file = write(&desk.store, desk.paused().await).await.unwrap();
    let text = String::from_utf8(file.clone()).unwrap();
    assert!(text.contains("Moving house") && text.contains(desk.page.id.to_string().as_str()));
    assert!(!text.contains("ACCESS-1"), "no token in the clear");
    for of_others in [other.id.to_string(), page.id.to_string()] {
        assert!(!text.contains(&of_others), "{of_others}");
    }
    let done = read(&there.store, &file).await.unwrap();
    assert_eq!(done.written[&LineKind::Entity(EntityKind::SocialAccount)], 2);
    assert_eq!(done.written.get(&LineKind::Entity(EntityKind::User)), None, "people stay");

    desk.clock.advance(TimeDelta::hours(1));
    assert_eq!((there.run().await, desk.run().await), (0, 0), "paused here and there");
    let session = there.systems(&desk).await;
    session.clients().resume(desk.client.id).await.unwrap();
    there.run().await;
    assert_eq!((there.live(&desk), desk.live(desk.page.id).len()), (1, 0));
    let moved = session.posts().get(post.id).await.unwrap();
    assert_eq!(moved.status.as_str(), "published");

    let used = async |meter, month| {
        there.store.usage(&system(), desk.agency.id, meter, month).await.unwrap()
    };
    let month = Some(Month::of(post.created_at));
    assert_eq!(used(Meter::Clients, None).await, 1);
    assert_eq!(used(Meter::Accounts, None).await, 2);
    assert_eq!(used(Meter::PostsPerMonth, month).await, 1);
    assert_eq!(used(Meter::Members, None).await, 0);
}

#[tokio::test]
async fn an_agency_that_is_there_already_is_left_as_it_is() {
    let desk = Desk::new().await;
    let there = There::beside(&desk);
    let other = desk.client("other").await;
    read(&there.store, write(&desk.store, desk.paused().await).await.unwrap()).await.unwrap();
    let mut agency: Agency = there.store.find(&system(), desk.agency.id).await.unwrap().unwrap();
    agency.name = name("Renamed");
    let mut changes = mcmp_core::store::ChangeSet::new();
    changes.update(&mut agency);
    there.store.commit(&system(), changes).await.unwrap();

    desk.owners().await.clients().pause(other.id).await.unwrap();
    let file = write(&desk.store, Selection::Client(other.id)).await.unwrap();
    let done = read(&there.store, file).await.unwrap();
    assert_eq!(done.already_there, 1);
    let found: Option<Agency> = there.store.find(&system(), agency.id).await.unwrap();
    assert_eq!(found, Some(agency));
    let clients = there.store.usage(&system(), desk.agency.id, Meter::Clients, None).await;
    assert_eq!(clients.unwrap(), 2, "added to what was there");
}

#[tokio::test]
async fn a_job_that_a_worker_died_over_is_rescued_where_it_arrives() {
    let desk = Desk::new().await;
    let there = There::beside(&desk);
    desk.scheduled("Rescued").await;
    desk.clock.advance(TimeDelta::hours(1));
    let worker = WorkerId("dies".to_owned());
    let request =
        ClaimRequest { worker, limit: 1, lease: TimeDelta::minutes(5), ahead: TimeDelta::zero() };
    let claimed = desk.store.claim(&system(), &request).await.unwrap();
    let one = desk.paused().await;
    let error = write(&desk.store, one).await.expect_err("a worker holds it");
    let until = claimed.at + request.lease;
    assert!(error.is_temporary());
    assert!(
        matches!(error, TransferError::JobsHeld { count: 1, until: end } if end == until),
        "{error:?}"
    );

    desk.clock.advance(TimeDelta::minutes(6));
    read(&there.store, write(&desk.store, one).await.unwrap()).await.unwrap();
    there.systems(&desk).await.clients().resume(desk.client.id).await.unwrap();
    for _ in 0..60 {
        there.run().await;
        desk.clock.advance(TimeDelta::minutes(1));
    }
    assert_eq!(there.live(&desk), 1);
}

#[tokio::test]
async fn a_change_meanwhile_ends_the_export() {
    let desk = Desk::new().await;
    for _ in 0..60 {
        desk.draft(&"long ".repeat(400)).await;
    }
    let one = desk.paused().await;
    let (near, mut far) = tokio::io::duplex(1 << 10);
    let scope = system();
    let exporting = async {
        let mut near = near;
        export(&desk.store, &scope, one, &mut near).await
    };
    let meddling = async {
        let mut file = vec![0; 10];
        far.read_exact(&mut file).await.unwrap();
        desk.draft("Meanwhile").await;
        far.read_to_end(&mut file).await.unwrap();
        file
    };
    let (answer, file) = tokio::join!(exporting, meddling);
    assert!(matches!(answer, Err(TransferError::Changed)), "{answer:?}");
    let answer = verify(&mut file.as_slice()).await;
    assert!(matches!(answer, Err(TransferError::Truncated { .. })), "{answer:?}");
}

#[tokio::test]
async fn everything_stays_paused_until_somebody_resumes_it() {
    let desk = Desk::new().await;
    let there = There::beside(&desk);
    desk.scheduled("All of us").await;
    let all = Selection::Everything;
    let error = write(&desk.store, all).await.expect_err("it is not paused");
    assert!(matches!(error, TransferError::NotPaused { selection } if selection == all));
    desk.portal.pause(PauseScope::Platform(Platform::FACEBOOK)).await.unwrap();
    assert_eq!(write(&desk.store, all).await.expect_err("not all").code(), "not_paused");
    desk.portal.pause(PauseScope::Everything).await.unwrap();
    let file = write(&desk.store, all).await.unwrap();
    assert!(!String::from_utf8(file.clone()).unwrap().contains("ACCESS-1"));
    read(&there.store, &file).await.unwrap();
    assert!(there.portal.pauses().await.unwrap().everything);
    // People sign in there as they did here.
    let owner = there.portal.actor_for(desk.owner).await.unwrap();
    let session = there.portal.session(&owner, desk.agency.id).await.unwrap();
    assert_eq!(session.clients().get(desk.client.id).await.unwrap().id, desk.client.id);
    let used = there.store.usage(&system(), desk.agency.id, Meter::Accounts, None).await;
    assert_eq!(used.unwrap(), 2);
}

#[tokio::test]
async fn what_is_there_and_differs_is_named_and_kept() {
    let desk = Desk::new().await;
    let there = There::beside(&desk);
    let file = write(&desk.store, desk.paused().await).await.unwrap();
    read(&there.store, &file).await.unwrap();
    let session = there.systems(&desk).await;
    let resumed = session.clients().resume(desk.client.id).await.unwrap();
    let error = read(&there.store, &file).await.expect_err("it differs");
    let TransferError::Differs { line, kind, id } = error else { panic!("{error:?}") };
    let client = LineKind::Entity(EntityKind::Client);
    assert_eq!((line, kind, id), (3, client, uuid_of(desk.client.id)));
    let kept: Option<Client> = there.store.find(&system(), desk.client.id).await.unwrap();
    assert_eq!(kept.as_ref(), Some(&resumed));
    assert_eq!(resumed.status, ClientStatus::Active);
}

fn uuid_of(client: ClientId) -> uuid::Uuid {
    mcmp_core::id::Id::uuid(client)
}

#[tokio::test]
async fn what_the_store_refuses_is_named() {
    let desk = Desk::new().await;
    let there = There::beside(&desk);
    let mut rival = desk.agency.clone();
    rival.id = mcmp_core::id::Id::from_uuid(uuid::Uuid::from_u128(5));
    let mut changes = mcmp_core::store::ChangeSet::new();
    changes.insert(&mut rival);
    there.store.commit(&system(), changes).await.unwrap();
    let file = write(&desk.store, desk.paused().await).await.unwrap();
    let error = read(&there.store, &file).await.expect_err("the subdomain is taken");
    let TransferError::Refused { line: 2, kind, source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*kind, LineKind::Entity(EntityKind::Agency));
    assert!(matches!(**source, StoreError::NotUnique { field: "subdomain", .. }), "{source:?}");
}

#[tokio::test]
async fn only_the_system_moves_anything() {
    let desk = Desk::new().await;
    let one = desk.paused().await;
    let owner = desk.owners().await;
    let mut file = Vec::new();
    let answer = export(&desk.store, owner.scope(), one, &mut file).await;
    assert!(matches!(answer, Err(TransferError::OutOfScope)), "{answer:?}");
    assert!(file.is_empty());
    let answer = import(&desk.store, owner.scope(), &mut Cursor::new(&file)).await;
    assert!(matches!(answer, Err(TransferError::OutOfScope)), "{answer:?}");
    let nobody = mcmp_core::id::Id::from_uuid(uuid::Uuid::nil());
    let answer = write(&desk.store, Selection::Client(nobody)).await;
    assert!(matches!(answer, Err(TransferError::NoClient(id)) if id == nobody), "{answer:?}");
}

#[tokio::test]
async fn a_file_says_what_is_in_it() {
    let desk = Desk::new().await;
    let file = write(&desk.store, desk.paused().await).await.unwrap();
    let Summary { manifest, counts, sha256 } = verify(&mut file.as_slice()).await.unwrap();
    assert_eq!(manifest.selection, Selection::Client(desk.client.id));
    assert_eq!(manifest.exported_at, desk.now());
    assert_eq!(counts[&LineKind::Lane], 2);
    assert_eq!(sha256.len(), 64);
    let lines = file.split(|byte| *byte == b'\n').count() as u64 - 1;
    assert_eq!(counts.values().sum::<u64>() + 2, lines);
}
