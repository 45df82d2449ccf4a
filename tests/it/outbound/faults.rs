//! Services that die while they send, and two that send at once, as programs of their own. The simulator's journal says
//! what was taken.

use std::time::Duration;

use futures_util::StreamExt;

use super::senders::Senders;
use super::stage::template;
use super::storm::{Plan, storm};
use crate::support::within;

/// A lease, and time for what comes back.
const SETTLED_WITHIN: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_nothing_is_lost_sent_twice_or_out_of_order() {
    let outcome = storm(&Plan::small(1)).await;
    outcome.demand();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_senders_together_keep_the_limits_of_number_and_pair() {
    const MANY: usize = 200;
    const TO_ONE: usize = 50;
    let senders = Senders::new(2, false, &[]).await;
    let asks = (0..MANY + TO_ONE).map(|n| {
        let caller = senders.callers[n % 2].clone();
        async move {
            let phone = if n < MANY { format!("+62812001{n:05}") } else { "+6281200200000".to_owned() };
            caller.sent(template(&phone, &n.to_string())).await
        }
    });
    let ids: Vec<String> = futures_util::stream::iter(asks).buffered(16).collect().await;
    senders.states(&ids[..MANY], SETTLED_WITHIN).await;
    let to_one = async || {
        let taken = senders.meta.taken().await.into_iter();
        taken.filter(|body| body["to"] == "+6281200200000").count()
    };
    within(SETTLED_WITHIN, "some of the burst have left", || async { (to_one().await > 1).then_some(()) })
        .await;
    let sends = senders.meta.sends().await;
    let refused: Vec<&String> =
        sends.iter().filter(|(_, status, _)| *status != Some(200)).map(|(.., why)| why).collect();
    assert_eq!(refused, Vec::<&String>::new());
    assert!(to_one().await <= 45, "the rest waits for the pair");
    senders.fleet.stop().await;
}
