//! How a portal is put together.

use std::sync::Arc;

use super::{Parts, Portal};
use crate::entropy::{Entropy, IdSource, SystemEntropy};
use crate::error::Error;
use crate::publishing::{Publisher, Publishers};
use crate::rules::limits::LimitsBook;
use crate::secret::Sealer;
use crate::service::{MediaStorage, MemoryMedia, Notifier, WebhookSender};
use crate::store::Store;
use crate::time::{Clock, SystemClock};

/// Puts a [`Portal`] together.
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct PortalBuilder {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    sealer: Option<Arc<dyn Sealer>>,
    limits: Option<LimitsBook>,
    publishers: Publishers,
    media: Arc<dyn MediaStorage>,
    notifiers: Vec<Arc<dyn Notifier>>,
    webhooks: Option<Arc<dyn WebhookSender>>,
}

impl PortalBuilder {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            sealer: None,
            limits: None,
            publishers: Publishers::new(),
            media: Arc::new(MemoryMedia::new()),
            notifiers: Vec::new(),
            webhooks: None,
        }
    }

    /// Where "now" comes from; the system's clock if not said.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where randomness comes from; the system's if not said.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// What seals tokens; without one no account can be connected.
    pub fn sealer(mut self, sealer: Arc<dyn Sealer>) -> Self {
        self.sealer = Some(sealer);
        self
    }

    /// The platforms' limits, with an operator's overrides or platforms of other crates; the
    /// bundled ones if not said.
    pub fn limits(mut self, limits: LimitsBook) -> Self {
        self.limits = Some(limits);
        self
    }

    /// What publishes to a platform, in place of an earlier one for the same platform.
    pub fn publisher(mut self, publisher: Arc<dyn Publisher>) -> Self {
        self.publishers = self.publishers.with(publisher);
        self
    }

    /// Where media files lie; in memory if not said.
    pub fn media(mut self, media: Arc<dyn MediaStorage>) -> Self {
        self.media = media;
        self
    }

    /// What tells people outside the product, in place of an earlier one for the same channel;
    /// without any, people are told in the product alone.
    pub fn notifier(mut self, notifier: Arc<dyn Notifier>) -> Self {
        self.notifiers.retain(|earlier| earlier.channel() != notifier.channel());
        self.notifiers.push(notifier);
        self
    }

    /// What hands messages to webhook endpoints; without it they wait.
    pub fn webhooks(mut self, sender: Arc<dyn WebhookSender>) -> Self {
        self.webhooks = Some(sender);
        self
    }

    /// The portal.
    ///
    /// # Errors
    /// The bundled limits can't be read, which never happens to a released crate.
    pub fn build(self) -> Result<Portal, Error> {
        let Self { store, clock, entropy, sealer, limits, publishers, media, notifiers, webhooks } =
            self;
        let limits = match limits {
            Some(limits) => limits,
            None => LimitsBook::bundled()?,
        };
        let ids = IdSource::new(entropy.clone());
        Ok(Portal {
            parts: Arc::new(Parts {
                store,
                clock,
                entropy,
                ids,
                sealer,
                limits,
                publishers,
                media,
                notifiers,
                webhooks,
            }),
        })
    }
}
