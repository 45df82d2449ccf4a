//! Codes about WhatsApp groups.

use super::Class::{ActOnAccount, ChangeRequest, Never, Retry};
use super::{Actor, Entry, one};

pub(super) const ENTRIES: &[Entry] = &[
    one(131_020, ChangeRequest)
        .en(
            "The group has no member but the business, so nobody would read the message.",
            "Wait until a customer has joined the group.",
        )
        .id(
            "Grup tidak punya anggota selain bisnis, sehingga tidak ada yang akan membaca pesan.",
            "Tunggu sampai ada pelanggan yang bergabung ke grup.",
        )
        .by(Actor::Customer),
    one(131_041, ChangeRequest)
        .en(
            "The group does not exist, or this number is not in it.",
            "Check the group's id and that it belongs to this number.",
        )
        .id(
            "Grup tidak ada, atau nomor ini bukan anggotanya.",
            "Periksa ID grup dan pastikan grup itu milik nomor ini.",
        )
        .by(Actor::Developer),
    one(131_201, ChangeRequest)
        .en(
            "The request succeeded for some of the participants only.",
            "Read which ones failed and why, and repeat only those.",
        )
        .id(
            "Permintaan hanya berhasil untuk sebagian peserta.",
            "Lihat siapa yang gagal beserta alasannya, lalu ulangi hanya untuk mereka.",
        ),
    one(131_202, ChangeRequest)
        .en("A participant is named twice.", "Name each participant once.")
        .id("Ada peserta yang disebut dua kali.", "Sebutkan setiap peserta satu kali saja."),
    one(131_203, Never)
        .en(
            "The customer has not accepted WhatsApp's terms, so they cannot be let into the group.",
            "Ask the customer to accept the terms in WhatsApp and to ask to join again.",
        )
        .id(
            "Pelanggan belum menyetujui ketentuan WhatsApp, sehingga tidak dapat dimasukkan ke grup.",
            "Minta pelanggan menyetujui ketentuan di WhatsApp, lalu meminta bergabung lagi.",
        ),
    one(131_204, ChangeRequest)
        .en(
            "The group would have more participants than are allowed.",
            "Remove a participant first, or open another group.",
        )
        .id(
            "Jumlah peserta grup akan melebihi batas.",
            "Keluarkan dulu seorang peserta, atau buat grup lain.",
        ),
    one(131_207, ActOnAccount)
        .en(
            "Meta has suspended the group because it breaks a rule.",
            "Look in Meta's business settings for the rule, and write to the customers one by one meanwhile.",
        )
        .id(
            "Meta menangguhkan grup karena melanggar aturan.",
            "Lihat aturannya di pengaturan bisnis Meta, dan sementara itu kirim pesan ke pelanggan satu per satu.",
        ),
    one(131_208, Retry)
        .en(
            "This number has made too many changes to groups in a short time.",
            "Wait a little, and make fewer changes.",
        )
        .id(
            "Nomor ini terlalu banyak mengubah grup dalam waktu singkat.",
            "Tunggu sebentar, dan kurangi perubahan.",
        ),
    one(131_209, ChangeRequest)
        .en("The group's picture is not square.", "Use a picture as wide as it is high.")
        .id("Gambar grup tidak berbentuk persegi.", "Gunakan gambar yang lebar dan tingginya sama."),
    one(131_210, ChangeRequest)
        .en(
            "The group's picture is too small.",
            "Use a picture of more than 192 pixels in width and height.",
        )
        .id("Gambar grup terlalu kecil.", "Gunakan gambar dengan lebar dan tinggi lebih dari 192 piksel."),
    one(131_211, ActOnAccount)
        .en(
            "This number has as many groups as it may have.",
            "Delete groups that are no longer used, or use another number.",
        )
        .id(
            "Jumlah grup nomor ini sudah mencapai batas.",
            "Hapus grup yang tidak dipakai lagi, atau gunakan nomor lain.",
        )
        .by(Actor::Admin),
    one(131_212, ChangeRequest)
        .en(
            "The customer is not in this group.",
            "Read the list of participants again before you change it.",
        )
        .id("Pelanggan bukan anggota grup ini.", "Baca ulang daftar peserta sebelum mengubahnya."),
    one(131_213, ChangeRequest)
        .en(
            "The customer's wish to join is no longer there.",
            "Read the open wishes again; the customer may have taken it back.",
        )
        .id(
            "Permintaan bergabung dari pelanggan sudah tidak ada.",
            "Baca ulang permintaan yang masih terbuka; mungkin pelanggan sudah menariknya.",
        ),
    one(131_214, ActOnAccount)
        .en(
            "Meta does not let this account open groups for now, because it sent too much marketing.",
            "Send less marketing inside conversations, and try again after some days.",
        )
        .id(
            "Untuk sementara Meta tidak mengizinkan akun ini membuat grup karena terlalu banyak mengirim pesan pemasaran.",
            "Kurangi pesan pemasaran dalam percakapan, dan coba lagi beberapa hari kemudian.",
        ),
    one(131_215, ActOnAccount)
        .en(
            "This number may not use groups.",
            "Check Meta's conditions for groups, such as being an Official Business Account.",
        )
        .id(
            "Nomor ini tidak boleh memakai grup.",
            "Periksa syarat Meta untuk grup, misalnya harus berupa Akun Bisnis Resmi.",
        ),
];
