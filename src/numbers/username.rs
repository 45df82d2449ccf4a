//! The user name under which customers find a number.

use uuid::Uuid;

use super::{Error, Numbers};
use crate::auth::{Deed, Visitor};
use crate::meta::client::number::{Username, UsernameState};

const USERNAME: &str = "username";
const USERNAME_CHARS_MAX: usize = 100;

impl Numbers {
    /// The user name, if the number has one.
    pub async fn username(&self, by: &Visitor, id: Uuid) -> Result<Username, Error> {
        let line = self.line(by.workspace, id).await?;
        let username = self.0.graph.number(line.credentials(), line.phone_number_id()).username().await;
        self.seen(&line, username).await
    }

    /// User names that are free.
    pub async fn username_suggestions(&self, by: &Visitor, id: Uuid) -> Result<Vec<String>, Error> {
        let line = self.line(by.workspace, id).await?;
        let number = self.0.graph.number(line.credentials(), line.phone_number_id());
        self.seen(&line, number.username_suggestions().await).await
    }

    /// Claims a user name. `takes_over`: also from another number of the business.
    pub async fn set_username(
        &self,
        by: &Visitor,
        id: Uuid,
        username: &str,
        takes_over: bool,
    ) -> Result<UsernameState, Error> {
        if username.trim().is_empty() || username.chars().count() > USERNAME_CHARS_MAX {
            let sentence = "A user name has from 1 to 100 characters.";
            return Err(Error::invalid(USERNAME, sentence, "Choose one of the suggestions."));
        }
        let line = self.line(by.workspace, id).await?;
        let number = self.0.graph.number(line.credentials(), line.phone_number_id());
        let set = self.done(&line, number.set_username(username, takes_over).await).await;
        let state = set.map_err(|error| error.on(USERNAME))?;
        self.note(by, Deed::UpdateNumber.name(), id, &[(USERNAME, None, Some(username))]).await?;
        Ok(state)
    }

    /// Gives the user name up.
    pub async fn delete_username(&self, by: &Visitor, id: Uuid) -> Result<(), Error> {
        let line = self.line(by.workspace, id).await?;
        let number = self.0.graph.number(line.credentials(), line.phone_number_id());
        self.done(&line, number.delete_username().await).await?;
        Ok(self.note(by, Deed::UpdateNumber.name(), id, &[(USERNAME, None, None)]).await?)
    }
}
