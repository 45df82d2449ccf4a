//! Codes that the catalogue does not know, judged by the codes around them.
//!
//! Meta publishes codes in runs, a run a subject. It promises nothing about the gaps, so these classes are a guess on
//! the careful side: none of them repeats a request, but those for limits.

use super::Class::{ActOnAccount, ChangeRequest, Retry};
use super::{Actor, Entry, one, run};
use crate::domain::language::Words;

const READ_META: Words = Words {
    en: "Read Meta's own words for the reason, and look the code up in Meta's documentation.",
    id: "Baca keterangan asli dari Meta untuk mengetahui alasannya, dan cari kodenya di dokumentasi Meta.",
};

const NOT_DELIVERED: Words = Words {
    en: "Meta did not take or deliver the message.",
    id: "Meta tidak menerima atau tidak menyampaikan pesan.",
};

/// Sorted by code.
pub(super) const ENTRIES: &[Entry] = &[
    // Graph API: limits of each business use; WhatsApp's two are in the catalogue.
    run(80_000, 80_014, Retry)
        .en(
            "Too many requests of one kind were made for this business.",
            "Wait a little, and make fewer requests.",
        )
        .id(
            "Terlalu banyak permintaan sejenis untuk bisnis ini.",
            "Tunggu sebentar, dan kurangi permintaan.",
        ),
    run(130_000, 131_199, ChangeRequest).says(NOT_DELIVERED, READ_META).by(Actor::Developer),
    run(131_200, 131_299, ChangeRequest).says(GROUP, READ_META).by(Actor::Developer),
    run(131_300, 131_999, ChangeRequest).says(NOT_DELIVERED, READ_META).by(Actor::Developer),
    run(132_000, 132_999, ChangeRequest).says(TEMPLATE, READ_META).by(Actor::Developer),
    run(133_000, 133_999, ActOnAccount).says(REGISTRATION, READ_META).by(Actor::Admin),
    run(134_000, 134_999, ChangeRequest).says(MARKETING, READ_META).by(Actor::Developer),
    run(136_000, 136_999, ChangeRequest).says(VERIFICATION, READ_META).by(Actor::Admin),
    run(138_000, 138_999, ChangeRequest).says(CALL, READ_META).by(Actor::Developer),
    run(139_000, 139_099, ChangeRequest).says(FLOW, READ_META).by(Actor::Developer),
    run(139_100, 139_199, ChangeRequest).says(BLOCK, READ_META).by(Actor::Developer),
    // They come in health reports only.
    run(141_000, 141_999, ActOnAccount).says(HEALTH, READ_META),
    run(147_000, 147_999, ChangeRequest).says(USERNAME, READ_META).by(Actor::Admin),
    run(2_388_000, 2_388_999, ChangeRequest).says(TEMPLATE_OR_MOVE, READ_META).by(Actor::Developer),
    run(2_593_000, 2_593_999, ActOnAccount).says(MOVE, READ_META).by(Actor::Admin),
];

const GROUP: Words =
    Words { en: "Meta refused something about a group.", id: "Meta menolak sesuatu yang menyangkut grup." };
const TEMPLATE: Words = Words { en: "Meta did not send the template.", id: "Meta tidak mengirim templat." };
const REGISTRATION: Words = Words {
    en: "Something is wrong with the number's registration.",
    id: "Ada yang salah dengan pendaftaran nomor.",
};
const MARKETING: Words = Words {
    en: "Meta refused a marketing or payment message.",
    id: "Meta menolak pesan pemasaran atau pesan pembayaran.",
};
const VERIFICATION: Words =
    Words { en: "The number could not be verified.", id: "Nomor tidak dapat diverifikasi." };
const CALL: Words = Words {
    en: "A call could not be made or kept up.",
    id: "Panggilan tidak dapat dilakukan atau dipertahankan.",
};
const FLOW: Words =
    Words { en: "Meta refused something about a Flow.", id: "Meta menolak sesuatu yang menyangkut Flow." };
const BLOCK: Words = Words {
    en: "Customers could not be blocked or unblocked.",
    id: "Pelanggan tidak dapat diblokir atau dibuka blokirnya.",
};
const HEALTH: Words = Words {
    en: "Meta's health report names something that hinders sending.",
    id: "Laporan kesehatan dari Meta menyebutkan sesuatu yang menghambat pengiriman.",
};
const USERNAME: Words =
    Words { en: "The username could not be set.", id: "Nama pengguna tidak dapat ditetapkan." };
const TEMPLATE_OR_MOVE: Words = Words {
    en: "A template could not be made, or a number could not be moved.",
    id: "Templat tidak dapat dibuat, atau nomor tidak dapat dipindahkan.",
};
const MOVE: Words = Words {
    en: "An account could not be moved, or not be shared with the app.",
    id: "Akun tidak dapat dipindahkan, atau tidak dapat dibagikan ke aplikasi.",
};

/// When nothing helps.
pub(super) const UNKNOWN: Entry = one(i64::MIN, ChangeRequest)
    .says(
        Words {
            en: "Meta reported an error that we do not know yet.",
            id: "Meta melaporkan kesalahan yang belum kami kenal.",
        },
        READ_META,
    )
    .by(Actor::Developer);

/// What the code's neighbours say.
pub(super) fn look_up(code: i64) -> Option<&'static Entry> {
    let at = ENTRIES.binary_search_by(|entry| entry.against(code)).ok()?;
    ENTRIES.get(at)
}
