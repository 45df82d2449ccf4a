//! What a resolver finds in its context: the services, and who asks.

use async_graphql::{Context, ID};
use uuid::Uuid;

use super::error::Failure;
use super::hub::Hub;
use super::scalar;
use crate::auth::{ApiKeys, Audit, Deed, Visitor, authorize, authorize_number};
use crate::clock::Clock;
use crate::contacts::Contacts;
use crate::error::Code;
use crate::inbox::Inbox;
use crate::numbers::Numbers;
use crate::numbers::doctor::Doctor;
use crate::outbound::Outbound;
use crate::storage::Storage;
use crate::templates::Templates;

/// What the resolvers work with. Cheap to clone; one for the whole process.
#[derive(Clone, Debug)]
pub struct Services {
    pub storage: Storage,
    pub clock: Clock,
    pub api_keys: ApiKeys,
    pub audit: Audit,
    pub numbers: Numbers,
    pub contacts: Contacts,
    pub templates: Templates,
    pub outbound: Outbound,
    pub inbox: Inbox,
    pub doctor: Doctor,
    pub hub: Hub,
}

/// The services of this process.
pub(super) fn services<'ctx>(context: &Context<'ctx>) -> Result<&'ctx Services, Failure> {
    context.data_opt::<Services>().ok_or_else(|| Code::Internal.into())
}

/// Who asks, if they may do this. Every resolver at the top begins with it.
pub(super) fn allowed<'ctx>(context: &Context<'ctx>, deed: Deed) -> Result<&'ctx Visitor, Failure> {
    let visitor = visitor(context)?;
    authorize(visitor, deed)?;
    Ok(visitor)
}

/// The same for one number. Whose number it is, the storage sees to: every look-up takes the workspace.
pub(super) fn allowed_on<'ctx>(
    context: &Context<'ctx>,
    deed: Deed,
    number: Uuid,
) -> Result<&'ctx Visitor, Failure> {
    let visitor = visitor(context)?;
    authorize_number(visitor, deed, number)?;
    Ok(visitor)
}

/// Who asks, and the numbers that a list is kept to: those of the argument, each of which they must be allowed to
/// touch, or else all that they may.
pub(super) fn allowed_among<'ctx>(
    context: &Context<'ctx>,
    deed: Deed,
    asked: Option<&[ID]>,
) -> Result<(&'ctx Visitor, Option<Vec<Uuid>>), Failure> {
    let visitor = allowed(context, deed)?;
    let Some(asked) = asked else { return Ok((visitor, visitor.numbers.clone())) };
    // What cannot be an id is no number of anybody's.
    let numbers: Vec<Uuid> = asked.iter().filter_map(scalar::uuid).collect();
    for number in &numbers {
        allowed_on(context, deed, *number)?;
    }
    Ok((visitor, Some(numbers)))
}

fn visitor<'ctx>(context: &Context<'ctx>) -> Result<&'ctx Visitor, Failure> {
    context.data_opt::<Visitor>().ok_or_else(|| Code::Unauthenticated.into())
}
