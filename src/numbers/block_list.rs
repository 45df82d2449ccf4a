//! The customers that a number has blocked at Meta: they cannot write to it, nor read from it.

use uuid::Uuid;

use super::{Error, Numbers};
use crate::auth::{Deed, Visitor};
use crate::meta::client::block::{Blocked, Customer, Outcome};

/// How many go into one request.
const CUSTOMERS_MAX: usize = 100;

impl Numbers {
    /// Who is blocked.
    pub async fn blocked(&self, by: &Visitor, id: Uuid) -> Result<Vec<Blocked>, Error> {
        let line = self.line(by.workspace, id).await?;
        let blocked = self.0.graph.blocks(line.credentials(), line.phone_number_id()).list().await;
        Ok(self.seen(&line, blocked).await?.items)
    }

    /// Blocks customers.
    pub async fn block_customers(
        &self,
        by: &Visitor,
        id: Uuid,
        customers: &[String],
    ) -> Result<Outcome, Error> {
        let named = named(customers)?;
        let line = self.line(by.workspace, id).await?;
        let blocks = self.0.graph.blocks(line.credentials(), line.phone_number_id());
        let outcome = self.done(&line, blocks.add(&named).await).await?;
        let done = outcome.done.len().to_string();
        self.note(by, Deed::ChangeBlockList.name(), id, &[("blocked", None, Some(&done))]).await?;
        Ok(outcome)
    }

    /// Lets customers write again.
    pub async fn unblock_customers(
        &self,
        by: &Visitor,
        id: Uuid,
        customers: &[String],
    ) -> Result<Outcome, Error> {
        let named = named(customers)?;
        let line = self.line(by.workspace, id).await?;
        let blocks = self.0.graph.blocks(line.credentials(), line.phone_number_id());
        let outcome = self.done(&line, blocks.remove(&named).await).await?;
        let done = outcome.done.len().to_string();
        self.note(by, Deed::ChangeBlockList.name(), id, &[("unblocked", None, Some(&done))]).await?;
        Ok(outcome)
    }
}

/// Phone numbers have digits and their usual marks; business-scoped ids have letters.
fn named(customers: &[String]) -> Result<Vec<Customer<'_>>, Error> {
    if customers.is_empty() || customers.len() > CUSTOMERS_MAX {
        let sentence = "One request names from 1 to 100 customers.";
        return Err(Error::invalid("customers", sentence, "Split the list."));
    }
    let is_mark = |letter: char| letter.is_ascii_digit() || "+ -().".contains(letter);
    let customer = |name: &'_ String| -> bool { name.chars().all(is_mark) };
    customers
        .iter()
        .map(|name| match name.trim() {
            "" => Err(Error::invalid("customers", "One of the names is empty.", "Leave it out.")),
            _ if customer(name) => Ok(Customer::Phone(name)),
            _ => Ok(Customer::UserId(name)),
        })
        .collect()
}
