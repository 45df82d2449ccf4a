//! Connection tests: what the doctor found, said in the caller's language.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::context::{allowed, allowed_on, services};
use super::error::Failure;
use super::language::Language;
use super::scalar;
use super::scalar::DateTime;
use crate::auth::Deed;
use crate::domain::language;
use crate::numbers::doctor;
use crate::numbers::doctor::{Finding, Report};
use crate::storage::number_record::NumberRecord;

/// How a step of a connection test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "doctor::State")]
pub enum ConnectionTestState {
    /// It is as it should be.
    Ok,
    /// It works, and is worth a look.
    Warning,
    /// It is not as it should be; `cause` says what is the matter.
    Failed,
    /// It could not be looked at; `waitsFor` is what has to be settled first, where it is another step.
    Skipped,
}

/// One thing that was looked at.
#[derive(Clone, Debug, SimpleObject)]
pub struct ConnectionTestStep {
    /// For programs: it stays the same in every language.
    pub name: String,
    /// How it ended.
    pub state: ConnectionTestState,
    /// For programs: which of the ways to end this is.
    pub reason: String,
    /// The heading of the step, in the language that was asked for.
    pub title: String,
    /// What is the matter, in a sentence.
    pub cause: String,
    /// What to do; null: nothing.
    pub next_step: Option<String>,
    /// The name of the step that has to be settled before this one can be looked at.
    pub waits_for: Option<String>,
    /// Meta's own error code, where Meta refused.
    pub meta_code: Option<i32>,
    /// How long looking took, in milliseconds.
    pub duration_ms: i32,
}

/// A connection test.
#[derive(Clone, Debug, SimpleObject)]
pub struct ConnectionTest {
    /// Nothing failed, and everything that matters could be looked at.
    pub ok: bool,
    /// How the number stands, in a sentence.
    pub summary: String,
    /// Everything that was looked at, in the order in which people are shown it.
    pub steps: Vec<ConnectionTestStep>,
    /// When it was looked at, by our clock.
    pub tested_at: Option<DateTime>,
}

impl ConnectionTest {
    /// A report in words.
    pub fn new(report: &Report, language: Language) -> Self {
        let language = language.into();
        Self {
            ok: report.is_ok(),
            summary: report.summary(language),
            steps: report.findings.iter().map(|finding| step(finding, language)).collect(),
            tested_at: scalar::moment(report.tested_at_ms),
        }
    }

    /// The latest one of a number.
    pub fn last_of(record: &NumberRecord, language: Language) -> Option<Self> {
        Report::last_of(record).map(|report| Self::new(&report, language))
    }
}

fn step(finding: &Finding, language: language::Language) -> ConnectionTestStep {
    ConnectionTestStep {
        name: finding.step.name().to_owned(),
        state: finding.state.into(),
        reason: finding.case.clone(),
        title: finding.step.title().in_language(language).to_owned(),
        cause: finding.cause(language),
        next_step: finding.next_step(language),
        waits_for: finding.waits_for.map(|step| doctor::Step::name(step).to_owned()),
        meta_code: finding.meta_code.and_then(|code| i32::try_from(code).ok()),
        duration_ms: i32::try_from(finding.duration_ms).unwrap_or(i32::MAX),
    }
}

#[derive(Debug, Default)]
pub struct DoctorQuery;

#[Object]
impl DoctorQuery {
    /// The latest connection test of a number; null: it was never tested, or there is no such number here.
    async fn last_connection_test(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the number.")] number_id: ID,
        #[graphql(desc = "The language of the sentences.", default)] language: Language,
    ) -> Result<Option<ConnectionTest>, Failure> {
        let Some(number) = scalar::uuid(&number_id) else {
            allowed(context, Deed::SeeNumbers)?;
            return Ok(None);
        };
        let visitor = allowed_on(context, Deed::SeeNumbers, number)?;
        let record = services(context)?.storage.find_number(visitor.workspace, number).await?;
        Ok(record.and_then(|record| ConnectionTest::last_of(&record, language)))
    }
}
