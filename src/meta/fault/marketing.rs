//! Codes about marketing messages: the customer's wish, Meta's caps, and Meta's separate interface for them.

use super::Class::{ActOnAccount, ChangeRequest, Never, Wait};
use super::{Actor, Entry, HOUR_S, MINUTE_S, Pause, one};

pub(super) const ENTRIES: &[Entry] = &[
    one(130_472, Never)
        .en(
            "The customer is part of a test by Meta, in which they get no marketing messages.",
            "Do not send this template to them again; other kinds of messages still go through.",
        )
        .id(
            "Pelanggan termasuk dalam uji coba Meta, sehingga tidak menerima pesan pemasaran.",
            "Jangan kirim templat ini lagi kepadanya; jenis pesan lain tetap dapat dikirim.",
        )
        .by(Actor::Nobody),
    one(131_049, Wait)
        .en(
            "Meta held the message back, because this customer has had enough marketing messages lately.",
            "Wait at least 24 hours; trying earlier makes the wait longer.",
        )
        .id(
            "Meta menahan pesan karena pelanggan ini sudah cukup banyak menerima pesan pemasaran belakangan ini.",
            "Tunggu paling sedikit 24 jam; mencoba lebih awal justru memperpanjang waktu tunggu.",
        )
        .with(Pause::AtLeastS(24 * HOUR_S)),
    one(131_050, Never)
        .en(
            "The customer has stopped marketing messages from this business.",
            "Send them no more marketing; answers and service messages are still allowed.",
        )
        .id(
            "Pelanggan berhenti menerima pesan pemasaran dari bisnis ini.",
            "Jangan kirim pesan pemasaran lagi kepadanya; balasan dan pesan layanan tetap boleh.",
        ),
    one(131_063, ChangeRequest)
        .en(
            "The account is set so that marketing templates go only through Meta's Marketing Messages interface.",
            "Send it through that interface, or change the setting of the account.",
        )
        .id(
            "Akun diatur agar templat pemasaran hanya dikirim lewat antarmuka Pesan Pemasaran Meta.",
            "Kirim lewat antarmuka tersebut, atau ubah pengaturan akun.",
        )
        .by(Actor::Developer),
    one(134_100, ChangeRequest)
        .en(
            "Meta's Marketing Messages interface takes only marketing templates.",
            "Send this template in the ordinary way.",
        )
        .id(
            "Antarmuka Pesan Pemasaran Meta hanya menerima templat pemasaran.",
            "Kirim templat ini dengan cara biasa.",
        )
        .by(Actor::Developer),
    one(134_101, Wait)
        .en(
            "The template is new, and Meta is still preparing it for marketing messages.",
            "Wait ten minutes, then send it again.",
        )
        .id(
            "Templat masih baru, dan Meta masih menyiapkannya untuk pesan pemasaran.",
            "Tunggu sepuluh menit, lalu kirim lagi.",
        )
        .with(Pause::AtLeastS(10 * MINUTE_S)),
    one(134_102, ActOnAccount)
        .en(
            "The template cannot be used for marketing messages.",
            "Check the template's state in WhatsApp Manager, and choose another one until it is settled.",
        )
        .id(
            "Templat tidak dapat dipakai untuk pesan pemasaran.",
            "Periksa status templat di WhatsApp Manager, dan pilih templat lain sampai masalahnya selesai.",
        )
        .by(Actor::Author),
    // Meta (2025-05): the code exists; its meaning we have not found.
    one(134_103, ActOnAccount)
        .en(
            "Meta's Marketing Messages interface refused the message, and we know no more about this code.",
            "Read Meta's own words, and check in WhatsApp Manager that the account may send marketing messages.",
        )
        .id(
            "Antarmuka Pesan Pemasaran Meta menolak pesan, dan tentang kode ini kami tidak tahu lebih banyak.",
            "Baca keterangan asli dari Meta, dan pastikan di WhatsApp Manager bahwa akun boleh mengirim pesan pemasaran.",
        ),
    one(1_752_041, ChangeRequest)
        .en(
            "The account was already signed up, or is being signed up, for Marketing Messages.",
            "Nothing needs to be done.",
        )
        .id(
            "Akun sudah terdaftar, atau sedang didaftarkan, untuk Pesan Pemasaran.",
            "Tidak ada yang perlu dilakukan.",
        )
        .by(Actor::Nobody),
];
