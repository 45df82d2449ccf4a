//! Registration for the Cloud API, the code that proves a number, and the PIN of its two-step verification.
//!
//! Invariant: a PIN that Meta may have taken is kept. One that is made here is kept before it is used, because nobody
//! else knows it.

use uuid::Uuid;

use super::{Error, Line, NEW_SECRET, Numbers};
use crate::auth::{Deed, Visitor};
use crate::meta::client::CallError;
use crate::meta::client::number::CodeMethod;
use crate::secret::Secret;
use crate::storage::number_record::{NumberChanges, NumberRecord, sealed};

const PIN_DIGITS: usize = 6;
const PINS: u64 = 1_000_000;
const PIN: &str = "pin";

/// How a code reaches the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeWay {
    Sms,
    Voice,
}

impl Numbers {
    /// Registers a number: with this PIN, else with the one that is kept, else with a new one.
    pub async fn register(
        &self,
        by: &Visitor,
        id: Uuid,
        pin: Option<Secret>,
        region: Option<&str>,
    ) -> Result<NumberRecord, Error> {
        ensure_region(region)?;
        let line = self.line(by.workspace, id).await?;
        let (pin, is_new) = match (pin, &line.record.pin) {
            (Some(pin), _) => {
                ensure_pin(&pin)?;
                (pin, false)
            }
            (None, Some(sealed)) => (self.open(&line.record, sealed::PIN, sealed).await?, false),
            (None, None) => (self.new_pin()?, true),
        };
        let sealed = self.seal(by.workspace, line.phone_number_id(), sealed::PIN, &pin).await?;
        let keeping = || NumberChanges::default().sealed(sealed::PIN, Some(&sealed));
        if is_new {
            self.keep(by.workspace, id, keeping()).await?;
        }
        let registered =
            self.0.graph.number(line.credentials(), line.phone_number_id()).register(&pin, region);
        match registered.await {
            Ok(()) => {}
            Err(error) => {
                if error.is_outcome_unknown() {
                    self.keep(by.workspace, id, keeping()).await?;
                } else if is_new {
                    self.keep(by.workspace, id, NumberChanges::default().sealed(sealed::PIN, None)).await?;
                }
                return Err(self.refused(&line, error).await);
            }
        }
        self.keep(by.workspace, id, keeping()).await?;
        let changes = [("registered", None, Some("true")), (PIN, None, NEW_SECRET)];
        self.note(by, Deed::RegisterNumber.name(), id, &changes).await?;
        self.refresh_after(&line).await
    }

    /// Takes a number off the Cloud API.
    pub async fn deregister(&self, by: &Visitor, id: Uuid) -> Result<NumberRecord, Error> {
        let line = self.line(by.workspace, id).await?;
        let number = self.0.graph.number(line.credentials(), line.phone_number_id());
        self.done(&line, number.deregister().await).await?;
        self.note(by, Deed::RegisterNumber.name(), id, &[("registered", None, Some("false"))]).await?;
        self.refresh_after(&line).await
    }

    /// Has a code sent to the number. `language` as in `en_US`.
    pub async fn request_code(
        &self,
        by: &Visitor,
        id: Uuid,
        way: CodeWay,
        language: &str,
    ) -> Result<NumberRecord, Error> {
        ensure_language(language)?;
        let line = self.line(by.workspace, id).await?;
        let (method, name) = match way {
            CodeWay::Sms => (CodeMethod::Sms, "sms"),
            CodeWay::Voice => (CodeMethod::Voice, "voice"),
        };
        let number = self.0.graph.number(line.credentials(), line.phone_number_id());
        self.done(&line, number.request_code(method, language).await).await?;
        self.note(by, Deed::RegisterNumber.name(), id, &[("codeRequested", None, Some(name))]).await?;
        Ok(line.record)
    }

    /// Proves by the code that the number is the business's own.
    pub async fn verify_code(&self, by: &Visitor, id: Uuid, code: &Secret) -> Result<NumberRecord, Error> {
        // People copy it as the message has it: 123-456. Meta takes digits alone.
        let code = Secret::new(code.expose().replace(['-', ' '], ""));
        if !is_six_digits(&code) {
            return Err(Error::invalid(
                "code",
                "The code has six digits.",
                "Read it again from the message.",
            ));
        }
        let line = self.line(by.workspace, id).await?;
        let number = self.0.graph.number(line.credentials(), line.phone_number_id());
        self.done(&line, number.verify_code(&code).await).await?;
        self.note(by, Deed::RegisterNumber.name(), id, &[("verified", None, Some("true"))]).await?;
        self.refresh_after(&line).await
    }

    /// Sets the PIN of the two-step verification, and keeps it.
    pub async fn set_pin(&self, by: &Visitor, id: Uuid, pin: &Secret) -> Result<NumberRecord, Error> {
        ensure_pin(pin)?;
        let line = self.line(by.workspace, id).await?;
        let sealed = self.seal(by.workspace, line.phone_number_id(), sealed::PIN, pin).await?;
        let keeping = || NumberChanges::default().sealed(sealed::PIN, Some(&sealed));
        let set = self.0.graph.number(line.credentials(), line.phone_number_id()).set_pin(pin).await;
        if set.as_ref().is_err_and(CallError::is_outcome_unknown) {
            self.keep(by.workspace, id, keeping()).await?;
        }
        self.done(&line, set).await?;
        self.keep(by.workspace, id, keeping()).await?;
        self.note(by, Deed::RegisterNumber.name(), id, &[(PIN, None, NEW_SECRET)]).await?;
        self.refresh_after(&line).await
    }

    /// The outcome of a change at Meta's side.
    pub(super) async fn done<T>(&self, line: &Line, outcome: Result<T, CallError>) -> Result<T, Error> {
        match outcome {
            Ok(value) => Ok(value),
            Err(error) => Err(self.refused(line, error).await),
        }
    }

    /// The outcome of a reading.
    pub(super) async fn seen<T>(&self, line: &Line, outcome: Result<T, CallError>) -> Result<T, Error> {
        match outcome {
            Ok(value) => Ok(value),
            Err(error) => Err(Error::reading(self.judge(&line.record, error).await)),
        }
    }

    async fn refused(&self, line: &Line, error: CallError) -> Error {
        Error::changing(self.judge(&line.record, error).await)
    }

    fn new_pin(&self) -> Result<Secret, Error> {
        let number = self.0.random.number()? % PINS;
        Ok(Secret::new(format!("{number:06}")))
    }
}

fn ensure_pin(pin: &Secret) -> Result<(), Error> {
    if is_six_digits(pin) {
        return Ok(());
    }
    Err(Error::invalid(PIN, "A PIN has six digits.", "Choose six digits, and keep them in a safe place."))
}

fn is_six_digits(secret: &Secret) -> bool {
    let text = secret.expose();
    text.len() == PIN_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn ensure_region(region: Option<&str>) -> Result<(), Error> {
    if region.is_none_or(|region| region.len() == 2 && region.bytes().all(|byte| byte.is_ascii_uppercase())) {
        return Ok(());
    }
    let next_step = "Leave it out to keep the data where Meta usually does.";
    Err(Error::invalid("region", "A region is a country of two capital letters, like ID.", next_step))
}

fn ensure_language(language: &str) -> Result<(), Error> {
    let is_one = (2..=10).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if is_one {
        return Ok(());
    }
    Err(Error::invalid("language", "A language is written like id or en_US.", "Write it like en_US."))
}
