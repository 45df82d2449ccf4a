//! `/health/live`: the process answers. `/health/ready`: it should be given work.

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::State;
use super::request::AsItIs;

/// Always 200: a process that cannot answer this needs a restart.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "live": true }))
}

/// 503 with the reasons while stopping or stuck.
pub async fn ready(state: web::Data<State>) -> HttpResponse {
    let reasons = state.readiness.reasons();
    if reasons.is_empty() {
        HttpResponse::Ok().json(json!({ "ready": true }))
    } else {
        let mut response =
            HttpResponse::ServiceUnavailable().json(json!({ "ready": false, "reasons": reasons }));
        response.extensions_mut().insert(AsItIs);
        response
    }
}
