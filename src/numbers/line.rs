//! A number with its secrets open, ready for calls, and what follows when they do not open or Meta refuses them.

use tracing::warn;
use uuid::Uuid;

use super::{Error, Numbers};
use crate::auth::Who;
use crate::crypto::Sealed;
use crate::domain::number::{Block, BlockReason};
use crate::keys;
use crate::meta::client::{CallError, Credentials};
use crate::secret::Secret;
use crate::storage::number_record::{NumberChanges, NumberRecord, number_id, sealed};

/// Meta (2026-07): the codes that say that the token itself is no longer good. Others speak of one permission.
pub const TOKEN_CODES: &[i64] = &[0, 102, 190];

/// A number that calls can be made with.
#[derive(Debug)]
pub struct Line {
    pub record: NumberRecord,
    pub(super) token: Secret,
    pub(super) app_secret: Option<Secret>,
}

impl Line {
    /// What its calls are made with.
    pub fn credentials(&self) -> Credentials<'_> {
        Credentials { token: &self.token, app_secret: self.app_secret.as_ref() }
    }

    /// Meta's id of the number.
    pub fn phone_number_id(&self) -> &str {
        &self.record.phone_number_id
    }

    /// The WhatsApp account of the number.
    pub fn account_id(&self) -> Result<&str, Error> {
        self.record.account_id.as_deref().ok_or(Error::WrongState {
            sentence: "The WhatsApp Business Account of this number is not known.",
            next_step: "Add the number again with its account, or set WHATSAPP_BUSINESS_ACCOUNT_ID.",
        })
    }
}

impl Numbers {
    /// Opens a number's secrets. What does not open is noted in the audit log and blocks sending.
    pub async fn line(&self, workspace: Uuid, id: Uuid) -> Result<Line, Error> {
        let record = self.get(workspace, id).await?;
        self.line_of(record).await
    }

    /// The same for a number that was read already.
    pub async fn line_of(&self, record: NumberRecord) -> Result<Line, Error> {
        match self.open_both(&record).await {
            Ok(None) => Err(Error::NoToken),
            Ok(Some((token, app_secret))) => Ok(Line { record, token, app_secret }),
            Err(error) => {
                if error.is_lasting() {
                    self.block_unopened(&record, &error).await;
                }
                Err(error.into())
            }
        }
    }

    /// The same without any consequence if they do not open. None: it has no access token.
    pub async fn open_line(&self, record: NumberRecord) -> Result<Option<Line>, keys::Error> {
        let opened = self.open_both(&record).await?;
        Ok(opened.map(|(token, app_secret)| Line { record, token, app_secret }))
    }

    /// The Meta app of a number: its own, or that of the settings.
    pub fn app_id_of(&self, record: &NumberRecord) -> Option<String> {
        record.app_id.clone().or_else(|| self.0.app.id.clone())
    }

    /// What calls are made with. None: it has no access token.
    async fn open_both(
        &self,
        record: &NumberRecord,
    ) -> Result<Option<(Secret, Option<Secret>)>, keys::Error> {
        let Some(token) = self.open_token(record).await else { return Ok(None) };
        Ok(Some((token?, self.open_app_secret(record).await?)))
    }

    /// The access token; none: it has none.
    pub(super) async fn open_token(&self, record: &NumberRecord) -> Option<Result<Secret, keys::Error>> {
        Some(self.open(record, sealed::ACCESS_TOKEN, record.access_token.as_ref()?).await)
    }

    /// The app secret that goes with the token: its own, or that of the settings.
    pub(super) async fn open_app_secret(&self, record: &NumberRecord) -> Result<Option<Secret>, keys::Error> {
        match &record.app_secret {
            Some(secret) => self.open(record, sealed::APP_SECRET, secret).await.map(Some),
            None => Ok(self.usual_app_secret(record.app_id.as_deref())),
        }
    }

    /// The PIN of its two-step verification; none: none is kept.
    pub(super) async fn open_pin(&self, record: &NumberRecord) -> Option<Result<Secret, keys::Error>> {
        Some(self.open(record, sealed::PIN, record.pin.as_ref()?).await)
    }

    pub(super) async fn open(
        &self,
        record: &NumberRecord,
        field: &'static str,
        value: &Sealed,
    ) -> Result<Secret, keys::Error> {
        let document = record.id.to_string();
        self.0.keys.open(&sealed::place(record.workspace, &document, field), value).await
    }

    /// Seals a secret of a number.
    pub(super) async fn seal(
        &self,
        workspace: Uuid,
        phone_number_id: &str,
        field: &'static str,
        secret: &Secret,
    ) -> Result<Sealed, keys::Error> {
        let document = number_id(workspace, phone_number_id).to_string();
        self.0.keys.seal(&sealed::place(workspace, &document, field), secret).await
    }

    /// The secret of the settings' app, for numbers of that app. Only when its id is set too: which app a bare secret
    /// is of is not known, and Meta refuses the proof of a wrong one.
    pub(super) fn usual_app_secret(&self, app_id: Option<&str>) -> Option<Secret> {
        let ours = self.0.app.id.as_deref()?;
        self.0.app.secret.clone().filter(|_| app_id.is_none_or(|theirs| theirs == ours))
    }

    /// What does not open stays so until somebody mends it: said in the audit log once, and to whoever wants to send.
    async fn block_unopened(&self, record: &NumberRecord, error: &keys::Error) {
        let is_said = record.block.as_ref().is_some_and(|block| block.reason == BlockReason::Sealed);
        if is_said {
            return;
        }
        warn!(number = %record.id, reason = error.reason(), "the secrets of a number do not open; it cannot send");
        let why = [("reason", None, Some(error.reason()))];
        let noted = self.note_of(record.workspace, &Who::Operator, "secret-unopened", record.id, &why).await;
        if let Err(error) = noted {
            warn!(%error, "the audit log does not take an entry");
        }
        self.block(record, BlockReason::Sealed, None).await;
    }

    /// What a refusal says of the token itself blocks sending. Gives the error back.
    pub(super) async fn judge(&self, record: &NumberRecord, error: CallError) -> CallError {
        let codes = error.refusal().and_then(|refusal| Some((refusal.code()?, refusal.subcode())));
        if let Some(codes) = codes.filter(|(code, _)| TOKEN_CODES.contains(code)) {
            self.block(record, BlockReason::Token, Some(codes)).await;
        }
        error
    }

    /// Blocks sending, unless it is blocked for that reason already. It must never stand in the way of what else is
    /// being done, so its own failure is logged only.
    pub async fn block(&self, record: &NumberRecord, reason: BlockReason, codes: Option<(i64, Option<i64>)>) {
        let code = codes.map(|(code, _)| code);
        let is_so = record.block.as_ref().is_some_and(|block| block.reason == reason && block.code == code);
        if is_so {
            return;
        }
        let subcode = codes.and_then(|(_, subcode)| subcode);
        let block = Block { code, subcode, reason, since_ms: self.now_ms() };
        let kept = match NumberChanges::default().block(Some(&block)) {
            Ok(changes) => {
                self.0.storage.change_number(record.workspace, record.id, changes, self.now_ms()).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            warn!(number = %record.id, %error, "that sending is blocked could not be kept");
        }
    }
}
