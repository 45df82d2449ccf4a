//! What the doctor says about how long the token lasts.

use super::super::line::lines;

lines! { TokenExpiry
    NEVER = "never", Ok:
        "The access token has no end date.", "";
        "Token akses tidak punya tanggal kedaluwarsa.", "";
    LATER = "later", Ok:
        "The access token is valid until {date}.", "";
        "Token akses berlaku sampai {date}.", "";
    SOON = "soon", Warning:
        "The access token expires on {date}, in {days} days; then nothing can be sent any more.", "Generate a token that never expires (Business settings › Users › System users › Generate token) and save it here before that day.";
        "Token akses kedaluwarsa pada {date}, {days} hari lagi; setelah itu pesan tidak dapat dikirim.", "Buat token yang tidak pernah kedaluwarsa (Pengaturan Bisnis › Pengguna › Pengguna sistem › Buat token) dan simpan di sini sebelum hari itu.";
    TODAY = "today", Warning:
        "The access token ends in {hours} hours; it is probably the one-day token of the app dashboard.", "That token is for trying out only: generate a lasting one (Business settings › Users › System users › Generate token) and save it here today.";
        "Token akses berakhir dalam {hours} jam; kemungkinan ini token sehari dari Dasbor Aplikasi.", "Token itu hanya untuk uji coba: buat token permanen (Pengaturan Bisnis › Pengguna › Pengguna sistem › Buat token) dan simpan di sini hari ini.";
    DATA_ACCESS = "dataAccess", Warning:
        "The token's access to data ends on {date}.", "Have the person who made it sign in to the app again, or better use a token of a system user.";
        "Akses data token ini berakhir pada {date}.", "Minta pembuatnya masuk lagi ke aplikasi, atau sebaiknya gunakan token pengguna sistem.";
    PERSONAL = "personal", Warning:
        "The access token belongs to a person, so it ends when that person leaves or changes the password.", "Replace it with a token of a system user (Business settings › Users › System users).";
        "Token akses ini milik perorangan, sehingga berakhir jika orang itu keluar atau mengganti kata sandi.", "Ganti dengan token pengguna sistem (Pengaturan Bisnis › Pengguna › Pengguna sistem).";
    UNKNOWN = "unknown", Skipped:
        "How long the access token lasts cannot be read, because the app's id and secret are not saved here.", "Save both (App dashboard › App settings › Basic), then test again.";
        "Masa berlaku token akses tidak dapat dibaca karena ID dan rahasia aplikasi belum disimpan di sini.", "Simpan keduanya (Dasbor Aplikasi › Pengaturan aplikasi › Dasar), lalu uji lagi.";
}
