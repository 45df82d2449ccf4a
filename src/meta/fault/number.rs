//! Codes about business numbers and accounts: payment, registration, usernames, moving, and sharing a number with
//! the WhatsApp Business app.

use super::Class::{ActOnAccount, ChangeRequest, Retry, Wait};
use super::{Actor, Entry, HOUR_S, MINUTE_S, Pause, one};

pub(super) const ENTRIES: &[Entry] = &[
    one(2200, ActOnAccount)
        .en(
            "Meta called the webhook's address to check it, and did not get the answer that it expects.",
            "Check that the address reaches this service from the internet, and that both sides have the same verify token.",
        )
        .id(
            "Meta memeriksa alamat webhook, tetapi tidak mendapat jawaban yang diharapkan.",
            "Pastikan alamat itu terhubung ke layanan ini dari internet, dan token verifikasi di kedua sisi sama.",
        )
        .by(Actor::Admin),
    one(131_031, ActOnAccount)
        .en(
            "Meta has locked the account because a rule was broken, or the PIN that was sent is wrong.",
            "Look in Meta's business settings for the reason, and check the number's PIN.",
        )
        .id(
            "Meta mengunci akun karena ada aturan yang dilanggar, atau PIN yang dikirim salah.",
            "Lihat alasannya di pengaturan bisnis Meta, dan periksa PIN nomor ini.",
        ),
    one(131_037, ActOnAccount)
        .en(
            "This number is one of Meta's 555 numbers, and has no approved display name yet.",
            "Give the number a display name in WhatsApp Manager, and wait until Meta approves it.",
        )
        .id(
            "Nomor ini adalah nomor 555 dari Meta, dan belum punya nama tampilan yang disetujui.",
            "Beri nomor ini nama tampilan di WhatsApp Manager, dan tunggu sampai Meta menyetujuinya.",
        ),
    one(131_042, ActOnAccount)
        .en(
            "Meta refuses to send because of a problem with paying or with the account.",
            "Check payment method, credit and currency of the WhatsApp account in Meta's business settings.",
        )
        .id(
            "Meta menolak mengirim karena ada masalah dengan pembayaran atau dengan akun.",
            "Periksa metode pembayaran, kredit, dan mata uang akun WhatsApp Business di pengaturan bisnis Meta.",
        ),
    one(131_045, ActOnAccount)
        .en(
            "The number's registration with Meta is not in order.",
            "Register the number again, then send again.",
        )
        .id("Pendaftaran nomor di Meta tidak beres.", "Daftarkan ulang nomor, lalu kirim lagi.")
        .by(Actor::Admin),
    one(133_000, ActOnAccount)
        .en(
            "The number was only half taken out of use the last time.",
            "Deregister the number once more, then register it again.",
        )
        .id(
            "Terakhir kali, pendaftaran nomor hanya setengah dibatalkan.",
            "Batalkan pendaftaran nomor sekali lagi, lalu daftarkan kembali.",
        )
        .by(Actor::Admin),
    one(133_004, Retry)
        .en(
            "Meta's registration service is not available for the moment.",
            "Nothing needs to be changed: try again a little later.",
        )
        .id(
            "Layanan pendaftaran Meta sedang tidak tersedia.",
            "Tidak ada yang perlu diubah: coba lagi beberapa saat lagi.",
        ),
    one(133_005, ChangeRequest)
        .en(
            "The PIN for two-step verification is wrong.",
            "Enter the right PIN, or set a new one in WhatsApp Manager.",
        )
        .id(
            "PIN verifikasi dua langkah salah.",
            "Masukkan PIN yang benar, atau tetapkan PIN baru di WhatsApp Manager.",
        )
        .by(Actor::Admin),
    one(133_006, ActOnAccount)
        .en(
            "The number must be verified before it can be registered.",
            "Request a code by SMS or call, enter it, then register the number.",
        )
        .id(
            "Nomor harus diverifikasi dulu sebelum dapat didaftarkan.",
            "Minta kode lewat SMS atau telepon, masukkan kodenya, lalu daftarkan nomor.",
        )
        .by(Actor::Admin),
    one(133_008, Wait)
        .en(
            "The PIN was entered wrongly too often.",
            "Wait as long as Meta says in the details before you enter it again.",
        )
        .id(
            "PIN terlalu sering salah dimasukkan.",
            "Tunggu selama yang disebutkan Meta dalam rinciannya sebelum memasukkannya lagi.",
        )
        .by(Actor::Admin)
        .with(Pause::Told),
    one(133_009, Wait)
        .en(
            "The PIN was entered again too quickly.",
            "Wait as long as Meta says in the details before you enter it again.",
        )
        .id(
            "PIN terlalu cepat dimasukkan lagi.",
            "Tunggu selama yang disebutkan Meta dalam rinciannya sebelum memasukkannya lagi.",
        )
        .by(Actor::Admin)
        .with(Pause::Told),
    one(133_010, ActOnAccount)
        .en(
            "The number is not registered, so it can neither send nor receive.",
            "Register the number with its PIN.",
        )
        .id(
            "Nomor belum didaftarkan, sehingga tidak dapat mengirim maupun menerima pesan.",
            "Daftarkan nomor dengan PIN-nya.",
        )
        .by(Actor::Admin),
    one(133_015, Wait)
        .en(
            "The number was deleted a moment ago, and Meta is not done with it.",
            "Wait five minutes, then register it again.",
        )
        .id(
            "Nomor baru saja dihapus, dan Meta belum selesai memprosesnya.",
            "Tunggu lima menit, lalu daftarkan kembali.",
        )
        .with(Pause::AtLeastS(5 * MINUTE_S)),
    one(133_016, Wait)
        .en(
            "The number was registered or deregistered ten times within 72 hours, and more is not allowed.",
            "Wait 72 hours before you register or deregister it again.",
        )
        .id(
            "Nomor sudah didaftarkan atau dibatalkan pendaftarannya sepuluh kali dalam 72 jam, dan itu batasnya.",
            "Tunggu 72 jam sebelum mendaftarkan atau membatalkannya lagi.",
        )
        .with(Pause::AtLeastS(72 * HOUR_S)),
    one(134_011, ActOnAccount)
        .en(
            "The terms for payments on WhatsApp have not been accepted.",
            "Have an administrator accept them in Meta's business settings.",
        )
        .id(
            "Ketentuan pembayaran di WhatsApp belum disetujui.",
            "Minta administrator menyetujuinya di pengaturan bisnis Meta.",
        ),
    one(136_024, ChangeRequest)
        .en(
            "No code was sent: the number is verified already, or codes were requested too often.",
            "Go on with registering if the number is verified; otherwise wait some hours, or have the code sent by call.",
        )
        .id(
            "Kode tidak dikirim: nomor sudah diverifikasi, atau kode terlalu sering diminta.",
            "Lanjutkan pendaftaran jika nomor sudah diverifikasi; jika belum, tunggu beberapa jam atau minta kode lewat telepon.",
        )
        .by(Actor::Admin),
    one(136_025, ChangeRequest)
        .en(
            "The code from the SMS or call is wrong or no longer valid.",
            "Enter the code once more, or request a new one.",
        )
        .id(
            "Kode dari SMS atau telepon salah atau sudah tidak berlaku.",
            "Masukkan kodenya sekali lagi, atau minta kode baru.",
        )
        .by(Actor::Admin),
    one(141_006, ActOnAccount)
        .en(
            "The account's payment method does not work, so the business cannot begin conversations.",
            "Add or repair the payment method of the WhatsApp account in Meta's business settings.",
        )
        .id(
            "Metode pembayaran akun bermasalah, sehingga bisnis tidak dapat memulai percakapan.",
            "Tambahkan atau perbaiki metode pembayaran akun WhatsApp Business di pengaturan bisnis Meta.",
        ),
    one(141_010, ActOnAccount)
        .en(
            "The business has not been verified by Meta, which limits what it may send.",
            "Start or finish business verification in the security centre of Meta's business settings.",
        )
        .id(
            "Bisnis belum diverifikasi Meta, sehingga pengirimannya dibatasi.",
            "Mulai atau selesaikan verifikasi bisnis di pusat keamanan dalam pengaturan bisnis Meta.",
        ),
    one(141_014, ActOnAccount)
        .en(
            "Meta has banned the WhatsApp account, so it cannot send.",
            "Look for the reason in Meta's Business Support Home (Account Quality), and ask for a review there.",
        )
        .id(
            "Meta memblokir akun WhatsApp Business ini, sehingga tidak dapat mengirim pesan.",
            "Lihat alasannya di Beranda Dukungan Bisnis Meta (Kualitas Akun), dan minta peninjauan di sana.",
        ),
    one(147_001, ChangeRequest)
        .en("The username is taken or not allowed.", "Choose another username.")
        .id("Nama pengguna sudah dipakai atau tidak diizinkan.", "Pilih nama pengguna lain.")
        .by(Actor::Admin),
    one(147_002, ActOnAccount)
        .en(
            "This business may not have a username yet.",
            "Raise the messaging limit, for example by having the business verified, and ask again.",
        )
        .id(
            "Bisnis ini belum boleh memiliki nama pengguna.",
            "Naikkan batas pengiriman, misalnya dengan verifikasi bisnis, lalu ajukan lagi.",
        ),
    one(147_003, ActOnAccount)
        .en(
            "The username belongs to a Facebook page that is not linked to this number.",
            "Link the number to that page, or choose another username.",
        )
        .id(
            "Nama pengguna itu milik halaman Facebook yang belum ditautkan ke nomor ini.",
            "Tautkan nomor ke halaman tersebut, atau pilih nama pengguna lain.",
        ),
    one(147_004, ActOnAccount)
        .en(
            "The username belongs to an Instagram account that is not linked to this number.",
            "Link the number to that account, or choose another username.",
        )
        .id(
            "Nama pengguna itu milik akun Instagram yang belum ditautkan ke nomor ini.",
            "Tautkan nomor ke akun tersebut, atau pilih nama pengguna lain.",
        ),
    one(147_005, ChangeRequest)
        .en(
            "Another number of this business uses the username.",
            "Ask for it to be moved to this number, or choose another username.",
        )
        .id(
            "Nama pengguna itu dipakai nomor lain dari bisnis ini.",
            "Minta agar nama itu dipindahkan ke nomor ini, atau pilih nama pengguna lain.",
        )
        .by(Actor::Admin),
    one(2_388_001, ActOnAccount)
        .en(
            "The number cannot be moved to this WhatsApp account.",
            "Read Meta's details for the condition that is not met.",
        )
        .id(
            "Nomor tidak dapat dipindahkan ke akun WhatsApp Business ini.",
            "Lihat rincian dari Meta untuk mengetahui syarat yang belum terpenuhi.",
        ),
    one(2_388_012, ActOnAccount)
        .en(
            "The number is already in this WhatsApp account.",
            "Nothing needs to be moved: use the number that is there, or check the account's id.",
        )
        .id(
            "Nomor sudah ada di akun WhatsApp Business ini.",
            "Tidak ada yang perlu dipindahkan: gunakan nomor yang sudah ada, atau periksa ID akun.",
        )
        .by(Actor::Admin),
    one(2_388_091, ActOnAccount)
        .en(
            "No code can be requested, because the number is not being moved.",
            "Verify and register the number in the ordinary way.",
        )
        .id(
            "Kode tidak dapat diminta karena nomor tidak sedang dipindahkan.",
            "Verifikasi dan daftarkan nomor dengan cara biasa.",
        )
        .by(Actor::Admin),
    one(2_388_093, ActOnAccount)
        .en(
            "The code cannot be checked, because the number is not being moved.",
            "Verify and register the number in the ordinary way.",
        )
        .id(
            "Kode tidak dapat diperiksa karena nomor tidak sedang dipindahkan.",
            "Verifikasi dan daftarkan nomor dengan cara biasa.",
        )
        .by(Actor::Admin),
    one(2_388_103, ActOnAccount)
        .en(
            "The number cannot be moved in its present state.",
            "Read Meta's details for the condition that is not met, in this account or the former one.",
        )
        .id(
            "Nomor tidak dapat dipindahkan dalam keadaannya sekarang.",
            "Lihat rincian dari Meta untuk mengetahui syarat yang belum terpenuhi, di akun ini atau akun sebelumnya.",
        ),
    one(2_494_100, Retry)
        .en(
            "Meta is working on this number for some minutes.",
            "Nothing needs to be changed: try again in a few minutes.",
        )
        .id(
            "Meta sedang mengerjakan nomor ini selama beberapa menit.",
            "Tidak ada yang perlu diubah: coba lagi beberapa menit lagi.",
        )
        .with(Pause::AtLeastS(MINUTE_S)),
    one(2_593_079, ActOnAccount)
        .en(
            "A WhatsApp account or number could not be moved, or not be taken over from a partner.",
            "Read Meta's details for the condition that is not met, and settle it in Meta's business settings.",
        )
        .id(
            "Akun WhatsApp Business atau nomor tidak dapat dipindahkan, atau tidak dapat diambil alih dari mitra.",
            "Lihat rincian dari Meta untuk mengetahui syarat yang belum terpenuhi, lalu penuhi di pengaturan bisnis Meta.",
        ),
    one(2_593_085, ActOnAccount)
        .en(
            "A WhatsApp account or number could not be moved, or not be taken over from a partner.",
            "Read Meta's details for the condition that is not met, and settle it in Meta's business settings.",
        )
        .id(
            "Akun WhatsApp Business atau nomor tidak dapat dipindahkan, atau tidak dapat diambil alih dari mitra.",
            "Lihat rincian dari Meta untuk mengetahui syarat yang belum terpenuhi, lalu penuhi di pengaturan bisnis Meta.",
        ),
    one(2_593_107, ActOnAccount)
        .en(
            "Contacts and history were already fetched from the WhatsApp Business app, which is possible once.",
            "To fetch them again, disconnect the number from the app and connect it anew.",
        )
        .id(
            "Kontak dan riwayat sudah pernah diambil dari aplikasi WhatsApp Business, dan itu hanya bisa sekali.",
            "Untuk mengambilnya lagi, putuskan nomor dari aplikasi lalu hubungkan kembali.",
        )
        .by(Actor::Admin),
    one(2_593_108, ActOnAccount)
        .en(
            "Contacts and history can be fetched only within 24 hours after the number was connected.",
            "Disconnect the number from the app, connect it anew, and fetch at once.",
        )
        .id(
            "Kontak dan riwayat hanya dapat diambil dalam 24 jam setelah nomor dihubungkan.",
            "Putuskan nomor dari aplikasi, hubungkan kembali, lalu langsung ambil.",
        )
        .by(Actor::Admin),
    one(2_593_109, ActOnAccount)
        .en(
            "The business did not agree to share its history from the WhatsApp Business app.",
            "If you want the history, connect the number anew and agree to share it.",
        )
        .id(
            "Bisnis tidak setuju membagikan riwayat dari aplikasi WhatsApp Business.",
            "Jika Anda menginginkan riwayatnya, hubungkan kembali nomor dan setujui untuk membagikannya.",
        )
        .by(Actor::Admin),
];
