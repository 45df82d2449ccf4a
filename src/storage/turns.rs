//! Turns: for each conversation that has something to send, who sends it now and when it is next to be looked at.
//!
//! A conversation's messages leave one after the other, so not a message is claimed but its conversation's turn. Leases
//! are in the database's time (`$$NOW`); when something is due is in the sender's, as whoever asks for it means it.

use futures_util::TryStreamExt;
use mongodb::Collection as Handle;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::ReturnDocument;
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::index::{Collection, Index};
use super::told::Write;
use super::write::{number, refusals};
use super::{Error, Storage};
use crate::domain::sending::Priority;

pub const TURNS: Collection = Collection {
    name: "turns",
    holds: "the conversations in which something is or was to be sent: who sends it, and when it is due",
    written_at: None,
    expires_at: None,
    options: Document::new,
    indexes: &[
        Index {
            name: "due",
            keys: &[("number", 1), ("priority", 1), ("readyAtMs", 1)],
            unique: false,
            expires: false,
            only: Some(|| doc! { "readyAtMs": { "$exists": true } }),
            serves: "what a number has to send next",
        },
        Index {
            name: "holder",
            keys: &[("holder", 1)],
            unique: false,
            expires: false,
            only: Some(|| doc! { "holder": { "$exists": true } }),
            serves: "the turns of an instance, and those whose instance is gone",
        },
    ],
};

/// How much of Meta's allowance for one pair of number and customer is used up, in milliseconds of the sender's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairUse {
    /// When the first message of the burst left.
    pub burst_from_ms: i64,
    pub burst: u32,
    /// Until then the burst has to be paid for by silence.
    pub paid_until_ms: i64,
    /// How often in a row Meta has said that it was too much.
    pub refusals: u32,
}

/// A turn that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub conversation: Uuid,
    pub workspace: Uuid,
    pub number: Uuid,
    pub pair: PairUse,
    /// Whoever held it before is gone, and what it knew of the pair with it.
    pub was_lost: bool,
    /// When this process began with it, in the sender's time.
    pub claimed_ms: i64,
    /// Under which lease of this process it was taken.
    pub lease: u64,
    pub(super) claim: Uuid,
}

/// The write by which a conversation gets in line. It goes with the message, in one transaction. Whoever takes the
/// turn meanwhile waits for the transaction, and sees the message, or the transaction is made again, after the turn was
/// taken: also where the conversation is in line already.
pub(super) fn joining(
    workspace: Uuid,
    number: Uuid,
    conversation: Uuid,
    ready_at_ms: i64,
    priority: Priority,
) -> Write {
    let change = doc! {
        "$setOnInsert": { "v": 1, "workspace": binary(workspace), "number": binary(number) },
        "$min": { "readyAtMs": ready_at_ms, "priority": priority.rank() },
    };
    Write::upsert(TURNS.name, doc! { "_id": binary(conversation) }, change).contested()
}

impl Turn {
    /// The update by which it is given back, if nobody has put it in line since it was claimed.
    fn giving(&self, ready_at_ms: Option<i64>) -> Document {
        let mut set = doc! { "pair": self.pair_value() };
        let mut unset = doc! { "holder": "", "claim": "", "leaseUntil": "" };
        match ready_at_ms {
            Some(at) => set.insert("readyAtMs", at),
            None => unset.insert("priority", ""),
        };
        if self.was_lost {
            set.insert("lost", true);
        } else {
            unset.insert("lost", "");
        }
        let mut mine = self.held();
        mine.insert("readyAtMs", doc! { "$exists": false });
        doc! { "q": mine, "u": { "$set": set, "$unset": unset } }
    }

    /// The same, if somebody has: whichever is earlier counts.
    fn giving_in_line(&self, ready_at_ms: Option<i64>) -> Document {
        let give = vec![
            doc! { "$set": {
                // A missing value is more than any number to `$min`.
                "readyAtMs": { "$min": ["$readyAtMs", ready_at_ms] },
                "pair": self.pair_value(),
                "lost": if self.was_lost { Bson::Boolean(true) } else { "$$REMOVE".into() },
            } },
            doc! { "$unset": ["holder", "claim", "leaseUntil"] },
        ];
        let mut mine = self.held();
        mine.insert("readyAtMs", doc! { "$exists": true });
        doc! { "q": mine, "u": give }
    }

    fn held(&self) -> Document {
        doc! { "_id": binary(self.conversation), "claim": binary(self.claim) }
    }

    fn pair_value(&self) -> Document {
        doc! {
            "fromMs": self.pair.burst_from_ms,
            "burst": i64::from(self.pair.burst),
            "paidUntilMs": self.pair.paid_until_ms,
            "refusals": i64::from(self.pair.refusals),
        }
    }
}

impl Storage {
    /// The numbers that have something in line, whether it is due or not: workspace and number.
    pub async fn numbers_in_line(&self) -> Result<Vec<(Uuid, Uuid)>, Error> {
        // Bounds for the index, and its order: so the database jumps from one number to the next, and it costs by the
        // numbers and not by what they have in line.
        let stages = [
            doc! { "$match": { "number": { "$gte": binary(Uuid::nil()) }, "readyAtMs": { "$gte": 0_i64 } } },
            doc! { "$sort": { "number": 1, "priority": 1, "readyAtMs": 1 } },
            doc! { "$group": { "_id": "$number", "workspace": { "$first": "$workspace" } } },
        ];
        let found: Vec<Document> = self.turns().aggregate(stages).await?.try_collect().await?;
        Ok(found.iter().filter_map(|one| uuid_of(one, "workspace").zip(uuid_of(one, "_id"))).collect())
    }

    /// Conversations of a number whose turn it is.
    pub async fn due_turns(&self, number: Uuid, now_ms: i64, limit: i64) -> Result<Vec<Uuid>, Error> {
        let filter = doc! {
            "number": binary(number),
            "readyAtMs": { "$lte": now_ms },
            "holder": { "$exists": false },
        };
        let found: Vec<Document> = self
            .turns()
            .find(filter)
            .sort(doc! { "priority": 1, "readyAtMs": 1 })
            .projection(doc! { "_id": 1 })
            .limit(limit)
            .await?
            .try_collect()
            .await?;
        Ok(found.iter().filter_map(|turn| uuid_of(turn, "_id")).collect())
    }

    /// Takes those of these turns that nobody holds.
    pub async fn claim_turns(
        &self,
        conversations: &[Uuid],
        holder: Uuid,
        claim: Uuid,
        lease_ms: i64,
    ) -> Result<Vec<Turn>, Error> {
        let ids = doc! { "$in": binaries(conversations) };
        let free = doc! { "_id": &ids, "holder": { "$exists": false } };
        let take = vec![
            doc! { "$set": {
                "holder": binary(holder),
                "claim": binary(claim),
                "leaseUntil": { "$add": ["$$NOW", lease_ms] },
            } },
            doc! { "$unset": "readyAtMs" },
        ];
        if let [_] = conversations {
            // In one step: somebody waits for it.
            let turns = self.turns();
            let taken = turns.find_one_and_update(free, take).return_document(ReturnDocument::After).await?;
            return taken.iter().map(|turn| turn_of(turn).ok_or(MALFORMED)).collect();
        }
        if self.turns().update_many(free, take).await?.matched_count == 0 {
            return Ok(Vec::new());
        }
        let turns = self.turns();
        let mine = turns.find(doc! { "_id": ids, "claim": binary(claim) }).batch_size(5_000);
        let found: Vec<Document> = mine.await?.try_collect().await?;
        found.iter().map(|turn| turn_of(turn).ok_or(MALFORMED)).collect()
    }

    /// Says that the holder is still there.
    pub async fn renew_turns(&self, holder: Uuid, lease_ms: i64) -> Result<(), Error> {
        let set = vec![doc! { "$set": { "leaseUntil": { "$add": ["$$NOW", lease_ms] } } }];
        self.turns().update_many(doc! { "holder": binary(holder) }, set).await?;
        Ok(())
    }

    /// What a holder has, by its claims: conversation and claim.
    pub async fn held_turns(&self, holder: Uuid) -> Result<Vec<(Uuid, Uuid)>, Error> {
        let theirs = doc! { "holder": binary(holder) };
        let found = self.turns().find(theirs).projection(doc! { "claim": 1 }).batch_size(5_000).await?;
        let found: Vec<Document> = found.try_collect().await?;
        Ok(found.iter().filter_map(|turn| uuid_of(turn, "_id").zip(uuid_of(turn, "claim"))).collect())
    }

    /// Puts the turns of holders that are not heard of back in line. Gives how many.
    pub async fn return_lost_turns(&self) -> Result<u64, Error> {
        let lost = doc! { "holder": { "$exists": true }, "$expr": { "$lt": ["$leaseUntil", "$$NOW"] } };
        Ok(self.turns().update_many(lost, back_in_line()).await?.modified_count)
    }

    /// Puts turns back in line that a holder has by these claims and does not work on. Gives how many.
    pub async fn return_strays(&self, holder: Uuid, strays: &[(Uuid, Uuid)]) -> Result<u64, Error> {
        let (ids, claims): (Vec<_>, Vec<_>) =
            strays.iter().map(|(conversation, claim)| (binary(*conversation), binary(*claim))).unzip();
        let theirs = doc! { "_id": { "$in": ids }, "holder": binary(holder), "claim": { "$in": claims } };
        Ok(self.turns().update_many(theirs, back_in_line()).await?.modified_count)
    }

    /// Gives turns back, each to be looked at again at its time; at none when nothing is left. What was asked for
    /// meanwhile is looked at at once. One that somebody else has by now stays with them. Gives whether one is in line
    /// because somebody has asked for something meanwhile.
    pub async fn release_turns(&self, turns: &[(Turn, Option<i64>)]) -> Result<bool, Error> {
        let plain = turns.iter().map(|(turn, ready_at_ms)| turn.giving(*ready_at_ms)).collect();
        if self.give_turns(plain).await? == turns.len() as u64 {
            return Ok(false);
        }
        let in_line = turns.iter().map(|(turn, ready_at_ms)| turn.giving_in_line(*ready_at_ms)).collect();
        Ok(self.give_turns(in_line).await? > 0)
    }

    async fn give_turns(&self, updates: Vec<Document>) -> Result<u64, Error> {
        let command = doc! {
            "update": TURNS.name, "updates": updates, "ordered": false, "writeConcern": { "w": "majority" },
        };
        let run = self.database.run_command(command);
        let reply = tokio::time::timeout(self.timeout, run).await.map_err(|_| Error::OutcomeUnknown)??;
        match refusals(&reply).into_iter().next() {
            Some((_, error)) => Err(error),
            None => Ok(number(&reply, "n")),
        }
    }

    fn turns(&self) -> Handle<Document> {
        self.database.collection(TURNS.name)
    }
}

/// In line at once, for whoever looks at it as after a death.
fn back_in_line() -> Vec<Document> {
    vec![
        doc! { "$set": { "readyAtMs": 0_i64, "lost": true, "priority": { "$ifNull": ["$priority", 0] } } },
        doc! { "$unset": ["holder", "claim", "leaseUntil"] },
    ]
}

const MALFORMED: Error = Error::Malformed { what: "a turn" };

fn turn_of(document: &Document) -> Option<Turn> {
    let pair = document.get_document("pair").ok();
    let field = |name| pair.and_then(|pair| pair.get_i64(name).ok()).unwrap_or(0);
    let count = |name| u32::try_from(field(name)).unwrap_or(0);
    Some(Turn {
        conversation: uuid_of(document, "_id")?,
        workspace: uuid_of(document, "workspace")?,
        number: uuid_of(document, "number")?,
        pair: PairUse {
            burst_from_ms: field("fromMs"),
            burst: count("burst"),
            paid_until_ms: field("paidUntilMs"),
            refusals: count("refusals"),
        },
        was_lost: document.get_bool("lost").unwrap_or(false),
        claimed_ms: 0,
        lease: 0,
        claim: uuid_of(document, "claim")?,
    })
}
