//! Changing the business profile.

use async_graphql::{Context, ID, InputObject, Object};

use crate::auth::Deed;
use crate::graphql::context::services;
use crate::graphql::error::Failure;
use crate::graphql::number::{BusinessProfilePayload, no_such_number, on_number};
use crate::meta::client::profile::Change;

/// What is to change in a business profile. What is not given stays; an empty text takes it away.
#[derive(Debug, InputObject)]
pub struct UpdateBusinessProfileInput {
    /// At most 139 characters; WhatsApp does not take an empty one.
    about: Option<String>,
    /// At most 256 characters.
    address: Option<String>,
    /// At most 512 characters.
    description: Option<String>,
    /// At most 128 characters.
    email: Option<String>,
    /// At most two, with https:// or http://.
    websites: Option<Vec<String>>,
    /// The line of business, in Meta's word, like `RETAIL`.
    vertical: Option<String>,
    /// The handle of a picture that was uploaded to Meta.
    picture_handle: Option<String>,
}

impl From<UpdateBusinessProfileInput> for Change {
    fn from(input: UpdateBusinessProfileInput) -> Self {
        Self {
            about: input.about,
            address: input.address,
            description: input.description,
            email: input.email,
            websites: input.websites,
            vertical: input.vertical,
            picture_handle: input.picture_handle,
        }
    }
}

#[derive(Debug, Default)]
pub struct ProfileMutation;

#[Object]
impl ProfileMutation {
    /// Changes what a customer reads about the business.
    async fn update_business_profile(
        &self,
        context: &Context<'_>,
        number_id: ID,
        input: UpdateBusinessProfileInput,
    ) -> Result<BusinessProfilePayload, Failure> {
        let Some((visitor, id)) = on_number(context, Deed::ChangeProfile, &number_id)? else {
            return Ok(BusinessProfilePayload::refused(vec![no_such_number()]));
        };
        let change = Change::from(input);
        BusinessProfilePayload::of(services(context)?.numbers.change_profile(visitor, id, &change).await)
    }
}
