//! The business profile: what a customer reads about the business.

use uuid::Uuid;

use super::{Error, Numbers};
use crate::auth::{Deed, Visitor};
use crate::meta::client::profile::{Change, Profile};

impl Numbers {
    /// The profile as Meta has it.
    pub async fn profile(&self, by: &Visitor, id: Uuid) -> Result<Profile, Error> {
        let line = self.line(by.workspace, id).await?;
        let profile = self.0.graph.profile(line.credentials(), line.phone_number_id()).get().await;
        self.seen(&line, profile).await
    }

    /// Changes the profile. Gives it as it is then.
    pub async fn change_profile(&self, by: &Visitor, id: Uuid, change: &Change) -> Result<Profile, Error> {
        let line = self.line(by.workspace, id).await?;
        let profile = self.0.graph.profile(line.credentials(), line.phone_number_id());
        self.done(&line, profile.change(change).await).await?;
        let websites = change.websites.as_ref().map(|websites| websites.join(" "));
        let texts = [
            ("about", change.about.as_deref()),
            ("address", change.address.as_deref()),
            ("description", change.description.as_deref()),
            ("email", change.email.as_deref()),
            ("websites", websites.as_deref()),
            ("vertical", change.vertical.as_deref()),
            ("picture", change.picture_handle.as_deref().map(|_| "(a new one)")),
        ];
        let told: Vec<_> =
            texts.into_iter().filter(|(_, to)| to.is_some()).map(|(field, to)| (field, None, to)).collect();
        self.note(by, Deed::ChangeProfile.name(), id, &told).await?;
        self.seen(&line, profile.get().await).await
    }
}
