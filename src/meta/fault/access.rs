//! Codes about the access token, its permissions, and requests of any kind.

use super::Class::{ActOnAccount, ChangeRequest, FixToken, Retry};
use super::{Actor, Entry, one, run};

pub(super) const ENTRIES: &[Entry] = &[
    one(0, FixToken)
        .en(
            "Meta did not accept the access token: it has expired, was withdrawn, or is wrong.",
            "Create a new access token and save it for this number.",
        )
        .id(
            "Meta menolak token akses: sudah kedaluwarsa, dicabut, atau salah.",
            "Buat token akses baru, lalu simpan untuk nomor ini.",
        ),
    one(1, Retry)
        .en(
            "Meta could not handle the request and gives no reason.",
            "Try again a few times, and check Meta's status page if it goes on.",
        )
        .id(
            "Meta tidak dapat memproses permintaan dan tidak menyebutkan alasannya.",
            "Coba lagi beberapa kali, dan periksa halaman status Meta jika masalah berlanjut.",
        )
        .in_doubt(),
    one(2, Retry)
        .en(
            "Meta's service is down or overloaded for the moment.",
            "Nothing needs to be changed: try again a little later.",
        )
        .id(
            "Layanan Meta sedang terganggu atau terlalu sibuk.",
            "Tidak ada yang perlu diubah: coba lagi beberapa saat lagi.",
        )
        .in_doubt(),
    one(3, FixToken)
        .en(
            "The access token or the app may not use this function.",
            "Give the app and its token the WhatsApp permissions, then try again.",
        )
        .id(
            "Token akses atau aplikasi tidak diizinkan memakai fungsi ini.",
            "Beri aplikasi dan tokennya izin WhatsApp, lalu coba lagi.",
        ),
    one(10, FixToken)
        .en(
            "The permission for this was never given, was taken away, or the account is not eligible.",
            "Check in Meta's business settings what the token may do, and give what is missing.",
        )
        .id(
            "Izin untuk tindakan ini belum pernah diberikan, sudah dicabut, atau akun tidak memenuhi syarat.",
            "Periksa izin token di pengaturan bisnis Meta, lalu berikan izin yang masih kurang.",
        ),
    one(33, ActOnAccount)
        .en(
            "Meta does not find this number or object: it was deleted, or the token may not see it.",
            "Check that the number still exists in WhatsApp Manager and is shared with the app.",
        )
        .id(
            "Meta tidak menemukan nomor atau objek ini: sudah dihapus, atau token tidak dapat melihatnya.",
            "Pastikan nomor masih ada di WhatsApp Manager dan sudah dibagikan ke aplikasi.",
        )
        .by(Actor::Admin),
    one(100, ChangeRequest)
        .en(
            "Something in the request is unknown, misspelt, too long or of the wrong kind.",
            "Read Meta's details for the name of the faulty part, and correct it.",
        )
        .id(
            "Ada bagian permintaan yang tidak dikenal, salah tulis, terlalu panjang, atau salah jenisnya.",
            "Lihat rincian dari Meta untuk mengetahui bagian yang salah, lalu perbaiki.",
        )
        .by(Actor::Developer),
    one(101, FixToken)
        .en(
            "Meta does not accept the app's id or secret.",
            "Copy the id and the secret once more from Meta's app dashboard (App settings, Basic).",
        )
        .id(
            "Meta menolak ID atau rahasia aplikasi.",
            "Salin ulang ID dan rahasia aplikasi dari Dasbor Aplikasi Meta (Pengaturan aplikasi, Dasar).",
        ),
    one(102, FixToken)
        .en(
            "The login session behind the access token has ended.",
            "Create a new access token and save it for this number.",
        )
        .id(
            "Sesi masuk yang menjadi dasar token akses sudah berakhir.",
            "Buat token akses baru, lalu simpan untuk nomor ini.",
        ),
    one(104, FixToken)
        .en(
            "The request reached Meta without an access token.",
            "Check that an access token is saved for this number.",
        )
        .id(
            "Permintaan sampai di Meta tanpa token akses.",
            "Pastikan token akses sudah disimpan untuk nomor ini.",
        ),
    one(190, FixToken)
        .en(
            "The access token has expired or was withdrawn.",
            "Create a new access token and save it; one of a system user can be made without an end date.",
        )
        .id(
            "Token akses sudah kedaluwarsa atau dicabut.",
            "Buat token akses baru, lalu simpan; token pengguna sistem dapat dibuat tanpa tanggal kedaluwarsa.",
        ),
    run(200, 299, FixToken)
        .en(
            "A permission that this request needs was not given, or was taken away.",
            "Give the app and its token the permission that Meta names, then try again.",
        )
        .id(
            "Izin yang dibutuhkan permintaan ini belum diberikan atau sudah dicabut.",
            "Beri aplikasi dan tokennya izin yang disebutkan Meta, lalu coba lagi.",
        ),
    one(368, ActOnAccount)
        .en(
            "Meta has blocked the WhatsApp account for a time because a rule was broken.",
            "Look in Meta's business settings for the broken rule and how long the block lasts, and appeal if it is wrong.",
        )
        .id(
            "Meta memblokir akun WhatsApp Business untuk sementara karena ada aturan yang dilanggar.",
            "Lihat di pengaturan bisnis Meta aturan yang dilanggar dan lama blokirnya, lalu ajukan banding jika keliru.",
        ),
    // Those that follow up to 492 are subcodes of 190, those from 36007 on subcodes of 100.
    one(458, FixToken)
        .en(
            "The person who made the access token has removed the app.",
            "Add the app again and create a new access token.",
        )
        .id(
            "Orang yang membuat token akses sudah menghapus aplikasinya.",
            "Tambahkan kembali aplikasi, lalu buat token akses baru.",
        ),
    one(459, FixToken)
        .en(
            "Meta stops the person who made the access token until they have confirmed their Facebook account.",
            "Have them sign in to Facebook and do what it asks, or make a new access token of a system user.",
        )
        .id(
            "Meta menahan akun Facebook pembuat token akses sampai ia mengonfirmasi akunnya.",
            "Minta ia masuk ke Facebook dan mengikuti petunjuknya, atau buat token akses baru dari pengguna sistem.",
        ),
    one(460, FixToken)
        .en(
            "The access token ended because the password of the person who made it was changed.",
            "Create a new access token, best one of a system user.",
        )
        .id(
            "Token akses berakhir karena kata sandi pembuatnya diganti.",
            "Buat token akses baru, sebaiknya dari pengguna sistem.",
        ),
    one(463, FixToken)
        .en("The access token has expired.", "Create a new access token and save it for this number.")
        .id("Token akses sudah kedaluwarsa.", "Buat token akses baru, lalu simpan untuk nomor ini."),
    one(464, FixToken)
        .en(
            "The person who made the access token has not confirmed their Facebook account.",
            "Have them confirm it at Facebook, or make a new access token of a system user.",
        )
        .id(
            "Pembuat token akses belum mengonfirmasi akun Facebook-nya.",
            "Minta ia mengonfirmasinya di Facebook, atau buat token akses baru dari pengguna sistem.",
        ),
    one(467, FixToken)
        .en("The access token is no longer valid.", "Create a new access token and save it for this number.")
        .id("Token akses tidak berlaku lagi.", "Buat token akses baru, lalu simpan untuk nomor ini."),
    one(492, FixToken)
        .en(
            "The person who made the access token no longer has the access to the business that it rests on.",
            "Make a new access token of a system user that the WhatsApp account is assigned to.",
        )
        .id(
            "Pembuat token akses sudah tidak punya akses ke bisnis yang menjadi dasar token itu.",
            "Buat token akses baru dari pengguna sistem yang ditugaskan ke akun WhatsApp Business.",
        ),
    one(803, ActOnAccount)
        .en(
            "Meta does not know the id in the request.",
            "Check the id of the number, the account or the template.",
        )
        .id("Meta tidak mengenal ID dalam permintaan.", "Periksa ID nomor, akun, atau templatnya.")
        .by(Actor::Admin),
    one(2500, FixToken)
        .en(
            "The request reached Meta without an access token, or under an address that Meta does not know.",
            "Check that an access token is saved for this number, and the version of Meta's interface that is configured.",
        )
        .id(
            "Permintaan sampai di Meta tanpa token akses, atau lewat alamat yang tidak dikenal Meta.",
            "Pastikan token akses sudah disimpan untuk nomor ini, dan periksa versi antarmuka Meta yang diatur.",
        ),
    one(36_007, ChangeRequest)
        .en(
            "The code that Meta gave when the number was connected has expired; it lives for half a minute.",
            "Connect the number once more, and finish at once.",
        )
        .id(
            "Kode yang diberikan Meta saat nomor dihubungkan sudah kedaluwarsa; kode itu hanya berlaku setengah menit.",
            "Hubungkan nomor sekali lagi, dan langsung selesaikan prosesnya.",
        )
        .by(Actor::Admin),
    one(36_008, ChangeRequest)
        .en(
            "The address to return to is not the one with which the number was connected.",
            "Give the same address in both steps, or none when Meta's own window was used.",
        )
        .id(
            "Alamat kembali tidak sama dengan yang dipakai saat nomor dihubungkan.",
            "Berikan alamat yang sama di kedua langkah, atau kosongkan jika memakai jendela dari Meta.",
        )
        .by(Actor::Developer),
    one(36_009, ChangeRequest)
        .en(
            "The code that Meta gave when the number was connected was used already.",
            "If the number is not there yet, connect it once more.",
        )
        .id(
            "Kode yang diberikan Meta saat nomor dihubungkan sudah pernah dipakai.",
            "Jika nomor belum muncul, hubungkan sekali lagi.",
        )
        .by(Actor::Admin),
    one(131_005, FixToken)
        .en(
            "The access token may not do this for this number.",
            "Give the token access to the WhatsApp account and its messaging permission.",
        )
        .id(
            "Token akses tidak diizinkan melakukan ini untuk nomor ini.",
            "Beri token akses ke akun WhatsApp Business beserta izin perpesanannya.",
        ),
    one(131_059, ChangeRequest)
        .en(
            "The mark that says where a long list goes on is no longer valid.",
            "Read the list again from its beginning.",
        )
        .id("Penanda kelanjutan daftar yang panjang sudah tidak berlaku.", "Baca ulang daftar dari awal.")
        .by(Actor::Developer),
];

/// A 100 whose words are about `appsecret_proof`. Not of the table: the code is that of any faulty request.
pub(super) const WRONG_APP_SECRET: Entry = one(100, FixToken)
    .en(
        "The app secret that is saved for this number is not that of the app which the access token is for.",
        "Copy the app secret once more from Meta's app dashboard (App settings, Basic), and save it here.",
    )
    .id(
        "Rahasia aplikasi yang disimpan untuk nomor ini bukan milik aplikasi yang membuat token akses.",
        "Salin ulang rahasia aplikasi dari Dasbor Aplikasi Meta (Pengaturan aplikasi, Dasar), lalu simpan di sini.",
    );
