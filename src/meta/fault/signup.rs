//! Codes about In-App Signup: links by which a customer subscribes to messages.

use super::Class::{ActOnAccount, ChangeRequest};
use super::{Actor, Entry, one, run};
use crate::domain::language::Words;

/// For codes of the published range whose meaning we have not found.
const UNEXPLAINED: Words = Words {
    en: "The signup could not be made or changed, and we know no more about this code.",
    id: "Pendaftaran tidak dapat dibuat atau diubah, dan tentang kode ini kami tidak tahu lebih banyak.",
};
const READ_META: Words = Words {
    en: "Read Meta's own words for the faulty part, and correct it.",
    id: "Baca keterangan asli dari Meta untuk mengetahui bagian yang salah, lalu perbaiki.",
};

/// Meta (2026-06): the range. The single meanings are those that the Python library pywa has taken from Meta's page.
pub(super) const ENTRIES: &[Entry] = &[
    one(2_494_164, ChangeRequest)
        .en("There is no such signup.", "Check the signup's id.")
        .id("Pendaftaran pelanggan ini tidak ada.", "Periksa ID pendaftarannya."),
    one(2_494_165, ActOnAccount)
        .en(
            "In-App Signup is not open for this WhatsApp account.",
            "Check Meta's list of countries and conditions for In-App Signup.",
        )
        .id(
            "In-App Signup belum tersedia untuk akun WhatsApp Business ini.",
            "Periksa daftar negara dan syarat Meta untuk In-App Signup.",
        )
        .by(Actor::Meta),
    one(2_494_166, ChangeRequest)
        .en(
            "The confirmation message has a placeholder that Meta does not know.",
            "Use only the placeholder for the promotion code.",
        )
        .id(
            "Pesan konfirmasi berisi isian yang tidak dikenal Meta.",
            "Gunakan hanya isian untuk kode promosi.",
        ),
    one(2_494_167, ChangeRequest)
        .en(
            "The confirmation message has a place for a promotion code, and none was given.",
            "Give a promotion code, or take the placeholder out.",
        )
        .id(
            "Pesan konfirmasi punya isian untuk kode promosi, tetapi kodenya tidak diberikan.",
            "Berikan kode promosi, atau hapus isian tersebut.",
        ),
    one(2_494_168, ChangeRequest)
        .en(
            "The terms for In-App Signup have not been accepted.",
            "Accept the terms with the request for the signup.",
        )
        .id(
            "Ketentuan In-App Signup belum disetujui.",
            "Setujui ketentuannya bersama permintaan pendaftaran.",
        ),
    run(2_494_169, 2_494_175, ChangeRequest).says(UNEXPLAINED, READ_META).by(Actor::Developer),
    one(2_494_176, ChangeRequest)
        .en("The terms for In-App Signup were accepted already.", "Leave the acceptance out of the request.")
        .id("Ketentuan In-App Signup sudah pernah disetujui.", "Hapus persetujuan dari permintaan.")
        .by(Actor::Developer),
    one(2_494_177, ChangeRequest)
        .en(
            "The address given for the terms is not the one that Meta uses.",
            "Give the address of the terms as Meta's page shows it.",
        )
        .id(
            "Alamat ketentuan yang diberikan bukan alamat yang dipakai Meta.",
            "Berikan alamat ketentuan seperti yang tertera di halaman Meta.",
        )
        .by(Actor::Developer),
    one(2_494_178, ChangeRequest).says(UNEXPLAINED, READ_META).by(Actor::Developer),
    one(2_494_179, ChangeRequest)
        .en("The website's address does not begin with https.", "Give an address that begins with https.")
        .id("Alamat situs web tidak diawali https.", "Berikan alamat yang diawali https."),
];
