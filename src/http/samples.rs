//! `POST /api/templates/samples`: a sample for the header of a template, as large as Meta takes it. It is passed on to Meta
//! while it comes, piece by piece, and never whole in memory.
//!
//! The same key, deed and answer as the mutation `uploadTemplateSample`. Who calls is told by the `Authorization` header
//! alone and no type of a sample is one that a form sends, so no page can act in somebody's name.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use bytes::Bytes;
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

use super::State;
use super::error::{ApiError, Wording};
use super::guard;
use super::request::AsItIs;
use crate::auth::{Deed, authorize};
use crate::error::Code;
use crate::graphql::sample_answer;
use crate::limits;
use crate::meta::client::Pieces;
use crate::runtime::Supervisor;
use crate::templates::{Place, Sample, SampleFile, Templates, sample_bytes_max};

/// The one address.
pub const PATH: &str = "/api/templates/samples";

/// So many are passed on at once: each holds a call to Meta for as long as its sender takes.
const AT_ONCE_MAX: usize = 4;
/// The next piece must be there within this time.
const PIECE_MAX: Duration = Duration::from_secs(30);

/// What the route works with.
#[derive(Clone, Debug)]
pub struct Samples {
    templates: Templates,
    supervisor: Supervisor,
    room: Arc<Semaphore>,
}

impl Samples {
    /// Uploads run on the main runtime.
    pub fn new(templates: &Templates, supervisor: &Supervisor) -> Self {
        let room = Arc::new(Semaphore::new(AT_ONCE_MAX));
        Self { templates: templates.clone(), supervisor: supervisor.clone(), room }
    }
}

/// Whose sample it is, and how it is called.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Parameters {
    account_id: Option<String>,
    number_id: Option<String>,
    file_name: String,
}

/// Why a sample is not passed on.
type Refused = (StatusCode, Code, String);

/// `POST /api/templates/samples?accountId=…&fileName=…`, or with `numberId`.
pub async fn upload(request: HttpRequest, payload: web::Payload, state: web::Data<State>) -> HttpResponse {
    let caller = state.guard.caller(&request);
    let visitor = match state.guard.recognise(caller, guard::bearer(&request)).await {
        Ok(visitor) => visitor,
        Err(turned_away) => return state.guard.answer(&turned_away),
    };
    if authorize(&visitor, Deed::ChangeTemplates).is_err() {
        return HttpResponse::from_error(ApiError(Code::Forbidden));
    }
    let (place, sample, pieces) = match read(&request) {
        Ok(read) => read,
        Err(refused) => return refuse(refused),
    };
    let Samples { templates, supervisor, room } = state.samples.clone();
    let Ok(permit) = room.try_acquire_owned() else {
        return HttpResponse::from_error(ApiError(Code::Overloaded));
    };
    let job = supervisor.run("template-sample", async move {
        let _permit = permit;
        templates.upload_sample(&visitor, &place, sample).await
    });
    let mut job = pin!(job);
    let passed_on = tokio::select! {
        biased;
        // Whatever comes of the file, what Meta or we say of it goes before.
        uploaded = &mut job => Err(uploaded),
        is_whole = pass_on(payload, pieces) => Ok(is_whole),
    };
    let (is_whole, uploaded) = match passed_on {
        Err(uploaded) => (true, uploaded),
        Ok(is_whole) => (is_whole, job.await),
    };
    match uploaded {
        Ok(Err(_)) if !is_whole => refuse(bad("The body did not come whole.")),
        Ok(uploaded) => answer(sample_answer(uploaded)),
        // The job panicked or is being cut; the log has it.
        Err(_) => HttpResponse::from_error(ApiError(Code::Internal)),
    }
}

/// Hands the pieces over as fast as they are taken. Whether all came.
async fn pass_on(mut payload: web::Payload, pieces: mpsc::Sender<Bytes>) -> bool {
    loop {
        match tokio::time::timeout(PIECE_MAX, payload.next()).await {
            // Not taken any more: the upload has ended, and says how.
            Ok(Some(Ok(piece))) => {
                if pieces.send(piece).await.is_err() {
                    return true;
                }
            }
            Ok(None) => return true,
            Ok(Some(Err(_))) | Err(_) => return false,
        }
    }
}

fn read(request: &HttpRequest) -> Result<(Place, Sample, mpsc::Sender<Bytes>), Refused> {
    let parameters = web::Query::<Parameters>::from_query(request.query_string());
    let web::Query(Parameters { account_id, number_id, file_name }) =
        parameters.map_err(|_| bad("The address takes accountId or numberId, and fileName."))?;
    let place = match (account_id, number_id) {
        (Some(account_id), None) => Place::Account(account_id),
        // What cannot be an id is no number of anybody's.
        (None, Some(id)) => Place::Number(Uuid::parse_str(&id).unwrap_or(Uuid::nil())),
        (_, _) => return Err(bad("Say which account is meant, or which number: not both.")),
    };
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let mime_type = text(header::CONTENT_TYPE).unwrap_or_default();
    let mime_type = mime_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some(bytes_max) = sample_bytes_max(&mime_type) else {
        let sentence = "A sample is image/jpeg, image/png, video/mp4 or application/pdf.";
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::InvalidRequest, sentence.to_owned()));
    };
    let Some(length) = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok()) else {
        let sentence = "Say in Content-Length how long the file is: Meta wants to know before it comes.";
        return Err((StatusCode::LENGTH_REQUIRED, Code::InvalidRequest, sentence.to_owned()));
    };
    if length == 0 {
        return Err(bad("The body is empty."));
    }
    if length > bytes_max {
        let sentence = format!("A sample of this type has at most {bytes_max} bytes.");
        return Err((StatusCode::PAYLOAD_TOO_LARGE, Code::PayloadTooLarge, sentence));
    }
    let (pieces, file) = Pieces::of(length);
    Ok((place, Sample { file_name, mime_type, file: SampleFile::Piecewise(file) }, pieces))
}

fn bad(sentence: &str) -> Refused {
    (StatusCode::BAD_REQUEST, Code::InvalidRequest, sentence.to_owned())
}

fn refuse((status, code, message): Refused) -> HttpResponse {
    let mut response = HttpResponse::from_error(ApiError(code));
    *response.status_mut() = status;
    response.extensions_mut().insert(Wording { status, message });
    response
}

fn answer(answer: Result<(u16, Value), Code>) -> HttpResponse {
    let (status, body) = match answer {
        Ok(answer) => answer,
        Err(code) => return HttpResponse::from_error(ApiError(code)),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response =
        HttpResponseBuilder::new(status).insert_header((header::CACHE_CONTROL, "no-store")).json(body);
    if status == StatusCode::BAD_GATEWAY {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(limits::RETRY_AFTER.as_secs()));
    }
    response.extensions_mut().insert(AsItIs);
    response
}
