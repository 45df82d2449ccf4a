//! The business profile: what a customer reads about the business.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::{no_such_number, on_number, user_errors};
use crate::auth::Deed;
use crate::graphql::context::services;
use crate::graphql::error::{Failure, UserError};
use crate::meta::client::profile::Profile;
use crate::numbers;

/// What a customer reads about the business, as Meta has it.
#[derive(Debug, SimpleObject)]
pub struct BusinessProfile {
    pub about: Option<String>,
    pub address: Option<String>,
    pub description: Option<String>,
    pub email: Option<String>,
    /// Where the picture is, for some days.
    pub picture_url: Option<String>,
    pub websites: Vec<String>,
    /// The line of business, in Meta's word, like `RETAIL`.
    pub vertical: Option<String>,
}

impl From<Profile> for BusinessProfile {
    fn from(profile: Profile) -> Self {
        Self {
            about: profile.about,
            address: profile.address,
            description: profile.description,
            email: profile.email,
            picture_url: profile.picture_url,
            websites: profile.websites,
            vertical: profile.vertical,
        }
    }
}

/// A profile, or why there is none to show.
#[derive(Debug, SimpleObject)]
pub struct BusinessProfilePayload {
    pub profile: Option<BusinessProfile>,
    pub user_errors: Vec<UserError>,
}

impl BusinessProfilePayload {
    pub(in crate::graphql) fn of(outcome: Result<Profile, numbers::Error>) -> Result<Self, Failure> {
        match outcome {
            Ok(profile) => Ok(Self { profile: Some(profile.into()), user_errors: Vec::new() }),
            Err(error) => Ok(Self::refused(user_errors(error)?)),
        }
    }

    pub(in crate::graphql) fn refused(user_errors: Vec<UserError>) -> Self {
        Self { profile: None, user_errors }
    }
}

#[derive(Debug, Default)]
pub struct ProfileQuery;

#[Object]
impl ProfileQuery {
    /// What a customer reads about the business. Asked of Meta each time.
    async fn business_profile(
        &self,
        context: &Context<'_>,
        number_id: ID,
    ) -> Result<BusinessProfilePayload, Failure> {
        let Some((visitor, id)) = on_number(context, Deed::SeeProfile, &number_id)? else {
            return Ok(BusinessProfilePayload::refused(vec![no_such_number()]));
        };
        BusinessProfilePayload::of(services(context)?.numbers.profile(visitor, id).await)
    }
}
