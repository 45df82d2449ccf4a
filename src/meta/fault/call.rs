//! Codes about calls, in answers and in the webhook that ends a call.

use super::Class::{ActOnAccount, ChangeRequest, Never, Retry, Wait};
use super::{Actor, Entry, HOUR_S, Pause, one, run};
use crate::domain::language::Words;

/// For codes of the published range whose meaning we have not found.
const UNEXPLAINED: Words = Words {
    en: "A call could not be made or kept up, and we know no more about this code.",
    id: "Panggilan tidak dapat dilakukan atau dipertahankan, dan tentang kode ini kami tidak tahu lebih banyak.",
};
const READ_META: Words = Words {
    en: "Read Meta's own words and details for the reason.",
    id: "Baca keterangan asli dan rincian dari Meta untuk mengetahui alasannya.",
};

pub(super) const ENTRIES: &[Entry] = &[
    one(131_044, ActOnAccount)
        .en(
            "The call was refused because no way to pay is set up for the account.",
            "Add a payment method to the WhatsApp account in Meta's business settings.",
        )
        .id(
            "Panggilan ditolak karena akun belum punya metode pembayaran.",
            "Tambahkan metode pembayaran ke akun WhatsApp Business di pengaturan bisnis Meta.",
        ),
    one(138_000, ActOnAccount)
        .en("Calls are not switched on for this number.", "Switch calls on in the number's settings.")
        .id("Panggilan belum diaktifkan untuk nomor ini.", "Aktifkan panggilan di pengaturan nomor.")
        .by(Actor::Admin),
    one(138_001, Never)
        .en(
            "This customer cannot be called on WhatsApp; their app may be missing or too old.",
            "Write to the customer, or call them by phone.",
        )
        .id(
            "Pelanggan ini tidak dapat ditelepon di WhatsApp; aplikasinya mungkin tidak ada atau terlalu lama.",
            "Kirim pesan kepada pelanggan, atau hubungi lewat telepon biasa.",
        ),
    one(138_002, Retry)
        .en(
            "This number already has as many calls at once as it may have, which is 1,000.",
            "Call again when other calls have ended.",
        )
        .id(
            "Jumlah panggilan nomor ini yang sedang berlangsung sudah mencapai batas, yaitu 1.000.",
            "Telepon lagi setelah ada panggilan lain yang selesai.",
        ),
    one(138_003, ChangeRequest)
        .en(
            "There is already a call with this customer.",
            "End that call first, or wait until it has ended.",
        )
        .id(
            "Masih ada panggilan dengan pelanggan ini.",
            "Akhiri dulu panggilan itu, atau tunggu sampai selesai.",
        ),
    one(138_004, Retry)
        .en(
            "The call could not be connected.",
            "Call again; if it goes on, check the connection data that the phone system sends.",
        )
        .id(
            "Panggilan tidak dapat disambungkan.",
            "Telepon lagi; jika masalah berlanjut, periksa data sambungan yang dikirim sistem telepon.",
        )
        .in_doubt(),
    one(138_005, Retry)
        .en(
            "This number has started too many calls in a short time.",
            "Wait a little, and start fewer calls.",
        )
        .id(
            "Nomor ini memulai terlalu banyak panggilan dalam waktu singkat.",
            "Tunggu sebentar, dan kurangi panggilan.",
        ),
    one(138_006, ChangeRequest)
        .en(
            "The customer has not allowed this business to call them.",
            "Send the customer a request for permission, and call when they have agreed.",
        )
        .id(
            "Pelanggan belum mengizinkan bisnis ini meneleponnya.",
            "Kirim permintaan izin kepada pelanggan, dan telepon setelah ia setuju.",
        )
        .by(Actor::Customer),
    one(138_007, Retry)
        .en(
            "The call took too long to connect.",
            "Call again; if it goes on, check that the phone system answers Meta quickly.",
        )
        .id(
            "Panggilan terlalu lama tersambung.",
            "Telepon lagi; jika masalah berlanjut, pastikan sistem telepon cepat menjawab Meta.",
        )
        .in_doubt(),
    one(138_008, ChangeRequest)
        .says(UNEXPLAINED, READ_META)
        .by(Actor::Developer),
    one(138_009, Wait)
        .en(
            "This customer was asked too often for permission to call: once a day and twice a week are allowed.",
            "Wait at least a day before you ask again; a call that takes place lifts the limit.",
        )
        .id(
            "Pelanggan ini terlalu sering dimintai izin untuk ditelepon: batasnya sekali sehari dan dua kali seminggu.",
            "Tunggu paling sedikit sehari sebelum meminta lagi; batas ini hilang setelah ada panggilan yang terjadi.",
        )
        .with(Pause::AtLeastS(24 * HOUR_S)),
    run(138_010, 138_011, ChangeRequest)
        .says(UNEXPLAINED, READ_META)
        .by(Actor::Developer),
    one(138_012, Wait)
        .en(
            "This customer was called as often as is allowed within 24 hours.",
            "Call again at the time that Meta gives in the details.",
        )
        .id(
            "Pelanggan ini sudah ditelepon sebanyak yang diizinkan dalam 24 jam.",
            "Telepon lagi pada waktu yang disebutkan Meta dalam rinciannya.",
        )
        .with(Pause::Told),
    one(138_013, ActOnAccount)
        .en(
            "This number cannot call customers, for example because its country is not open for it.",
            "Check Meta's list of countries, or let the customer call.",
        )
        .id(
            "Nomor ini tidak dapat menelepon pelanggan, misalnya karena belum tersedia di negaranya.",
            "Periksa daftar negara dari Meta, atau biarkan pelanggan yang menelepon.",
        )
        .by(Actor::Meta),
    one(138_014, ActOnAccount)
        .en(
            "Meta has switched calls off for this number because customers received them badly.",
            "Look in WhatsApp Manager for how long this lasts, and call fewer customers who do not expect it.",
        )
        .id(
            "Meta menonaktifkan panggilan untuk nomor ini karena mendapat tanggapan buruk dari pelanggan.",
            "Lihat di WhatsApp Manager berapa lama, dan kurangi menelepon pelanggan yang tidak menantikannya.",
        ),
    one(138_015, ActOnAccount)
        .en(
            "Calls need a higher messaging limit than this business has: 2,000 customers a day.",
            "Have the business verified, or send more good messages until Meta raises the limit.",
        )
        .id(
            "Panggilan membutuhkan batas pengiriman yang lebih tinggi daripada milik bisnis ini: 2.000 pelanggan per hari.",
            "Lakukan verifikasi bisnis, atau kirim lebih banyak pesan yang baik sampai Meta menaikkan batasnya.",
        ),
    one(138_016, ChangeRequest)
        .says(UNEXPLAINED, READ_META)
        .by(Actor::Developer),
    one(138_017, ChangeRequest)
        .en(
            "The customer has already allowed this business to call at any time.",
            "Call without asking for permission.",
        )
        .id("Pelanggan sudah mengizinkan bisnis ini menelepon kapan saja.", "Telepon tanpa meminta izin."),
    one(138_018, ActOnAccount)
        .en(
            "Calls cannot be switched on, because something that they need is not set up.",
            "Have the app receive the webhook for calls, or set up SIP (the telephone connection), then try again.",
        )
        .id(
            "Panggilan tidak dapat diaktifkan karena ada syarat yang belum disiapkan.",
            "Pastikan aplikasi menerima webhook panggilan, atau siapkan SIP (sambungan telepon), lalu coba lagi.",
        )
        .by(Actor::Admin),
    run(138_019, 138_023, Retry)
        .en(
            "The call ended because its connection was not set up in time, or no more sound arrived.",
            "Call again; if it happens often, check the phone system's network and firewall.",
        )
        .id(
            "Panggilan berakhir karena tidak tersambung tepat waktu, atau suara tidak masuk lagi.",
            "Telepon lagi; jika sering terjadi, periksa jaringan dan firewall sistem telepon.",
        ),
    one(138_024, ActOnAccount)
        .en(
            "SIP (the telephone connection) is not switched on for this number.",
            "Switch SIP on in the number's call settings, or call without it.",
        )
        .id(
            "SIP (sambungan telepon) belum diaktifkan untuk nomor ini.",
            "Aktifkan SIP di pengaturan panggilan nomor, atau telepon tanpa SIP.",
        )
        .by(Actor::Admin),
];
