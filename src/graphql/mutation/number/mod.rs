//! Adding, connecting, changing and deleting numbers. What belongs to a number has files of its own.

mod automation;
mod block_list;
mod profile;
mod qr;
mod registration;
mod username;
mod webhooks;

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, MergedObject, Object, SimpleObject};
use uuid::Uuid;

use crate::auth::{Deed, Visitor};
use crate::graphql::context::{allowed, services};
use crate::graphql::error::{Failure, UserError};
use crate::graphql::number::{NumberPayload, NumberSettingsInput, no_such_number, on_number, user_errors};
use crate::graphql::scalar;
use crate::numbers;
use crate::numbers::{NewNumber, Numbers, Signup, Update};
use crate::secret::Secret;
use crate::storage::number_record::{NumberRecord, Sync};

/// The mutations of numbers.
#[derive(Debug, Default, MergedObject)]
pub struct NumberMutations(
    NumberMutation,
    registration::RegistrationMutation,
    webhooks::WebhookMutation,
    profile::ProfileMutation,
    qr::QrMutation,
    block_list::BlockListMutation,
    automation::AutomationMutation,
    username::UsernameMutation,
);

/// A number that is to be added.
#[derive(InputObject)]
pub struct AddNumberInput {
    /// Meta's id of the number, not the phone number itself.
    phone_number_id: String,
    /// The id of its WhatsApp Business Account, not of the business portfolio.
    account_id: String,
    /// The token of a system user with whatsapp_business_messaging and whatsapp_business_management. It is kept
    /// encrypted and never shown.
    access_token: String,
    /// The secret of the Meta app that the token is of, if it is not the app of the server's settings.
    app_secret: Option<String>,
    /// The id of that app.
    app_id: Option<String>,
    /// The user of the CRM that the number belongs to.
    user_id: Option<String>,
    /// The name that it has in the CRM.
    display_name: Option<String>,
    /// How it behaves; without it: all is off.
    settings: Option<NumberSettingsInput>,
}

/// What an embedded sign-up brought.
#[derive(InputObject)]
pub struct ConnectNumberInput {
    /// The code that Meta gave to the page. It works once, and for 30 seconds.
    code: String,
    /// The account that the sign-up's session tells. Without it: the only one that the sign-up reaches.
    account_id: Option<String>,
    /// The number that the sign-up's session tells. Without it: the only one of the account.
    phone_number_id: Option<String>,
    /// Six digits for the two-step verification. Without them a PIN is made and kept encrypted.
    pin: Option<String>,
    /// The user of the CRM that the number belongs to.
    user_id: Option<String>,
    /// The name that it has in the CRM.
    display_name: Option<String>,
}

/// What is to change. What is not given stays; null takes it away.
#[derive(InputObject)]
pub struct UpdateNumberInput {
    /// The name that it has in the CRM.
    display_name: MaybeUndefined<String>,
    /// The user of the CRM that it belongs to.
    user_id: MaybeUndefined<String>,
    /// Another access token. It is tried out with Meta first.
    access_token: Option<String>,
    /// The secret of the Meta app that the token is of. It is tried out with Meta first.
    app_secret: MaybeUndefined<String>,
    /// A verify token of the number's own. Only its hash is kept.
    verify_token: MaybeUndefined<String>,
    /// All settings anew.
    settings: Option<NumberSettingsInput>,
}

/// What a telephone that is used with the WhatsApp Business app has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Sync")]
pub enum NumberSync {
    /// The contacts of its address book.
    Contacts,
    /// Up to six months of its messages, if its owner has agreed.
    History,
}

/// What became of the app's subscription to a deleted number's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "numbers::Subscription")]
pub enum WebhookSubscription {
    /// Meta sends no webhooks of that account any more.
    Released,
    /// Other numbers on this server are of the same account.
    Kept,
    /// Meta could not be told: take the app off the account in Meta's business settings.
    NotReleased,
}

/// What comes of deleting a number.
#[derive(Debug, SimpleObject)]
pub struct DeleteNumberPayload {
    /// The number that is gone.
    deleted_number_id: Option<ID>,
    /// What became of the app's subscription to its account.
    subscription: Option<WebhookSubscription>,
    /// What the caller can put right; empty if all went well.
    user_errors: Vec<UserError>,
}

/// Runs a deed on a number, if the caller may do it.
pub(super) async fn change<Fut>(
    context: &Context<'_>,
    deed: Deed,
    id: &ID,
    run: impl FnOnce(Numbers, Visitor, Uuid) -> Fut,
) -> Result<NumberPayload, Failure>
where
    Fut: Future<Output = Result<NumberRecord, numbers::Error>>,
{
    let Some((visitor, id)) = on_number(context, deed, id)? else {
        return Ok(NumberPayload::refused(vec![no_such_number()]));
    };
    NumberPayload::of(run(services(context)?.numbers.clone(), visitor.clone(), id).await)
}

#[derive(Debug, Default)]
pub struct NumberMutation;

#[Object]
impl NumberMutation {
    /// Adds a number. First it is tried out with Meta: that the token works, that the account is one, that the number
    /// belongs to it. Then the app is subscribed to the account. What has come for the number in the last 30 days
    /// and found no owner goes through by itself.
    async fn add_number(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The number, and the token to use it with.")] input: AddNumberInput,
    ) -> Result<NumberPayload, Failure> {
        let visitor = allowed(context, Deed::AddNumber)?;
        let new = NewNumber {
            phone_number_id: input.phone_number_id.trim().to_owned(),
            account_id: input.account_id.trim().to_owned(),
            access_token: Secret::new(input.access_token.trim()),
            app_secret: input.app_secret.map(Secret::new),
            app_id: input.app_id,
            user_id: input.user_id,
            display_name: input.display_name,
            settings: input.settings.map(Into::into),
        };
        NumberPayload::of(services(context)?.numbers.add(visitor, new).await)
    }

    /// Adds the number of an embedded sign-up: exchanges its code for a token, subscribes the app to the account, and
    /// registers the number, or (if it is used in the WhatsApp Business app too) asks for its contacts and history.
    /// If there are a number and errors, the number is added and the errors say what is left to do.
    async fn connect_number(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What the sign-up brought.")] input: ConnectNumberInput,
    ) -> Result<NumberPayload, Failure> {
        let visitor = allowed(context, Deed::AddNumber)?;
        let signup = Signup {
            code: Secret::new(input.code),
            account_id: input.account_id,
            phone_number_id: input.phone_number_id,
            pin: input.pin.map(Secret::new),
            user_id: input.user_id,
            display_name: input.display_name,
        };
        match services(context)?.numbers.connect(visitor, signup).await {
            Ok(connected) => NumberPayload::with(connected.record, connected.troubles),
            Err(error) => Ok(NumberPayload::refused(user_errors(error)?)),
        }
    }

    /// Changes a number.
    async fn update_number(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the number.")] id: ID,
        #[graphql(desc = "What is to change.")] input: UpdateNumberInput,
    ) -> Result<NumberPayload, Failure> {
        let update = Update {
            display_name: given(input.display_name),
            user_id: given(input.user_id),
            access_token: input.access_token.map(|token| Secret::new(token.trim())),
            app_secret: given(input.app_secret).map(|secret| secret.map(Secret::new)),
            verify_token: given(input.verify_token).map(|token| token.map(Secret::new)),
            settings: input.settings.map(Into::into),
        };
        change(context, Deed::UpdateNumber, &id, |numbers, visitor, id| async move {
            numbers.update(&visitor, id, update).await
        })
        .await
    }

    /// Stops sending with a number until it is resumed. It goes on receiving.
    async fn pause_number(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the number.")] id: ID,
    ) -> Result<NumberPayload, Failure> {
        change(context, Deed::PauseNumber, &id, |numbers, visitor, id| async move {
            numbers.pause(&visitor, id).await
        })
        .await
    }

    /// Lets a number send again.
    async fn resume_number(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the number.")] id: ID,
    ) -> Result<NumberPayload, Failure> {
        change(context, Deed::PauseNumber, &id, |numbers, visitor, id| async move {
            numbers.resume(&visitor, id).await
        })
        .await
    }

    /// Asks Meta how a number stands.
    async fn refresh_number(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the number.")] id: ID,
    ) -> Result<NumberPayload, Failure> {
        change(context, Deed::RefreshNumber, &id, |numbers, visitor, id| async move {
            numbers.refresh(&visitor, id).await
        })
        .await
    }

    /// Asks Meta for what the telephone of a number has, by webhooks that come in the next hours. Meta does each once,
    /// and only in the first 24 hours.
    async fn sync_number(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the number.")] id: ID,
        #[graphql(desc = "Which of them.")] sync: NumberSync,
    ) -> Result<NumberPayload, Failure> {
        change(context, Deed::RegisterNumber, &id, |numbers, visitor, id| async move {
            numbers.sync(&visitor, id, sync.into()).await
        })
        .await
    }

    /// Takes a number away. Its conversations stay, its secrets are deleted. Another workspace may add it then, and
    /// gets nothing of what came before.
    async fn delete_number(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the number.")] id: ID,
    ) -> Result<DeleteNumberPayload, Failure> {
        let refused =
            |user_errors| DeleteNumberPayload { deleted_number_id: None, subscription: None, user_errors };
        let Some((visitor, id)) = on_number(context, Deed::DeleteNumber, &id)? else {
            return Ok(refused(vec![no_such_number()]));
        };
        match services(context)?.numbers.delete(visitor, id).await {
            Ok(deleted) => Ok(DeleteNumberPayload {
                deleted_number_id: Some(scalar::id(id)),
                subscription: Some(deleted.subscription.into()),
                user_errors: Vec::new(),
            }),
            Err(error) => user_errors(error).map(refused),
        }
    }
}

#[expect(clippy::option_option, reason = "outside: whether it changes; inside: to what")]
pub(super) fn given<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}
