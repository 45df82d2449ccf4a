//! What the doctor says whatever the step: that it was not looked at, that Meta refused, what was repaired, and how
//! the number stands as a whole.

use crate::domain::language::Words;

const fn words(en: &'static str, id: &'static str) -> Words {
    Words { en, id }
}

/// A cause, and what to do.
#[derive(Debug)]
pub struct Sentence {
    pub cause: Words,
    pub next: Words,
}

pub static NOT_LOOKED_AT: Sentence = Sentence {
    cause: words(
        "Not looked at, because \"{step}\" is not in order.",
        "Belum diperiksa karena \"{step}\" belum beres.",
    ),
    next: words("Settle that one first, then test again.", "Bereskan langkah itu dulu, lalu uji lagi."),
};

pub static NO_ANSWER: Sentence = Sentence {
    cause: words("Meta did not answer in time.", "Meta tidak menjawab tepat waktu."),
    next: words(
        "Test again in a few minutes; your number goes on working meanwhile.",
        "Uji lagi beberapa menit lagi; sementara itu nomor Anda tetap berjalan.",
    ),
};

pub static REFUSED: Sentence = Sentence {
    cause: words("Meta refused to answer this: {meaning}", "Meta menolak menjawab ini: {meaning}"),
    next: words("{advice}", "{advice}"),
};

/// A step that this version has no sentence for: it was tested by another one.
pub static UNSAID: Sentence = Sentence {
    cause: words(
        "It was tested by another version of this service.",
        "Diuji oleh versi lain dari layanan ini.",
    ),
    next: words("Test again.", "Uji lagi."),
};

pub static REPAIRED: Words = words("Repaired: {what}.", "Sudah diperbaiki: {what}.");
pub static REPAIR_FAILED: Words =
    words("The repair did not succeed: {meaning} {advice}", "Perbaikan tidak berhasil: {meaning} {advice}");
pub static REPAIR_UNANSWERED: Words = words(
    "Meta did not answer, so it is not known whether it was done.",
    "Meta tidak menjawab, sehingga tidak diketahui apakah sudah dilakukan.",
);
pub static NO_VERIFY_TOKEN: Words = words(
    "It cannot be done without a verify token: ask your administrator to set {setting}.",
    "Tidak dapat dilakukan tanpa token verifikasi: minta administrator mengatur {setting}.",
);
pub static FOREIGN_APP_ADDRESS: Words = words(
    "The fields are set together with the app's address, and that belongs to another system: switch them on in App dashboard › WhatsApp › Configuration › Webhook fields.",
    "Bidang diatur bersama alamat aplikasi, dan alamat itu milik sistem lain: aktifkan di Dasbor Aplikasi › WhatsApp › Konfigurasi › Bidang webhook.",
);

pub static WHAT_APP: Words = words("app subscribed", "aplikasi dilanggankan");
pub static WHAT_FIELDS: Words = words("webhook fields switched on", "bidang webhook diaktifkan");
pub static WHAT_CALLBACK: Words = words("webhooks sent here", "webhook diarahkan ke sini");
pub static WHAT_NUMBER: Words = words("number registered", "nomor didaftarkan");

pub static SUGGESTION: Words =
    words("It has the WhatsApp accounts {list}.", "Akun WhatsApp Business-nya: {list}.");

pub static ALL_GOOD: Words = words("Everything works.", "Semuanya berfungsi.");
pub static WITH_WARNINGS: Words =
    words("It works; worth a look: {count}.", "Berfungsi; perlu diperhatikan: {count}.");
pub static ONLY_RECEIVING: Words =
    words("Messages come in, but cannot be sent.", "Pesan masuk, tetapi tidak dapat dikirim.");
pub static ONLY_SENDING: Words =
    words("Messages can be sent, but none come in.", "Pesan dapat dikirim, tetapi tidak ada yang masuk.");
pub static NOTHING_WORKS: Words = words(
    "The number does not work yet; to be put right: {count}.",
    "Nomor belum berfungsi; harus dibereskan: {count}.",
);
pub static NOT_SURE: Words = words(
    "Not everything could be looked at; open: {count}.",
    "Tidak semuanya dapat diperiksa; belum terjawab: {count}.",
);

/// What sending depends on, by Meta's word for it.
pub fn entity(kind: &str) -> Words {
    match kind {
        "PHONE_NUMBER" => words("number", "nomor"),
        "WABA" => words("WhatsApp account", "akun WhatsApp Business"),
        "BUSINESS" => words("business", "bisnis"),
        "APP" => words("app", "aplikasi"),
        _ => words("template", "templat"),
    }
}

/// How long ago, in words.
pub fn ago(seconds: i64) -> (i64, Words) {
    match seconds {
        ..60 => (seconds.max(0), words("{n} seconds ago", "{n} detik yang lalu")),
        60..3_600 => (seconds / 60, words("{n} minutes ago", "{n} menit yang lalu")),
        3_600..172_800 => (seconds / 3_600, words("{n} hours ago", "{n} jam yang lalu")),
        _ => (seconds / 86_400, words("{n} days ago", "{n} hari yang lalu")),
    }
}
