//! Codes that say: too many requests, too many messages, or not at this moment.

use super::Class::{Retry, Wait};
use super::{Actor, Entry, MINUTE_S, Pause, one};

pub(super) const ENTRIES: &[Entry] = &[
    one(4, Retry)
        .en(
            "The app has made more requests than Meta allows in an hour.",
            "Wait some minutes, and make fewer requests; the limit is one for all numbers of the app.",
        )
        .id(
            "Aplikasi membuat lebih banyak permintaan daripada yang diizinkan Meta dalam satu jam.",
            "Tunggu beberapa menit dan kurangi permintaan; batas ini berlaku untuk semua nomor dalam aplikasi.",
        )
        .with(Pause::AtLeastS(MINUTE_S)),
    one(17, Retry)
        .en(
            "The user of this access token has made too many requests.",
            "Wait a little, and make fewer requests with this token.",
        )
        .id(
            "Pengguna token akses ini membuat terlalu banyak permintaan.",
            "Tunggu sebentar, dan kurangi permintaan dengan token ini.",
        ),
    one(32, Retry)
        .en("Too many requests were made for this Facebook page.", "Wait a little, and make fewer requests.")
        .id(
            "Terlalu banyak permintaan untuk halaman Facebook ini.",
            "Tunggu sebentar, dan kurangi permintaan.",
        ),
    one(613, Retry)
        .en(
            "This kind of request was made too often, for example the question whether a customer may be called.",
            "Wait a little, and ask less often.",
        )
        .id(
            "Jenis permintaan ini terlalu sering dibuat, misalnya pertanyaan apakah pelanggan boleh ditelepon.",
            "Tunggu sebentar, dan jangan terlalu sering bertanya.",
        ),
    one(80_007, Retry)
        .en(
            "Too many requests were made for this WhatsApp account.",
            "Wait a little, and make fewer requests for this account.",
        )
        .id(
            "Terlalu banyak permintaan untuk akun WhatsApp Business ini.",
            "Tunggu sebentar, dan kurangi permintaan untuk akun ini.",
        ),
    one(80_008, Retry)
        .en(
            "Too many management requests, such as reading templates, were made for this WhatsApp account.",
            "Wait as long as Meta says in its answer, and ask less often.",
        )
        .id(
            "Terlalu banyak permintaan pengelolaan, seperti membaca templat, untuk akun WhatsApp Business ini.",
            "Tunggu selama yang disebutkan Meta dalam jawabannya, dan kurangi permintaan.",
        )
        .with(Pause::Told),
    one(130_429, Retry)
        .en(
            "This number sends and receives more messages a second than Meta allows.",
            "Nothing needs to be changed: send more slowly from this number.",
        )
        .id(
            "Nomor ini mengirim dan menerima lebih banyak pesan per detik daripada yang diizinkan Meta.",
            "Tidak ada yang perlu diubah: kirim lebih lambat dari nomor ini.",
        )
        .with(Pause::AtLeastS(1)),
    one(131_048, Wait)
        .en(
            "Meta limits what this number may send, because too many customers blocked it or reported it as spam.",
            "Stop bulk messages, check the number's quality in WhatsApp Manager, and wait until it is better.",
        )
        .id(
            "Meta membatasi pengiriman nomor ini karena terlalu banyak pelanggan memblokirnya atau melaporkannya sebagai spam.",
            "Hentikan pesan massal, periksa kualitas nomor di WhatsApp Manager, dan tunggu sampai membaik.",
        )
        .by(Actor::Author),
    one(131_056, Retry)
        .en(
            "Too many messages went to this one customer in a short time.",
            "Wait before the next message to this customer; others are not affected.",
        )
        .id(
            "Terlalu banyak pesan dikirim ke pelanggan yang sama dalam waktu singkat.",
            "Tunggu sebelum mengirim pesan berikutnya ke pelanggan ini; pelanggan lain tidak terpengaruh.",
        )
        .with(Pause::PowersOfFour),
    one(131_057, Retry)
        .en(
            "Meta is upgrading this number, which takes about a minute.",
            "Nothing needs to be changed: try again in a minute.",
        )
        .id(
            "Meta sedang meningkatkan kapasitas nomor ini, biasanya sekitar satu menit.",
            "Tidak ada yang perlu diubah: coba lagi satu menit lagi.",
        )
        .with(Pause::AtLeastS(MINUTE_S)),
    one(131_064, Wait)
        .en(
            "Meta limits this account, because its templates were filed under the wrong category too often.",
            "File templates under the right category, and wait until the limit that Meta set has ended.",
        )
        .id(
            "Meta membatasi akun ini karena templatnya terlalu sering diajukan dengan kategori yang salah.",
            "Ajukan templat dengan kategori yang benar, dan tunggu sampai pembatasan dari Meta berakhir.",
        )
        .by(Actor::Author),
];
