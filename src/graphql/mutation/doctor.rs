//! Testing how a number is connected, and mending what can be mended.

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::auth::audit::NewEntry;
use crate::auth::{Deed, Visitor};
use crate::graphql::context::{Services, allowed, allowed_on, services};
use crate::graphql::doctor::{ConnectionTest, ConnectionTestStep};
use crate::graphql::error::{Failure, UserError, UserErrorCode};
use crate::graphql::language::Language;
use crate::graphql::scalar;
use crate::graphql::scalar::DateTime;
use crate::numbers::doctor::{Repair, Report};

/// Something that was mended, or not.
#[derive(Debug, SimpleObject)]
pub struct ConnectionRepair {
    /// For programs: `subscribeApp`, `subscribeFields`, `setCallback`, `register`.
    name: String,
    /// Whether it is mended now; if not, `message` says why.
    done: bool,
    /// What came of it, in a sentence.
    message: String,
}

/// A connection test and what was mended before it, or why there was none.
#[derive(Debug, SimpleObject)]
pub struct TestConnectionPayload {
    /// Nothing failed, and everything that matters could be looked at.
    ok: bool,
    /// How the number stands, in a sentence.
    summary: Option<String>,
    /// Everything that was looked at, in the order in which people are shown it; empty if there was no test.
    steps: Vec<ConnectionTestStep>,
    /// What was mended before, in this order; the steps are as they are after it.
    repairs: Vec<ConnectionRepair>,
    /// When it was looked at, by our clock; null if there was no test.
    tested_at: Option<DateTime>,
    /// What the caller can put right; empty if all went well.
    user_errors: Vec<UserError>,
}

#[derive(Debug, Default)]
pub struct DoctorMutation;

#[Object]
impl DoctorMutation {
    /// Tests how a number is connected: at Meta, at our own address, and here. With `repair` it mends what can be
    /// mended first. Takes up to 20 seconds, with repairs up to 30.
    async fn test_connection(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the number.")] number_id: ID,
        #[graphql(desc = "Whether what can be mended is mended first.", default)] repair: bool,
        #[graphql(desc = "The language of the sentences.", default)] language: Language,
    ) -> Result<TestConnectionPayload, Failure> {
        let deed = if repair { Deed::RepairConnection } else { Deed::TestConnection };
        let Some(number) = scalar::uuid(&number_id) else {
            allowed(context, deed)?;
            return Ok(unknown_number());
        };
        let (visitor, services) = (allowed_on(context, deed, number)?, services(context)?);
        let tested = if repair {
            services.doctor.repair(visitor.workspace, number).await?
        } else {
            services.doctor.test(visitor.workspace, number).await?.map(|report| (report, Vec::new()))
        };
        let Some((report, repairs)) = tested else { return Ok(unknown_number()) };
        note(services, visitor, &number_id, &repairs).await?;
        Ok(payload(&report, &repairs, language))
    }
}

/// What was changed at Meta is in the audit log.
async fn note(
    services: &Services,
    visitor: &Visitor,
    number_id: &ID,
    repairs: &[Repair],
) -> Result<(), Failure> {
    let outcome = |repair: &Repair| if repair.is_done() { "done" } else { "not done" };
    let changes: Vec<(&str, Option<&str>, Option<&str>)> =
        repairs.iter().map(|repair| (repair.kind.name(), None, Some(outcome(repair)))).collect();
    if changes.is_empty() {
        return Ok(());
    }
    let entry = NewEntry {
        workspace: visitor.workspace,
        who: &visitor.who,
        deed: Deed::RepairConnection.name(),
        target: number_id,
        changes: &changes,
    };
    services.audit.note(entry).await.map_err(Failure::internal)
}

fn payload(report: &Report, repairs: &[Repair], language: Language) -> TestConnectionPayload {
    let ConnectionTest { ok, summary, steps, tested_at } = ConnectionTest::new(report, language);
    let repairs = repairs
        .iter()
        .map(|repair| ConnectionRepair {
            name: repair.kind.name().to_owned(),
            done: repair.is_done(),
            message: repair.message(language.into()),
        })
        .collect();
    TestConnectionPayload { ok, summary: Some(summary), steps, repairs, tested_at, user_errors: Vec::new() }
}

fn unknown_number() -> TestConnectionPayload {
    let error = UserError::new(UserErrorCode::NotFound, "There is no such number in this workspace.");
    TestConnectionPayload {
        ok: false,
        summary: None,
        steps: Vec::new(),
        repairs: Vec::new(),
        tested_at: None,
        user_errors: vec![error.on("numberId")],
    }
}
