//! What cannot be applied or folded: it is tried again, and if that is not the database's state of the moment, the one
//! to blame is looked for and left out. The others go on.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tracing::{error, warn};

use super::apply::Applied;
use super::lane::{PAUSE_MAX, PAUSE_MIN, Run};
use super::sort::{Delivery, Harmful};
use crate::storage::Error;
use crate::storage::conversations::Fold;
use crate::storage::segments::Segment;

impl Run {
    /// Applies segments, however long it takes. What cannot be applied is set aside.
    pub(super) async fn apply(&self, segments: &[Arc<Segment>]) -> Applied {
        let mut harmful = Harmful::new();
        let mut is_acquitted = false;
        let mut pause = PAUSE_MIN;
        loop {
            match self.try_apply(segments, &harmful).await {
                Ok(applied) => return applied,
                Err(error) if error.is_transient() => {
                    warn!(%error, "a batch of webhooks could not be applied; it is tried again");
                }
                Err(error) => {
                    error!(%error, "a batch of webhooks cannot be applied; looking for the item that is to blame");
                    match self.find_harmful(segments, &error, &harmful, is_acquitted).await {
                        Ok(found) => {
                            is_acquitted = found.is_empty();
                            harmful.extend(found);
                        }
                        Err(error) => {
                            warn!(%error, "the item to blame could not be found; it is tried again");
                        }
                    }
                }
            }
            self.applier.metrics.apply_failures.inc();
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn try_apply(&self, segments: &[Arc<Segment>], harmful: &Harmful) -> Result<Applied, Error> {
        let attempt = AssertUnwindSafe(self.applier.apply(segments, harmful)).catch_unwind();
        attempt.await.unwrap_or(Err(Error::Malformed { what: "a batch at which this program panicked" }))
    }

    /// Tries each webhook alone, and of those that cannot be applied each item: which ones are to blame. If all can,
    /// whatever was in the way may have gone: none. If they had all been acquitted so before, and together they still
    /// cannot, none is known to be harmless.
    async fn find_harmful(
        &self,
        segments: &[Arc<Segment>],
        reason: &Error,
        harmful: &Harmful,
        is_acquitted: bool,
    ) -> Result<Harmful, Error> {
        let mut found = Harmful::new();
        let mut others = Harmful::new();
        for segment in segments {
            for (slot, webhook) in (0_u32..).zip(&segment.webhooks) {
                let read = || Delivery::read(segment.place, slot, webhook).without(harmful);
                let items: Vec<u32> = read().items.iter().map(|item| item.index).collect();
                let key = |index: u32| (segment.place.number, slot, index);
                let Some(error) = self.harm_of(read(), reason).await? else {
                    others.extend(items.into_iter().map(|index| (key(index), reason.to_string())));
                    continue;
                };
                let mut guilty = Harmful::new();
                for index in items.iter().copied().filter(|_| items.len() > 1) {
                    if let Some(error) = self.harm_of(read().only(index), reason).await? {
                        guilty.insert(key(index), error.to_string());
                    }
                }
                if guilty.is_empty() {
                    guilty.extend(items.into_iter().map(|index| (key(index), error.to_string())));
                }
                found.extend(guilty);
            }
        }
        Ok(if found.is_empty() && is_acquitted { others } else { found })
    }

    /// Why a webhook cannot be applied; none if it can.
    async fn harm_of(&self, delivery: Delivery<'_>, reason: &Error) -> Result<Option<Error>, Error> {
        let attempt = AssertUnwindSafe(self.applier.rehearse(delivery)).catch_unwind();
        let outcome = attempt.await;
        self.beat(|pulses| &pulses.apply);
        match outcome {
            Ok(Ok(())) => Ok(None),
            Ok(Err(error)) if error.is_transient() => Err(error),
            Ok(Err(error)) => Ok(Some(error)),
            Err(_) => Ok(Some(reason.clone())),
        }
    }

    /// Takes out what the database refuses: such a conversation or message must not hold the others up. All that was
    /// said about it is there; what it shows of that is not.
    pub(super) async fn leave_out_refused(&self, fold: &mut Fold) -> Result<(), Error> {
        for (message, error) in self.applier.storage.advance_messages(&fold.advances).await? {
            error!(%error, %message, "a message cannot be moved forward and is left as it is");
            self.applier.metrics.fold_refusals.inc();
        }
        fold.advances.clear();
        let mut refused = HashSet::new();
        let mut parts = vec![fold.changes.as_slice()];
        while let Some(part) = parts.pop() {
            let Err(error) = self.applier.storage.rehearse_fold(part).await else { continue };
            if error.is_transient() {
                return Err(error);
            }
            if let [(conversation, _)] = part {
                error!(%error, %conversation, "a conversation cannot be brought up to date and is left as it is");
                self.applier.metrics.fold_refusals.inc();
                refused.insert(*conversation);
            } else {
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([first, second]);
            }
            self.beat(|pulses| &pulses.fold);
        }
        fold.changes.retain(|(conversation, _)| !refused.contains(conversation));
        Ok(())
    }
}
