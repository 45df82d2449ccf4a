//! Tokens of the CRM's own users: every kind of key, and every way to be wrong.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use pesan::auth::{Access, Refused, Role, Visitor, Who};
use pesan::storage::workspaces::{Workspace, first_workspace};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{config, instance};
use crate::support::app::TestApp;

const SECRET: &str = "a-secret-of-the-crm-with-40-characters-x";
const ISSUER: &str = "https://login.crm.example/";
const RSA: &str = include_str!("../../../fixtures/jwt/rsa.private.pem");
const RSA_PUBLIC: &str = include_str!("../../../fixtures/jwt/rsa.public.pem");
const P256: &str = include_str!("../../../fixtures/jwt/p256.private.pem");
const P256_PUBLIC: &str = include_str!("../../../fixtures/jwt/p256.public.pem");
const ED25519: &str = include_str!("../../../fixtures/jwt/ed25519.private.pem");
const ED25519_PUBLIC: &str = include_str!("../../../fixtures/jwt/ed25519.public.pem");

fn hmac() -> EncodingKey {
    EncodingKey::from_secret(SECRET.as_bytes())
}

fn ed25519() -> EncodingKey {
    EncodingKey::from_ed_pem(ED25519.as_bytes()).unwrap()
}

fn p256() -> EncodingKey {
    EncodingKey::from_ec_pem(P256.as_bytes()).unwrap()
}

fn rsa() -> EncodingKey {
    EncodingKey::from_rsa_pem(RSA.as_bytes()).unwrap()
}

/// Good claims, with these changes; null takes a claim away.
fn claims(app: &TestApp, changes: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER,
        "aud": "pesan",
        "sub": "siti",
        "role": "agent",
        "workspace": first_workspace(),
        "exp": app.clock.clock().now_ms() / 1_000 + 600,
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn token(algorithm: Algorithm, kid: Option<&str>, key: &EncodingKey, claims: &Value) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
    encode(&header, claims, key).unwrap()
}

/// An instance that takes tokens by this key.
fn taking(app: &TestApp, name: &str, value: &str) -> Access {
    instance(app, &[(name, value), ("JWT_ISSUER", ISSUER), ("JWT_AUDIENCE", "pesan,crm")])
}

async fn app() -> TestApp {
    let app = TestApp::start();
    app.storage.ensure_workspace(first_workspace(), "first").await.unwrap();
    app
}

#[tokio::test]
async fn each_algorithm_is_taken_by_the_key_that_is_for_it_and_by_no_other() {
    let app = app().await;
    let good = claims(&app, json!({}));
    let kinds = [
        ("JWT_SECRET", SECRET, token(Algorithm::HS256, None, &hmac(), &good)),
        ("JWT_PUBLIC_KEY", RSA_PUBLIC, token(Algorithm::RS256, None, &rsa(), &good)),
        ("JWT_PUBLIC_KEY", P256_PUBLIC, token(Algorithm::ES256, None, &p256(), &good)),
        ("JWT_PUBLIC_KEY", ED25519_PUBLIC, token(Algorithm::EdDSA, None, &ed25519(), &good)),
    ];
    for (row, (name, value, _)) in kinds.iter().enumerate() {
        let access = taking(&app, name, value);
        for (column, (_, _, token)) in kinds.iter().enumerate() {
            let outcome = access.recognise(token).await;
            if row == column {
                let expected = Visitor {
                    workspace: first_workspace(),
                    role: Role::Agent,
                    who: Who::User("siti".to_owned()),
                    scopes: None,
                    numbers: None,
                };
                assert_eq!(outcome, Ok(expected), "{row}");
            } else {
                assert_eq!(outcome, Err(Refused::Unknown), "{row} {column}");
            }
        }
    }
    let written_out = P256_PUBLIC.replace('\n', "\\n");
    assert!(taking(&app, "JWT_PUBLIC_KEY", &written_out).recognise(&kinds[2].2).await.is_ok());
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/jwt/ed25519.public.pem");
    assert!(taking(&app, "JWT_PUBLIC_KEY", file).recognise(&kinds[3].2).await.is_ok());
}

#[tokio::test]
async fn the_algorithm_is_the_keys_and_never_the_tokens() {
    let app = app().await;
    let good = claims(&app, json!({ "role": "owner" }));
    let access = taking(&app, "JWT_PUBLIC_KEY", RSA_PUBLIC);
    // Signed with the public key as if it were a secret, in the forms in which it is known.
    for secret in [RSA_PUBLIC.as_bytes(), RSA_PUBLIC.trim().as_bytes()] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let forged = token(algorithm, None, &EncodingKey::from_secret(secret), &good);
            assert_eq!(access.recognise(&forged).await, Err(Refused::Unknown));
        }
    }
    let base64 = |value: &Value| data_encoding::BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let good_token = token(Algorithm::HS256, None, &hmac(), &good);
    let signature = good_token.rsplit('.').next().unwrap();
    let hmac_access = taking(&app, "JWT_SECRET", SECRET);
    assert!(hmac_access.recognise(&good_token).await.is_ok());
    for none in ["none", "None", "NONE", "", "HS257"] {
        for signature in ["", signature] {
            let forged =
                format!("{}.{}.{signature}", base64(&json!({ "alg": none, "typ": "JWT" })), base64(&good));
            assert_eq!(access.recognise(&forged).await, Err(Refused::Unknown), "{none}");
            assert_eq!(hmac_access.recognise(&forged).await, Err(Refused::Unknown), "{none}");
        }
    }
    // A stronger algorithm of the same family is another one too.
    for (algorithm, key) in [(Algorithm::HS512, hmac()), (Algorithm::HS384, hmac())] {
        let other = token(algorithm, None, &key, &good);
        assert_eq!(hmac_access.recognise(&other).await, Err(Refused::Unknown), "{algorithm:?}");
    }
    for algorithm in [Algorithm::RS512, Algorithm::PS256] {
        assert_eq!(access.recognise(&token(algorithm, None, &rsa(), &good)).await, Err(Refused::Unknown));
    }
    // A key that the token brings along is not asked.
    let mut header = Header::new(Algorithm::EdDSA);
    header.jwk = Some(Jwk::from_encoding_key(&ed25519(), Algorithm::EdDSA).unwrap());
    let own_key = encode(&header, &good, &ed25519()).unwrap();
    assert_eq!(access.recognise(&own_key).await, Err(Refused::Unknown));
    let mut header = Header::new(Algorithm::HS256);
    header.crit = Some(vec!["b64".to_owned()]);
    let critical = encode(&header, &good, &hmac()).unwrap();
    assert_eq!(hmac_access.recognise(&critical).await, Err(Refused::Unknown));
}

#[tokio::test]
async fn what_a_token_claims_has_to_fit() {
    let app = app().await;
    let access = taking(&app, "JWT_SECRET", SECRET);
    let now_s = app.clock.clock().now_ms() / 1_000;
    let judge = async |changes: Value| {
        access.recognise(&token(Algorithm::HS256, None, &hmac(), &claims(&app, changes))).await
    };
    for fits in [
        json!({}),
        json!({ "aud": ["other", "crm"] }),
        json!({ "exp": now_s - 29 }),
        json!({ "nbf": now_s + 30 }),
        json!({ "exp": format!("{now_s}.5").parse::<f64>().unwrap() }),
        json!({ "iat": now_s, "jti": "1", "more": { "of": "it" } }),
    ] {
        assert!(judge(fits.clone()).await.is_ok(), "{fits}");
    }
    for wrong in [
        json!({ "iss": null }),
        json!({ "iss": "https://login.crm.example" }),
        json!({ "iss": "https://evil.example/" }),
        json!({ "iss": ["https://evil.example/"] }),
        json!({ "iss": { "a": 1 } }),
        json!({ "aud": null }),
        json!({ "aud": "other" }),
        json!({ "aud": ["other"] }),
        json!({ "aud": [] }),
        json!({ "exp": null }),
        json!({ "exp": now_s - 30 }),
        json!({ "exp": "never" }),
        json!({ "nbf": now_s + 31 }),
        json!({ "nbf": "now" }),
        json!({ "sub": null }),
        json!({ "role": null }),
        json!({ "role": "root" }),
        json!({ "workspace": null }),
        json!({ "workspace": uuid::Uuid::now_v7() }),
        json!({ "workspace": "nowhere" }),
        json!({ "workspace": "first" }),
        json!({ "workspace": { "$ne": "" } }),
    ] {
        assert_eq!(judge(wrong.clone()).await, Err(Refused::Unknown), "{wrong}");
    }
    let expiring = token(Algorithm::HS256, None, &hmac(), &claims(&app, json!({ "exp": now_s + 60 })));
    assert!(access.recognise(&expiring).await.is_ok());
    app.clock.advance(Duration::from_secs(90));
    assert_eq!(access.recognise(&expiring).await, Err(Refused::Unknown));
    for broken in ["a.b", "a.b.c", "..", "a.b.c.d"] {
        assert_eq!(access.recognise(broken).await, Err(Refused::Unknown), "{broken}");
    }
}

#[tokio::test]
async fn a_workspace_is_named_by_the_crms_own_id_or_by_the_settings() {
    let app = app().await;
    let toko = Workspace {
        id: uuid::Uuid::now_v7(),
        name: "Toko Maju".to_owned(),
        external_id: Some("42".to_owned()),
        created_ms: None,
    };
    app.storage.insert_workspace(&toko).await.unwrap();
    let usual = [("JWT_SECRET", SECRET), ("JWT_ISSUER", ISSUER), ("JWT_AUDIENCE", "pesan")];
    let strict = instance(&app, &usual);
    let lenient = instance(
        &app,
        &[
            &usual[..],
            &[
                ("JWT_WORKSPACE", "first"),
                ("JWT_WORKSPACE_CLAIM", "tenant.id"),
                ("JWT_ROLE_CLAIM", "roles"),
                ("JWT_ROLE_NAMES", "supervisor=admin,staff=agent"),
            ],
        ]
        .concat(),
    );
    let workspace = async |access: &Access, changes: Value| {
        let token = token(Algorithm::HS256, None, &hmac(), &claims(&app, changes));
        access.recognise(&token).await.map(|visitor| (visitor.workspace, visitor.role))
    };
    assert_eq!(workspace(&strict, json!({ "workspace": "42" })).await, Ok((toko.id, Role::Agent)));
    assert_eq!(workspace(&strict, json!({ "workspace": 42 })).await, Ok((toko.id, Role::Agent)));
    let roles = json!(["staff", "supervisor", "else"]);
    assert_eq!(
        workspace(&lenient, json!({ "tenant": { "id": "42" }, "roles": roles })).await,
        Ok((toko.id, Role::Admin))
    );
    assert_eq!(workspace(&lenient, json!({ "roles": roles })).await, Ok((first_workspace(), Role::Admin)));
    assert_eq!(
        workspace(&lenient, json!({ "tenant": { "id": "43" }, "roles": roles })).await,
        Err(Refused::Unknown)
    );
}

#[tokio::test]
async fn settings_that_cannot_be_used_stop_the_start() {
    let app = TestApp::start();
    for (value, expected) in [
        (RSA, "private key"),
        (include_str!("../../../fixtures/jwt/rsa-weak.public.pem"), "at least 2048 bits"),
        (include_str!("../../../fixtures/jwt/p384.public.pem"), "P-256"),
        ("/nowhere/key.pem", "cannot be read"),
    ] {
        let settings = [("JWT_PUBLIC_KEY", value), ("JWT_ISSUER", ISSUER), ("JWT_AUDIENCE", "pesan")];
        let config = config(&app, &settings);
        let made =
            Access::new(&app.storage, &app.clock.clock(), &config.access, &pesan::telemetry::Metrics::new());
        let error = made.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// The CRM's page of public keys.
struct Published {
    url: String,
    state: Arc<Mutex<(u16, String, usize)>>,
}

impl Published {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new((200, String::new(), 0)));
        let shown = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut request = [0; 4_096];
                // One read holds the whole of such a short question.
                if connection.read(&mut request).await.is_err() {
                    continue;
                }
                let (status, body) = {
                    let mut state = shown.lock().unwrap();
                    state.2 += 1;
                    (state.0, state.1.clone())
                };
                let head =
                    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
                let place = "location: http://127.0.0.1:1/\r\n\r\n";
                connection.write_all(format!("{head}{place}{body}").as_bytes()).await.ok();
            }
        });
        Self { url, state }
    }

    fn show(&self, status: u16, body: impl ToString) {
        let mut state = self.state.lock().unwrap();
        (state.0, state.1) = (status, body.to_string());
    }

    fn times_asked(&self) -> usize {
        self.state.lock().unwrap().2
    }
}

fn jwk(kid: &str, key: &EncodingKey, algorithm: Algorithm) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
    jwk.common.key_id = Some(kid.to_owned());
    serde_json::to_value(jwk).unwrap()
}

#[tokio::test]
async fn published_keys_are_kept_read_again_for_a_new_one_and_count_on_while_the_page_is_away() {
    let app = app().await;
    let page = Published::start().await;
    let access = taking(&app, "JWT_JWKS_URL", &page.url);
    let by = |kid: Option<&str>, algorithm, key: &EncodingKey| {
        token(
            algorithm,
            kid,
            key,
            &claims(&app, json!({ "exp": app.clock.clock().now_ms() / 1_000 + 200_000 })),
        )
    };
    let (first, second) =
        (by(Some("k1"), Algorithm::EdDSA, &ed25519()), by(Some("k2"), Algorithm::ES256, &p256()));

    page.show(503, "");
    assert_eq!(access.recognise(&first).await, Err(Refused::Unavailable), "nothing is known yet");
    page.show(200, json!({ "keys": [jwk("k1", &ed25519(), Algorithm::EdDSA)] }));
    assert_eq!(access.recognise(&first).await, Err(Refused::Unavailable), "asked a moment ago");
    assert_eq!(page.times_asked(), 1);
    app.clock.advance(Duration::from_secs(10));
    assert!(access.recognise(&first).await.is_ok());
    assert!(
        access.recognise(&by(None, Algorithm::EdDSA, &ed25519())).await.is_ok(),
        "the only key needs no name"
    );
    assert_eq!(page.times_asked(), 2);

    // Rotation: a new key beside the old one.
    page.show(
        200,
        json!({ "keys": [jwk("k1", &ed25519(), Algorithm::EdDSA), jwk("k2", &p256(), Algorithm::ES256)] }),
    );
    for _ in 0..20 {
        assert_eq!(access.recognise(&second).await, Err(Refused::Unknown), "asked a moment ago");
    }
    assert_eq!(page.times_asked(), 2, "inventing key ids makes nobody ask more often");
    app.clock.advance(Duration::from_secs(10));
    assert!(access.recognise(&second).await.is_ok());
    assert!(access.recognise(&first).await.is_ok());
    assert_eq!(
        access.recognise(&by(None, Algorithm::EdDSA, &ed25519())).await,
        Err(Refused::Unknown),
        "which?"
    );
    assert_eq!(access.recognise(&by(Some("k2"), Algorithm::EdDSA, &ed25519())).await, Err(Refused::Unknown));
    assert_eq!(page.times_asked(), 3);

    // The page is away: the keys count on, for a day.
    for broken in [
        (500, String::new()),
        (302, String::new()),
        (200, "<html>".to_owned()),
        (200, json!({ "keys": [] }).to_string()),
        (200, " ".repeat(300_000)),
    ] {
        app.clock.advance(Duration::from_mins(11));
        let asked = page.times_asked();
        page.show(broken.0, &broken.1);
        assert!(access.recognise(&first).await.is_ok() && access.recognise(&second).await.is_ok());
        assert_eq!(page.times_asked(), asked + 1);
    }
    app.clock.advance(Duration::from_hours(24));
    assert_eq!(access.recognise(&first).await, Err(Refused::Unavailable));

    // It is back, and the old key is gone.
    page.show(200, json!({ "keys": [jwk("k2", &p256(), Algorithm::ES256)] }));
    app.clock.advance(Duration::from_secs(10));
    assert!(access.recognise(&second).await.is_ok());
    assert_eq!(access.recognise(&first).await, Err(Refused::Unknown));
}

#[tokio::test]
async fn of_published_keys_only_those_for_signing_by_a_known_algorithm_count() {
    let app = app().await;
    let page = Published::start().await;
    let with = |mut jwk: Value, name: &str, value: &str| {
        jwk[name] = value.into();
        jwk
    };
    let secret = jwk("hmac", &hmac(), Algorithm::HS256);
    let for_encryption = with(jwk("enc", &p256(), Algorithm::ES256), "use", "enc");
    let for_other = with(jwk("other", &p256(), Algorithm::ES256), "alg", "RS256");
    let good = with(jwk("good", &p256(), Algorithm::ES256), "use", "sig");
    page.show(200, json!({ "keys": [{ "kty": "new" }, 3, secret, for_encryption, for_other, good] }));
    let access = taking(&app, "JWT_JWKS_URL", &page.url);
    let judge = async |kid: &str, algorithm, key: &EncodingKey| {
        access.recognise(&token(algorithm, Some(kid), key, &claims(&app, json!({})))).await.is_ok()
    };
    assert!(judge("good", Algorithm::ES256, &p256()).await);
    assert!(!judge("hmac", Algorithm::HS256, &hmac()).await, "a secret that is published is none");
    assert!(!judge("enc", Algorithm::ES256, &p256()).await);
    assert!(!judge("other", Algorithm::ES256, &p256()).await);
}
