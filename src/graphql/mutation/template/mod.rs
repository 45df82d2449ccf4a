//! Asking Meta for templates; making, editing and deleting them.

mod draft;
mod standing;

use async_graphql::{Context, ID, InputObject, MergedObject, Object, OneofObject, SimpleObject};
use bytes::Bytes;
use data_encoding::BASE64;

use crate::auth::Deed;
use crate::domain::template::draft::Draft;
use crate::graphql::context::{allowed, services};
use crate::graphql::error::{Failure, UserError};
use crate::graphql::scalar;
use crate::graphql::scalar::DateTime;
use crate::graphql::template::{Template, user_errors};
use crate::storage::template_record::TemplateRecord;
use crate::templates::{Deletion, Edit, Error, Place, Report, SAMPLE_BYTES_MAX, Sample, SampleFile};
use draft::{TemplateCategory, TemplateContentInput};

/// What to do with a sample that does not fit into a request.
const LARGER: &str = "Make the file smaller, or send it to /api/templates/samples.";

/// A template that is to be made.
#[derive(Debug, InputObject)]
pub struct CreateTemplateInput {
    /// Meta's id of the account; or `numberId`.
    account_id: Option<ID>,
    /// Our id of a number of the account.
    number_id: Option<ID>,
    /// Up to 512 lower-case letters, digits and underscores.
    name: String,
    /// Like `id` or `en_US`.
    language: String,
    /// What it is for; Meta may hold another category to be right.
    category: TemplateCategory,
    /// Variables have names, like `{{first_name}}`; otherwise they are numbered from `{{1}}` on.
    #[graphql(default)]
    named_variables: bool,
    /// What it says, part by part.
    content: TemplateContentInput,
    /// How long Meta tries to deliver it, in seconds; -1: 30 days. What is allowed depends on the category.
    send_ttl_seconds: Option<i64>,
}

/// What is to change in a template. What is not given stays.
#[derive(Debug, InputObject)]
pub struct EditTemplateInput {
    /// Not of one that is approved.
    category: Option<TemplateCategory>,
    /// All of it anew.
    content: Option<TemplateContentInput>,
    /// How long Meta tries to deliver it, in seconds; -1: 30 days.
    send_ttl_seconds: Option<i64>,
}

/// Which templates are to be deleted: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum DeleteTemplateInput {
    /// One of them, by our id.
    Id(ID),
    /// All languages of a name.
    Name(TemplateNameInput),
}

/// A name in an account.
#[derive(Debug, InputObject)]
pub struct TemplateNameInput {
    /// Meta's id of the account; or `numberId`.
    account_id: Option<ID>,
    /// Our id of a number of the account.
    number_id: Option<ID>,
    /// The template's name; in all its languages.
    name: String,
}

/// A file that shows Meta's reviewers what the header of a template may hold.
#[derive(Debug, InputObject)]
pub struct TemplateSampleInput {
    /// Meta's id of the account; or `numberId`.
    account_id: Option<ID>,
    /// Our id of a number of the account.
    number_id: Option<ID>,
    /// Up to 240 characters.
    file_name: String,
    /// `image/jpeg`, `image/png`, `video/mp4` or `application/pdf`.
    mime_type: String,
    /// The file in base64; 700 KB at most, before it is so written. A larger one goes by HTTP.
    data: String,
}

/// What asking Meta has brought.
#[derive(Debug, SimpleObject)]
pub struct TemplateSyncReport {
    /// The WhatsApp Business Account that was read.
    pub account_id: String,
    /// How many templates Meta has.
    pub found: usize,
    /// How many of them were not known.
    pub added: usize,
    /// How many of them are new or were different here.
    pub changed: usize,
    /// How many are not at Meta any more.
    pub deleted: usize,
    /// Whether all of them could be read.
    pub is_whole: bool,
    /// When all of them had been read.
    pub synced_at: Option<DateTime>,
}

impl From<Report> for TemplateSyncReport {
    fn from(report: Report) -> Self {
        Self {
            account_id: report.account_id,
            found: report.found,
            added: report.new,
            changed: report.changed,
            deleted: report.gone,
            is_whole: report.is_whole,
            synced_at: scalar::moment(report.synced_ms),
        }
    }
}

/// What came of reading an account's templates.
#[derive(Debug, SimpleObject)]
pub struct SyncTemplatesPayload {
    /// What was read; null if there are errors.
    pub report: Option<TemplateSyncReport>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

/// A template that was made or changed, or why it was not.
#[derive(Debug, SimpleObject)]
pub struct TemplatePayload {
    /// The template as it is now.
    pub template: Option<Template>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

/// What was deleted, or why nothing was.
#[derive(Debug, SimpleObject)]
pub struct DeleteTemplatePayload {
    /// Our ids of those that are gone.
    pub deleted_template_ids: Vec<ID>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

/// The handle of a sample that was uploaded, or why it was not.
#[derive(Debug, SimpleObject)]
pub struct UploadTemplateSamplePayload {
    /// What a header of a template names, as `imageHandle`, `videoHandle` and so on.
    pub handle: Option<String>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

/// The mutations of templates.
#[derive(Debug, Default, MergedObject)]
pub struct TemplateMutations(TemplateMutation, standing::TemplateStandingMutation);

#[derive(Debug, Default)]
pub struct TemplateMutation;

#[Object]
impl TemplateMutation {
    /// Asks Meta for all templates of an account, now. It happens by itself soon after a number is added and every six
    /// hours, and single templates are asked for when a webhook tells of them.
    async fn sync_templates(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Meta's id of the account; or `numberId`.")] account_id: Option<ID>,
        #[graphql(desc = "Our id of a number of the account.")] number_id: Option<ID>,
    ) -> Result<SyncTemplatesPayload, Failure> {
        let visitor = allowed(context, Deed::SyncTemplates)?;
        let synced = match place(account_id, number_id) {
            Ok(place) => services(context)?.templates.sync(visitor, &place).await,
            Err(error) => Err(error),
        };
        Ok(match synced {
            Ok(report) => SyncTemplatesPayload { report: Some(report.into()), user_errors: Vec::new() },
            Err(error) => SyncTemplatesPayload { report: None, user_errors: user_errors(error)? },
        })
    }

    /// Hands a template in. Meta reviews it, which takes up to a day; what comes of it is told by an event, and shown by
    /// its status.
    async fn create_template(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The template.")] input: CreateTemplateInput,
    ) -> Result<TemplatePayload, Failure> {
        let visitor = allowed(context, Deed::ChangeTemplates)?;
        let created = match drafted(input) {
            Ok((place, draft)) => services(context)?.templates.create(visitor, &place, &draft).await,
            Err(error) => Err(error),
        };
        payload(created)
    }

    /// Changes a template; Meta reviews it anew. An approved one can be changed once in 24 hours and ten times in 30 days.
    async fn edit_template(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the template.")] id: ID,
        #[graphql(desc = "What is to change.")] input: EditTemplateInput,
    ) -> Result<TemplatePayload, Failure> {
        let visitor = allowed(context, Deed::ChangeTemplates)?;
        let edit = Edit {
            category: input.category.map(|category| category.name().to_owned()),
            content: input.content.map(TemplateContentInput::into_content),
            send_ttl_s: input.send_ttl_seconds,
        };
        payload(services(context)?.templates.edit(visitor, &id, &edit).await)
    }

    /// Deletes a template, or all languages of one. For 30 days nobody can make another of the same name.
    async fn delete_template(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which of them.")] input: DeleteTemplateInput,
    ) -> Result<DeleteTemplatePayload, Failure> {
        let visitor = allowed(context, Deed::ChangeTemplates)?;
        let deletion = match input {
            DeleteTemplateInput::Id(id) => Ok(Deletion::One(id.0)),
            DeleteTemplateInput::Name(named) => {
                place(named.account_id, named.number_id).map(|place| Deletion::Name(place, named.name))
            }
        };
        let deleted = match deletion {
            Ok(deletion) => services(context)?.templates.delete(visitor, &deletion).await,
            Err(error) => Err(error),
        };
        Ok(match deleted {
            Ok(ids) => DeleteTemplatePayload {
                deleted_template_ids: ids.into_iter().map(ID).collect(),
                user_errors: Vec::new(),
            },
            Err(error) => {
                DeleteTemplatePayload { deleted_template_ids: Vec::new(), user_errors: user_errors(error)? }
            }
        })
    }

    /// Uploads a sample to Meta, for the header of a template. A larger one goes by HTTP instead: `POST
    /// /api/templates/samples?accountId=…&fileName=…` (or `numberId`), with the same key, the type as `Content-Type`, the
    /// file as the body and its length as `Content-Length`: pictures up to 5 MB, films up to 16 MB, documents up to
    /// 100 MB. The answer is JSON with the two fields of this payload.
    async fn upload_template_sample(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The file, and for whom.")] input: TemplateSampleInput,
    ) -> Result<UploadTemplateSamplePayload, Failure> {
        let visitor = allowed(context, Deed::ChangeTemplates)?;
        let uploaded = match sampled(input) {
            Ok((place, sample)) => services(context)?.templates.upload_sample(visitor, &place, sample).await,
            Err(error) => Err(error),
        };
        Ok(match uploaded {
            Ok(handle) => UploadTemplateSamplePayload { handle: Some(handle), user_errors: Vec::new() },
            Err(error) => UploadTemplateSamplePayload { handle: None, user_errors: user_errors(error)? },
        })
    }
}

fn payload(outcome: Result<TemplateRecord, Error>) -> Result<TemplatePayload, Failure> {
    Ok(match outcome {
        Ok(record) => TemplatePayload { template: Some(record.into()), user_errors: Vec::new() },
        Err(error) => TemplatePayload { template: None, user_errors: user_errors(error)? },
    })
}

/// Whose templates are meant.
fn place(account_id: Option<ID>, number_id: Option<ID>) -> Result<Place, Error> {
    match (account_id, number_id) {
        (Some(account_id), None) => Ok(Place::Account(account_id.0)),
        (None, Some(id)) => scalar::uuid(&id).map(Place::Number).ok_or(Error::NotFound("numberId")),
        (_, _) => Err(Error::Invalid {
            field: "accountId",
            sentence: "Say which account is meant, or which number: not both.".to_owned(),
            next_step: "Give accountId or numberId.",
        }),
    }
}

fn drafted(input: CreateTemplateInput) -> Result<(Place, Draft), Error> {
    let draft = Draft {
        name: input.name,
        language: input.language,
        category: input.category.name().to_owned(),
        are_variables_named: input.named_variables,
        content: input.content.into_content(),
        send_ttl_s: input.send_ttl_seconds,
    };
    Ok((place(input.account_id, input.number_id)?, draft))
}

fn sampled(input: TemplateSampleInput) -> Result<(Place, Sample), Error> {
    let invalid = |sentence: &str, next_step| Error::Invalid {
        field: "data",
        sentence: sentence.to_owned(),
        next_step,
    };
    if input.data.len() > SAMPLE_BYTES_MAX / 3 * 4 + 4 {
        return Err(invalid("A sample has from 1 byte to 700 KB.", LARGER));
    }
    let bytes = BASE64.decode(input.data.as_bytes());
    let bytes = bytes.map_err(|_| invalid("This is not base64.", "Write the file's bytes in base64."))?;
    let file = SampleFile::Whole(Bytes::from(bytes));
    let sample = Sample { file_name: input.file_name, mime_type: input.mime_type, file };
    Ok((place(input.account_id, input.number_id)?, sample))
}
