//! What the doctor says about the access token.

use super::super::line::lines;

lines! { TokenValid
    OK = "ok", Ok:
        "Meta accepts the access token.", "";
        "Meta menerima token akses.", "";
    MISSING = "missing", Failed:
        "No access token is saved for this number.", "In Meta's Business settings open Users › System users, choose the system user, click Generate token, choose the app and the two WhatsApp permissions, and paste the token here.";
        "Belum ada token akses yang disimpan untuk nomor ini.", "Di Pengaturan Bisnis Meta buka Pengguna › Pengguna sistem (System users), pilih pengguna sistemnya, klik Buat token (Generate token), pilih aplikasi dan kedua izin WhatsApp, lalu tempelkan tokennya di sini.";
    EXPIRED = "expired", Failed:
        "The access token expired on {date}.", "Generate a new one (Business settings › Users › System users › Generate token), choose \"Never\" as its expiry, and paste it here.";
        "Token akses kedaluwarsa pada {date}.", "Buat yang baru (Pengaturan Bisnis › Pengguna › Pengguna sistem › Buat token), pilih masa berlaku \"Tidak pernah\", lalu tempelkan di sini.";
    REVOKED = "revoked", Failed:
        "Meta no longer accepts the access token: it was withdrawn, or it was not copied whole.", "Generate a new one (Business settings › Users › System users › Generate token), and copy it whole: it is shown only once.";
        "Meta tidak lagi menerima token akses: sudah dicabut, atau tidak tersalin lengkap.", "Buat yang baru (Pengaturan Bisnis › Pengguna › Pengguna sistem › Buat token), lalu salin seluruhnya: token hanya ditampilkan sekali.";
    PASSWORD = "password", Failed:
        "The access token ended because the person who made it changed their Facebook password.", "Use a token of a system user instead (Business settings › Users › System users): it does not depend on a person's password.";
        "Token akses berakhir karena pembuatnya mengganti kata sandi Facebook.", "Gunakan token pengguna sistem (Pengaturan Bisnis › Pengguna › Pengguna sistem): token itu tidak bergantung pada kata sandi seseorang.";
    PERSON = "person", Failed:
        "The person who made the access token has lost their access to the app or the business.", "Use a token of a system user instead (Business settings › Users › System users › Generate token).";
        "Pembuat token akses sudah kehilangan akses ke aplikasi atau bisnis.", "Gunakan token pengguna sistem (Pengaturan Bisnis › Pengguna › Pengguna sistem › Buat token).";
    OTHER_APP = "otherApp", Failed:
        "The access token was made for another app, not for the one set up here ({expected}).", "Generate the token again and choose the app {expected}, or save the other app's id and secret here.";
        "Token akses dibuat untuk aplikasi lain, bukan aplikasi yang diatur di sini ({expected}).", "Buat ulang token dan pilih aplikasi {expected}, atau simpan ID dan rahasia aplikasi yang lain itu di sini.";
    UNREADABLE = "unreadable", Failed:
        "The saved access token cannot be opened: the master key {key} is missing on this server.", "Ask your administrator to put the key {key} back into the settings of this service, or save the access token once more.";
        "Token akses yang tersimpan tidak dapat dibuka: kunci utama {key} tidak ada di server ini.", "Minta administrator mengembalikan kunci {key} ke pengaturan layanan ini, atau simpan ulang token akses.";
    NO_ANSWER = "noAnswer", Skipped:
        "Meta did not answer, so the access token could not be checked.", "Try again in a few minutes; if it stays so, look at Meta's status page, and have your administrator check whether the server reaches {host}.";
        "Meta tidak menjawab, sehingga token akses tidak dapat diperiksa.", "Coba lagi beberapa menit lagi; jika tetap begitu, lihat halaman status Meta, dan minta administrator memeriksa apakah server dapat terhubung ke {host}.";
    THROTTLED = "throttled", Skipped:
        "Meta asks for fewer requests at the moment, so it was not checked.", "Nothing is wrong with the number: test again in {minutes} minutes.";
        "Saat ini Meta meminta agar permintaan dikurangi, sehingga belum diperiksa.", "Tidak ada yang salah dengan nomor ini: uji lagi dalam {minutes} menit.";
    TAMPERED = "tampered", Failed:
        "The saved access token cannot be opened: it is not what was saved.", "Save the access token once more, and ask your administrator who changed it in the database.";
        "Token akses yang tersimpan tidak dapat dibuka: isinya bukan seperti saat disimpan.", "Simpan ulang token akses, dan minta administrator mencari tahu siapa yang mengubahnya di basis data.";
}
