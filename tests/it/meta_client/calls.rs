//! Each typed call once, with its answer.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use pesan::dev::simulator::world::{BUSINESS_ID, NUMBER_ID, SECOND_NUMBER_ID, WABA_ID};
use pesan::meta::client::block::Customer;
use pesan::meta::client::message::Pacing;
use pesan::meta::client::number::{
    Automation, CanSend, CodeMethod, Command, Connection, MessagingLimit, NameReview, Platform, Quality,
    Sync, Throughput, UsernameState, Verification,
};
use pesan::meta::client::profile::Change;
use pesan::meta::client::qr::ImageFormat;
use pesan::meta::client::template::{Category, Status};
use pesan::meta::client::upload::{File, Progress};
use pesan::secret::Secret;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{APP_ID, Meta, PABLO, TOKEN, codes};
use crate::support::peer::{Peer, Reply};

/// A callback URL that knows the verify token.
async fn callback() -> Peer {
    Peer::start(|head| {
        let challenge = head.split("hub.challenge=").nth(1).and_then(|rest| rest.split('&').next());
        let is_ours = head.contains("hub.verify_token=our%2Dword");
        let status = if is_ours { "200 OK" } else { "403 Forbidden" };
        Reply::Answer(status, Vec::new(), challenge.unwrap_or_default().as_bytes().to_vec())
    })
    .await
}

#[tokio::test]
async fn a_number_tells_all_about_itself() {
    let meta = Meta::start();
    let number = meta.graph.number(meta.credentials(), NUMBER_ID).get().await.unwrap();
    assert_eq!((number.id.as_str(), number.display_phone_number.as_str()), (NUMBER_ID, "+15550783881"));
    assert_eq!(number.verified_name.as_deref(), Some("Lucky Shrub"));
    assert_eq!(number.quality, Some(Quality::Green));
    assert_eq!(number.connection, Some(Connection::Connected));
    assert_eq!(number.name_review, Some(NameReview::Approved));
    assert_eq!(number.verification, Some(Verification::Verified));
    assert_eq!(number.platform, Some(Platform::CloudApi));
    assert_eq!(number.throughput, Some(Throughput::Standard));
    assert_eq!(number.messaging_limit, Some(MessagingLimit::Tier2K));
    assert_eq!((number.is_on_biz_app, number.is_pin_enabled), (Some(false), Some(true)));
    let health = number.health.unwrap();
    assert_eq!((health.can_send, health.entities[0].kind.as_str()), (CanSend::Available, "PHONE_NUMBER"));
    // Nothing had to be asked twice, so each field is one that the reference knows.
    assert_eq!(meta.requests(NUMBER_ID).await.len(), 1);
}

#[tokio::test]
async fn a_number_is_verified_registered_and_taken_off() {
    let meta = Meta::start();
    let new = json!({ "id": "700", "phone": "15550001111", "registered": false, "verified": false });
    meta.control("/numbers", new).await;
    let number = meta.graph.number(meta.credentials(), "700");
    let pin = Secret::new("000000");
    assert_eq!(codes(number.register(&pin, None).await), (133_006, 0));
    number.request_code(CodeMethod::Sms, "en_US").await.unwrap();
    assert_eq!(codes(number.verify_code(&Secret::new("111111")).await).0, 136_025);
    number.verify_code(&Secret::new("123456")).await.unwrap();
    number.register(&pin, Some("ID")).await.unwrap();
    number.set_pin(&Secret::new("654321")).await.unwrap();
    number.deregister().await.unwrap();
    let after = number.get().await.unwrap();
    assert_eq!(after.connection, Some(Connection::Pending));
    let trouble = &after.health.unwrap().entities[0].troubles[0];
    assert_eq!(trouble.code, Some(133_010));
    assert_eq!(codes(number.register(&pin, None).await).0, 133_005);
}

#[tokio::test]
async fn a_number_is_set_up() {
    let meta = Meta::start();
    let number = meta.graph.number(meta.credentials(), NUMBER_ID);
    number
        .set_settings(&json!({ "user_identity_change": { "enable_identity_key_check": true } }))
        .await
        .unwrap();
    assert!(number.settings().await.unwrap().contains_key("user_identity_change"));

    let automation = Automation {
        prompts: vec!["Jam buka?".to_owned()],
        commands: vec![Command { name: "katalog".to_owned(), description: "Semua barang".to_owned() }],
    };
    number.set_automation(&automation).await.unwrap();
    assert_eq!(number.get().await.unwrap().automation, Some(automation));

    assert_eq!(number.username().await.unwrap().username, None);
    let free = number.username_suggestions().await.unwrap();
    assert!(free.contains(&"luckyshrub".to_owned()), "{free:?}");
    assert_eq!(number.set_username("luckyshrub", false).await.unwrap(), UsernameState::Approved);
    assert_eq!(number.username().await.unwrap().username.as_deref(), Some("luckyshrub"));
    number.delete_username().await.unwrap();
    assert_eq!(number.username().await.unwrap().username, None);

    assert!(!number.sync(Sync::Contacts).await.unwrap().is_empty());
    assert!(!number.sync(Sync::History).await.unwrap().is_empty());
    assert_eq!(codes(number.sync(Sync::History).await).0, 2_593_107);
}

#[tokio::test]
async fn webhooks_are_sent_elsewhere_and_back() {
    let meta = Meta::start();
    let (ours, word) = (callback().await, Secret::new("our-word"));
    let number = meta.graph.number(meta.credentials(), NUMBER_ID);
    number.set_callback(&ours.url, &word).await.unwrap();
    let callbacks = number.get().await.unwrap().callbacks;
    assert_eq!((callbacks.in_force(), callbacks.app.as_deref()), (Some(ours.url.as_str()), None));
    number.clear_callback().await.unwrap();
    assert_eq!(number.get().await.unwrap().callbacks.number, None);
    assert_eq!(codes(number.set_callback(&ours.url, &Secret::new("other")).await).0, 2_200);
}

#[tokio::test]
async fn a_profile_is_read_and_changed() {
    let meta = Meta::start();
    let profile = meta.graph.profile(meta.credentials(), NUMBER_ID);
    assert_eq!(profile.get().await.unwrap().vertical.as_deref(), Some("UNDEFINED"));
    let change = Change {
        about: Some("Toko tanaman".to_owned()),
        websites: Some(vec!["https://www.luckyshrub.com".to_owned()]),
        vertical: Some("RETAIL".to_owned()),
        ..Change::default()
    };
    profile.change(&change).await.unwrap();
    let changed = profile.get().await.unwrap();
    assert_eq!((changed.about, changed.vertical), (change.about, change.vertical));
    assert_eq!(Some(changed.websites), change.websites);
}

#[tokio::test]
async fn qr_codes_come_with_their_picture() {
    let meta = Meta::start();
    let codes = meta.graph.qr_codes(meta.credentials(), NUMBER_ID);
    let created = codes.create("Halo!", Some(ImageFormat::Png)).await.unwrap();
    let picture = meta.graph.open(created.image_url.as_ref().unwrap(), None).await.unwrap();
    assert_eq!(picture.mime_type.as_deref(), Some("image/png"));
    assert!(picture.whole(10_000).await.unwrap().starts_with(b"\x89PNG"));

    let changed = codes.update(&created.code, "Halo lagi!", None).await.unwrap();
    assert_eq!((changed.code.as_str(), changed.prefilled_message.as_str()), (&*created.code, "Halo lagi!"));
    assert_eq!(codes.find(&created.code).await.unwrap(), Some(changed));
    for _ in 0..120 {
        codes.create("Halo!", Some(ImageFormat::Svg)).await.unwrap();
    }
    let all = codes.list().await.unwrap();
    assert_eq!((all.items.len(), all.is_whole), (121, true), "over more than one page");
    codes.delete(&created.code).await.unwrap();
    assert_eq!(codes.find(&created.code).await.unwrap(), None);
}

#[tokio::test]
async fn customers_are_blocked_and_a_stranger_is_not() {
    let meta = Meta::start();
    let blocks = meta.graph.blocks(meta.credentials(), NUMBER_ID);
    let outcome = blocks.add(&[Customer::Phone(PABLO), Customer::UserId("US.unknown")]).await.unwrap();
    assert_eq!((outcome.done[0].wa_id.as_deref(), outcome.done.len()), (Some(PABLO), 1));
    assert_eq!((outcome.failed[0].input.as_str(), outcome.failed.len()), ("US.unknown", 1));
    assert_eq!(blocks.list().await.unwrap().items[0].wa_id.as_deref(), Some(PABLO));
    assert_eq!(blocks.remove(&[Customer::Phone(PABLO)]).await.unwrap().done.len(), 1);
    assert!(blocks.list().await.unwrap().items.is_empty());
}

#[tokio::test]
async fn an_account_is_not_a_portfolio_and_the_reverse() {
    let meta = Meta::start();
    let account = meta.graph.account(meta.credentials(), WABA_ID);
    let told = account.get().await.unwrap();
    assert_eq!((told.id.as_str(), told.currency.as_deref()), (WABA_ID, Some("USD")));
    assert_eq!(told.business_id.as_deref(), Some(BUSINESS_ID));
    assert_eq!(told.health.unwrap().can_send, CanSend::Available);
    assert_eq!(codes(account.as_portfolio().await).0, 100);

    let portfolio = meta.graph.account(meta.credentials(), BUSINESS_ID);
    assert_eq!(codes(portfolio.get().await).0, 100);
    assert_eq!(portfolio.as_portfolio().await.unwrap().name.as_deref(), Some("Lucky Shrub"));
    assert_eq!(codes(meta.graph.account(meta.credentials(), "404").get().await), (100, 33));
}

#[tokio::test]
async fn an_account_has_numbers_and_apps_that_hear_of_it() {
    let meta = Meta::start();
    let account = meta.graph.account(meta.credentials(), WABA_ID);
    let numbers = account.numbers().await.unwrap();
    let ids: Vec<&str> = numbers.items.iter().map(|number| number.id.as_str()).collect();
    assert_eq!((ids, numbers.is_whole), (vec![NUMBER_ID, SECOND_NUMBER_ID], true));

    assert_eq!(account.subscribed_apps().await.unwrap().items[0].id, APP_ID);
    account.unsubscribe().await.unwrap();
    assert!(account.subscribed_apps().await.unwrap().items.is_empty());
    account.subscribe().await.unwrap();
    assert_eq!(account.subscribed_apps().await.unwrap().items[0].override_callback_url, None);
    let ours = callback().await;
    account.subscribe_at(&ours.url, &Secret::new("our-word")).await.unwrap();
    let apps = account.subscribed_apps().await.unwrap().items;
    assert_eq!(apps[0].override_callback_url.as_deref(), Some(ours.url.as_str()));
}

#[tokio::test]
async fn an_app_inspects_tokens_and_says_where_its_webhooks_go() {
    let meta = Meta::start();
    let app = meta.graph.app(APP_ID, &meta.app_secret);
    let inspection = app.inspect(&meta.token).await.unwrap();
    assert!(inspection.is_valid && inspection.expires_at_s.is_none());
    assert_eq!(
        (inspection.app_id.as_deref(), inspection.kind.as_deref()),
        (Some(APP_ID), Some("SYSTEM_USER"))
    );
    assert_eq!(inspection.reach("whatsapp_business_messaging"), Some(&[][..]));
    assert_eq!(inspection.reach("ads_read"), None);
    assert!(!app.inspect(&Secret::new("EAAG-unknown")).await.unwrap().is_valid);

    let narrow = json!({ "value": "EAAG-narrow", "scopes": ["whatsapp_business_management"], "wabas": [WABA_ID], "expires_at_ms": 1000 });
    meta.control("/tokens", narrow).await;
    let inspection = app.inspect(&Secret::new("EAAG-narrow")).await.unwrap();
    assert!(!inspection.is_valid);
    assert_eq!(inspection.reach("whatsapp_business_management"), Some(&[WABA_ID.to_owned()][..]));
    assert_eq!((inspection.expires_at_s, inspection.error.unwrap().subcode), (Some(1), Some(463)));

    assert_eq!(app.subscription().await.unwrap(), None);
    let ours = callback().await;
    app.subscribe(&ours.url, &Secret::new("our-word"), &["messages", "calls"]).await.unwrap();
    let subscription = app.subscription().await.unwrap().unwrap();
    assert_eq!(
        (subscription.callback_url.as_deref(), subscription.is_active),
        (Some(ours.url.as_str()), true)
    );
    assert_eq!(subscription.fields, ["calls", "messages"]);

    let stranger = Secret::new("other-app-secret");
    let wrong = meta.graph.app(APP_ID, &stranger);
    assert_eq!(codes(wrong.inspect(&meta.token).await).0, 190);
    assert_eq!(codes(wrong.subscriptions().await).0, 190);
}

#[tokio::test]
async fn a_code_is_exchanged_once() {
    let meta = Meta::start();
    meta.control("/codes", json!({ "code": "signup-code", "wabas": [WABA_ID] })).await;
    let (app, code) = (meta.graph.app(APP_ID, &meta.app_secret), Secret::new("signup-code"));
    let granted = app.exchange_code(&code).await.unwrap();
    let inspection = app.inspect(&granted.token).await.unwrap();
    assert_eq!(inspection.reach("whatsapp_business_management"), Some(&[WABA_ID.to_owned()][..]));
    assert!(!format!("{granted:?}").contains(granted.token.expose()));
    assert_eq!(codes(app.exchange_code(&code).await), (100, 36_009));
}

#[tokio::test]
async fn messages_are_sent_and_marked() {
    let meta = Meta::start();
    let messages = meta.graph.messages(meta.credentials(), NUMBER_ID);
    let sent = messages.send(&Meta::text()).await.unwrap();
    assert!(sent.wamid.starts_with("wamid."));
    assert_eq!((sent.recipients[0].wa_id.as_deref(), sent.pacing), (Some(PABLO), None));
    let template = json!({
        "messaging_product": "whatsapp", "to": PABLO, "type": "template",
        "template": { "name": "hello_world", "language": { "code": "en_US" } },
    });
    assert_eq!(messages.send(&template).await.unwrap().pacing, Some(Pacing::Accepted));
    assert_eq!(codes(messages.send_marketing(&template).await).0, 134_100);

    let written = meta.control("/people/pablo/write", json!({ "text": "Halo" })).await;
    let wamid = written["message"].as_str().unwrap();
    messages.mark_read(wamid).await.unwrap();
    messages.show_typing(wamid).await.unwrap();
    assert_eq!(codes(messages.mark_read(&sent.wamid).await).0, 131_009, "not one that came in");
    assert_eq!(codes(messages.show_typing("wamid.unknown").await).0, 131_009);
}

#[tokio::test]
async fn templates_are_handed_in_listed_edited_and_deleted() {
    let meta = Meta::start();
    let templates = meta.graph.templates(meta.credentials(), WABA_ID);
    let definition = json!({
        "name": "pesanan_siap", "language": "id", "category": "UTILITY",
        "components": [{ "type": "BODY", "text": "Pesanan Anda sudah siap." }],
    });
    let created = templates.create(&definition).await.unwrap();
    assert_eq!((created.status, created.category), (Some(Status::Pending), Some(Category::Utility)));
    let found = templates.list(Some("pesanan_siap")).await.unwrap().items;
    assert_eq!(
        (found.len(), found[0].id.as_str(), found[0].language.as_str()),
        (1, created.id.as_str(), "id")
    );
    assert_eq!(
        templates.get(&created.id).await.unwrap().components,
        *definition["components"].as_array().unwrap()
    );
    templates
        .edit(&created.id, &json!({ "components": [{ "type": "BODY", "text": "Sudah siap." }] }))
        .await
        .unwrap();
    assert!(templates.list(None).await.unwrap().items.len() > 1);
    assert_eq!(codes(templates.create(&definition).await), (100, 2_388_024));
    templates.delete("pesanan_siap", Some(&created.id)).await.unwrap();
    assert!(templates.list(Some("pesanan_siap")).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_sample_is_uploaded_whole_and_in_two_pieces() {
    let meta = Meta::start();
    let uploads = meta.graph.uploads(meta.credentials(), APP_ID);
    let handle = uploads.whole("contoh.png", "image/png", Bytes::from_static(b"picture")).await.unwrap();
    assert!(handle.starts_with("4::"));
    let session =
        uploads.start(File { name: "contoh.png", mime_type: "image/png", length: 7 }).await.unwrap();
    assert_eq!(uploads.send(&session, 0, Bytes::from_static(b"pic")).await.unwrap(), Progress::At(3));
    assert_eq!(uploads.progress(&session).await.unwrap(), Progress::At(3));
    assert_eq!(codes(uploads.send(&session, 5, Bytes::from_static(b"ture")).await).0, 100);
    assert!(matches!(uploads.send(&session, 3, Bytes::from_static(b"ture")).await, Ok(Progress::Done(_))));
}

#[tokio::test]
async fn media_is_uploaded_found_read_and_deleted() {
    let meta = Meta::start();
    let media = meta.graph.media(meta.credentials(), NUMBER_ID);
    let bytes = Bytes::from(vec![0xff; 200_000]);
    let id = media.upload("foto \"1\".jpg", "image/jpeg", bytes.clone()).await.unwrap();
    let location = media.locate(&id).await.unwrap();
    assert_eq!(location.mime_type.as_deref(), Some("image/jpeg"));
    assert_eq!(location.bytes, Some(200_000));
    assert_eq!(location.sha256, Some(HEXLOWER.encode(&Sha256::digest(&bytes))));
    let open = || meta.graph.open(&location.url, Some(meta.credentials()));
    assert_eq!(open().await.unwrap().whole(200_000).await.unwrap(), bytes);
    let error = open().await.unwrap().whole(199_999).await.unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
    assert!(meta.graph.open(&location.url, None).await.is_err(), "not without the token");
    media.delete(&id).await.unwrap();
    assert_eq!(codes(media.locate(&id).await), (100, 33));
    let of_another = meta.graph.media(meta.credentials(), SECOND_NUMBER_ID);
    let id = media.upload("x.jpg", "image/jpeg", bytes).await.unwrap();
    assert_eq!(codes(of_another.locate(&id).await), (100, 33));
    assert!(!format!("{location:?}").contains("_media") && !format!("{location:?}").contains(TOKEN));
}
