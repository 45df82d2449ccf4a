//! Codes about one message, its media and its customer: sent or received.

use super::Class::{ActOnAccount, ChangeRequest, Never, Retry};
use super::{Actor, Entry, one};

pub(super) const ENTRIES: &[Entry] = &[
    // Of Meta's older interface; still seen for address messages.
    one(1026, Never)
        .en("The customer's WhatsApp cannot show this kind of message.", "Send a plain text instead.")
        .id(
            "WhatsApp pelanggan tidak dapat menampilkan jenis pesan ini.",
            "Kirim pesan teks biasa sebagai gantinya.",
        )
        .by(Actor::Author),
    one(130_403, Never)
        .en(
            "This customer is on the list of those that the business has blocked.",
            "Unblock the customer first if the message shall go out.",
        )
        .id(
            "Pelanggan ini ada dalam daftar yang diblokir oleh bisnis.",
            "Buka dulu blokir pelanggan ini jika pesan memang harus dikirim.",
        )
        .by(Actor::Author),
    one(130_497, Never)
        .en(
            "This business may not send messages to customers in that country.",
            "Reach the customer in another way; Meta's messaging policy lists the countries.",
        )
        .id(
            "Bisnis ini tidak boleh mengirim pesan ke pelanggan di negara tersebut.",
            "Hubungi pelanggan dengan cara lain; daftar negara ada di kebijakan perpesanan Meta.",
        )
        .by(Actor::Author),
    one(131_000, Retry)
        .en(
            "Something went wrong at Meta, and no reason is given.",
            "Try again; if it goes on, report it to Meta with the details.",
        )
        .id(
            "Terjadi kesalahan di Meta, dan alasannya tidak disebutkan.",
            "Coba lagi; jika masalah berlanjut, laporkan ke Meta beserta rinciannya.",
        )
        .in_doubt(),
    one(131_008, ChangeRequest)
        .en(
            "Something that the message needs is missing.",
            "Read Meta's details for what is missing, and add it.",
        )
        .id(
            "Ada bagian wajib dari pesan yang belum diisi.",
            "Lihat rincian dari Meta untuk mengetahui yang kurang, lalu tambahkan.",
        )
        .by(Actor::Developer),
    one(131_009, ChangeRequest)
        .en(
            "A value in the message is wrong, or it refers to a message that is not there or too old.",
            "Read Meta's details for the faulty value, and correct it.",
        )
        .id(
            "Ada nilai yang salah dalam pesan, atau pesan merujuk ke pesan yang tidak ada atau terlalu lama.",
            "Lihat rincian dari Meta untuk mengetahui nilai yang salah, lalu perbaiki.",
        )
        .by(Actor::Developer),
    one(131_016, Retry)
        .en(
            "A part of Meta's service is not available for the moment.",
            "Nothing needs to be changed: try again a little later.",
        )
        .id(
            "Sebagian layanan Meta sedang tidak tersedia.",
            "Tidak ada yang perlu diubah: coba lagi beberapa saat lagi.",
        )
        .in_doubt(),
    one(131_021, ChangeRequest)
        .en("The message is addressed to the number that sends it.", "Choose another recipient.")
        .id("Pesan ditujukan ke nomor pengirimnya sendiri.", "Pilih penerima lain."),
    one(131_026, Never)
        .en(
            "The message cannot reach this customer, and Meta does not say why.",
            "Ask the customer in another way whether they use WhatsApp, have updated it, and have not blocked you.",
        )
        .id(
            "Pesan tidak dapat sampai ke pelanggan ini, dan Meta tidak menyebutkan alasannya.",
            "Tanyakan lewat cara lain apakah pelanggan memakai WhatsApp versi terbaru dan tidak memblokir Anda.",
        ),
    one(131_030, ChangeRequest)
        .en(
            "This is a test number, and the customer is not among the five whom it may write to.",
            "Add the customer to the test number's list in Meta's app dashboard, or use a real number.",
        )
        .id(
            "Ini nomor uji, dan pelanggan tidak termasuk lima penerima yang boleh dikirimi pesan.",
            "Tambahkan pelanggan ke daftar penerima nomor uji di Dasbor Aplikasi Meta, atau gunakan nomor sungguhan.",
        )
        .by(Actor::Admin),
    one(131_047, ChangeRequest)
        .en(
            "More than 24 hours have passed since the customer last wrote.",
            "Send a template instead; once the customer answers, you can write freely again.",
        )
        .id(
            "Sudah lebih dari 24 jam sejak pelanggan terakhir mengirim pesan.",
            "Kirim templat pesan; setelah pelanggan membalas, Anda dapat menulis bebas lagi.",
        ),
    one(131_051, ChangeRequest)
        .en(
            "WhatsApp does not support this kind of message here.",
            "Send another kind; if you received it, ask the customer to send it in another way.",
        )
        .id(
            "WhatsApp tidak mendukung jenis pesan ini di sini.",
            "Kirim jenis lain; jika Anda yang menerimanya, minta pelanggan mengirimnya dengan cara lain.",
        ),
    one(131_052, Never)
        .en(
            "The file that the customer sent could not be fetched; it may be too large.",
            "Ask the customer to send it again, or in another way.",
        )
        .id(
            "File dari pelanggan tidak dapat diambil; mungkin ukurannya terlalu besar.",
            "Minta pelanggan mengirim ulang, atau mengirimnya dengan cara lain.",
        ),
    one(131_053, ChangeRequest)
        .en(
            "Meta could not take the file: its type or size is not allowed, or its link did not work.",
            "Check the file's type and size, upload it again, and send it again.",
        )
        .id(
            "Meta tidak dapat menerima file: jenis atau ukurannya tidak diizinkan, atau tautannya tidak berfungsi.",
            "Periksa jenis dan ukuran file, unggah ulang, lalu kirim lagi.",
        ),
    one(131_055, ChangeRequest)
        .en(
            "This function cannot be used for this message or this number.",
            "Send only marketing templates as marketing messages, and handle calls of a SIP number over SIP.",
        )
        .id(
            "Fungsi ini tidak dapat dipakai untuk pesan atau nomor ini.",
            "Kirim hanya templat pemasaran sebagai pesan pemasaran, dan tangani panggilan nomor SIP lewat SIP.",
        )
        .by(Actor::Developer),
    one(131_060, Never)
        .en(
            "Meta could not pass on a message from the customer; this happens with some devices and first contacts.",
            "Nothing can be fetched later: look in the WhatsApp app if you use one, or ask the customer to repeat it.",
        )
        .id(
            "Meta tidak dapat meneruskan pesan dari pelanggan; ini terjadi pada perangkat tertentu dan kontak pertama.",
            "Pesan tidak dapat diambil belakangan: lihat di aplikasi WhatsApp jika ada, atau minta pelanggan mengulanginya.",
        ),
    one(131_062, ChangeRequest)
        .en(
            "This kind of message needs the customer's phone number, and only their WhatsApp user id was given.",
            "Send it to the phone number; ask the customer for it if you do not have it.",
        )
        .id(
            "Jenis pesan ini membutuhkan nomor telepon pelanggan, tetapi hanya ID pengguna WhatsApp yang diberikan.",
            "Kirim ke nomor teleponnya; tanyakan kepada pelanggan jika Anda belum memilikinya.",
        ),
    one(135_000, ChangeRequest)
        .en(
            "Meta refused the message, or held a bulk message back because the first ones were received badly.",
            "Read Meta's details, check the message and its template, and do not repeat it unchanged.",
        )
        .id(
            "Meta menolak pesan, atau menahan pesan massal karena kiriman pertamanya mendapat tanggapan buruk.",
            "Lihat rincian dari Meta, periksa pesan dan templatnya, dan jangan mengulanginya tanpa perubahan.",
        ),
    one(137_000, ChangeRequest)
        .en(
            "The customer's security code has changed since you last confirmed it.",
            "Confirm with the customer that it is still them, then send with the new code or without one.",
        )
        .id(
            "Kode keamanan pelanggan berubah sejak terakhir kali Anda memastikannya.",
            "Pastikan orangnya masih sama, lalu kirim dengan kode baru atau tanpa kode.",
        ),
    one(139_100, ChangeRequest)
        .en(
            "Some of the customers could not be blocked or unblocked.",
            "Read which ones failed and why, and repeat only those.",
        )
        .id(
            "Sebagian pelanggan tidak dapat diblokir atau dibuka blokirnya.",
            "Lihat siapa yang gagal beserta alasannya, lalu ulangi hanya untuk mereka.",
        ),
    one(139_101, ActOnAccount)
        .en(
            "The list of blocked customers is full: it holds 64,000.",
            "Unblock customers who need no longer be blocked.",
        )
        .id(
            "Daftar pelanggan yang diblokir sudah penuh: isinya paling banyak 64.000.",
            "Buka blokir pelanggan yang tidak perlu lagi diblokir.",
        )
        .by(Actor::Admin),
    one(139_102, Retry)
        .en(
            "The list of blocked customers changed while it was read or written.",
            "Read the list again from its beginning.",
        )
        .id(
            "Daftar pelanggan yang diblokir berubah saat dibaca atau ditulis.",
            "Baca ulang daftar dari awal.",
        ),
    one(139_103, Retry)
        .en(
            "Something went wrong at Meta while customers were blocked or unblocked.",
            "Try again a little later.",
        )
        .id(
            "Terjadi kesalahan di Meta saat memblokir atau membuka blokir pelanggan.",
            "Coba lagi beberapa saat lagi.",
        ),
    one(2_494_191, ChangeRequest)
        .en(
            "Another partner of the business holds this conversation, and may not be passed over.",
            "Wait until the conversation is handed over, or have it passed on by the partner who holds it.",
        )
        .id(
            "Percakapan ini sedang dipegang mitra lain dari bisnis, dan tidak boleh dilewati.",
            "Tunggu sampai percakapan diserahkan, atau minta mitra tersebut meneruskannya.",
        ),
];
